#include "codec/metric_tags.h"

#include <algorithm>

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
    if (keep && out.size() + size > limit) return false;
    if (keep) out.append(text.substr(i, size));
    else whole = false;
    i += size;
  }
  return whole;
}

}  // namespace

bool TagWriter::canonical(std::string& out) {
  out.clear();
  if (tags_.empty()) return true;
  // Equal names keep their order, so the last of them is the one that counts.
  std::stable_sort(tags_.begin(), tags_.end(), [](const MetricTag& a, const MetricTag& b) { return a.first < b.first; });
  bool whole = true;
  std::size_t written = 0;
  JsonWriter json(out);
  json.begin_object();
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    if (i + 1 < tags_.size() && tags_[i + 1].first == tags_[i].first) continue;
    if (written == limits::tags_per_metric) {
      whole = false;
      break;
    }
    whole &= clean(tags_[i].first, limits::tag_name_bytes, name_);
    whole &= clean(tags_[i].second, limits::tag_value_bytes, value_);
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
