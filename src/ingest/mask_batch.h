// The privacy step: every text of a decoded batch masked or replaced by a token, before identities and before the spool.
//
// Shape    phone fields become tokens; labels, ids and names become tokens where they look personal; what was said, tags,
//          entities, tools and ext keep their words and lose their numbers. Look-ups call the same Tokenizer.
// Errors   none: any text has a masked form.
// Cost     labels repeat, so each different one of a batch is looked at once; text without digits or '@' is passed.
// Threads  none: owned by one Preparer.
// Source   decisions.md 15.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/event_batch.h"
#include "privacy/tokenizer.h"

namespace aybiza {

struct MaskCounts {
  std::array<std::uint64_t, pii_class_count> texts{};  // finds in text, by class
  std::uint64_t phone_fields = 0, labels = 0;          // replaced by tokens
  MaskCounts& operator+=(const MaskCounts& other);
};

class BatchMasker {
 public:
  explicit BatchMasker(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  MaskCounts mask(EventBatch& batch);

 private:
  struct Known {
    std::string_view from, to;
  };
  void mask_event(EventBatch& batch, std::size_t at);
  std::string_view label(Arena& arena, std::string_view text);
  std::string_view phone(Arena& arena, std::string_view text);
  std::string_view text(Arena& arena, std::string_view text);
  std::string_view json(Arena& arena, std::string_view text);
  void count(const MaskReport& report);

  const Tokenizer& tokenizer_;
  std::vector<Known> labels_, phones_;  // of this batch, by hash
  std::string buffer_;
  MaskCounts counts_;
};

}  // namespace aybiza
