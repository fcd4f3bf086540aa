// Every dimension value a shard has met, as a small number.
//
// Shape    0 is null, 1 is "__other__"; values beyond limits::labels_interned become "__other__".
// Threads  none: owned by one shard.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>

#include "aggregate/flat_index.h"
#include "base/ids.h"
#include "base/limits.h"

namespace aybiza {

using Label = std::uint32_t;
inline constexpr Label null_label = 0, other_label = 1, unmet_label = UINT32_MAX;
inline constexpr std::string_view other_text = "__other__";

class Labels {
 public:
  Labels() : texts_{std::string(), std::string(other_text)} {}

  Label intern(std::string_view text) {
    if (text.empty()) return null_label;
    Label& met = met_[place_of(text)];
    if (texts_[met] == text) return met;
    const std::uint64_t hash = hash64(text);
    if (const auto found = index_.find(hash, [&](std::uint32_t slot) { return texts_[slot] == text; })) return met = *found;
    if (text == other_text || texts_.size() >= limits::labels_interned) return other_label;
    const auto label = Label(texts_.size());
    texts_.emplace_back(text);
    bytes_ += text.size() + sizeof(std::string);
    index_.insert(hash, label);
    return label;
  }
  // Without making one: unmet_label when there is room for it, other_label when there is none.
  Label find(std::string_view text) const {
    if (text.empty()) return null_label;
    if (const auto found = index_.find(hash64(text), [&](std::uint32_t slot) { return texts_[slot] == text; })) return *found;
    return texts_.size() >= limits::labels_interned ? other_label : unmet_label;
  }
  std::string_view text(Label label) const { return label < texts_.size() ? std::string_view(texts_[label]) : other_text; }
  std::size_t size() const { return texts_.size(); }
  std::size_t heap_bytes() const { return bytes_ + index_.heap_bytes(); }

 private:
  // By its length and both its ends: the few values most events name differ in these.
  static std::size_t place_of(std::string_view text) {
    const auto of = [&](std::size_t i) { return std::size_t(std::uint8_t(text[i])); };
    return (text.size() * 31 + of(0) * 7 + of(text.size() / 2) * 3 + of(text.size() - 1)) % 256;
  }

  std::array<Label, 256> met_{};       // values met lately: found without a hash of the whole
  std::deque<std::string> texts_;  // a deque: views of texts stay valid
  FlatIndex index_;
  std::size_t bytes_ = 0;
};

}  // namespace aybiza
