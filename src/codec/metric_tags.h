// Tags of a metric in the one form that all formats end in: a flat JSON object, keys sorted, values texts.
//
// Errors   nothing is refused: control characters and broken UTF-8 are removed, names and values cut at their limits, tags
//          beyond limits::tags_per_metric left out (the answer tells). A name that comes twice keeps its last value.
// Threads  none: owned by one decoder.
// Source   events.md `metric`; decisions.md 22.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aybiza {

using MetricTag = std::pair<std::string_view, std::string_view>;

class TagWriter {
 public:
  void clear() { tags_.clear(); }
  void add(std::string_view name, std::string_view value) { tags_.emplace_back(name, value); }  // viewed until canonical()
  bool empty() const { return tags_.empty(); }
  // Replaces `out`; "" without tags. False: something was cut or left out.
  bool canonical(std::string& out);

 private:
  std::vector<MetricTag> tags_;
  std::vector<std::uint32_t> order_;
  std::string name_, value_;
};

// A metric's name as it may be kept: at most limits::id_bytes of clean UTF-8. "" when nothing is left.
std::string clean_metric_name(std::string_view name);

}  // namespace aybiza
