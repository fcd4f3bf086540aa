#include "codec/metric_tags.h"

#include <algorithm>
#include <numeric>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

// At most `limit` bytes of `text` without what may not be kept; false: something went.
bool clean(std::string_view text, std::size_t limit, std::string& out) {
  out.clear();
  bool whole = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t size = 1;
    bool keep = byte >= 0x20 && byte != 0x7F;
    if (byte >= 0x80) {
      size = utf8_sequence(text, i);
      keep = size != 0 && !(byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0);  // C1
      size = std::max<std::size_t>(size, 1);
    }
    if (keep) out.append(text.substr(i, size));
    else whole = false;
    i += size;
    if (out.size() > 2 * limit) break;  // cut_text looks no further
  }
  if (out.size() <= limit) return whole;
  out.resize(cut_text(out, limit).size());
  return false;
}

}  // namespace

bool TagWriter::canonical(std::string& out) {
  out.clear();
  if (tags_.empty()) return true;
  // Equal names keep their order, so the last of them is the one that counts.
  order_.resize(tags_.size());
  std::iota(order_.begin(), order_.end(), std::uint32_t(0));
  std::ranges::sort(order_, {}, [&](std::uint32_t i) { return std::pair(tags_[i].first, i); });
  bool whole = true;
  std::size_t written = 0;
  JsonWriter json(out);
  json.begin_object();
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    const auto& [name, value] = tags_[order_[i]];
    if (i + 1 < tags_.size() && tags_[order_[i + 1]].first == name) continue;
    if (written == limits::tags_per_metric) {
      whole = false;
      break;
    }
    whole &= clean(name, limits::tag_name_bytes, name_);
    whole &= clean(value, limits::tag_value_bytes, value_);
    if (name_.empty()) continue;
    json.member(name_, std::string_view(value_));
    ++written;
  }
  json.end_object();
  if (written == 0) out.clear();
  return whole;
}

std::string clean_metric_name(std::string_view name) {
  std::string out;
  clean(name, limits::id_bytes, out);
  return out;
}

}  // namespace aybiza
