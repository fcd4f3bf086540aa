// The rules that make phones, cards and social security numbers of a run's groups.
//
// Shape    one function a rule; each looks at windows of groups and appends what it finds. A rule that needs the words
//          before a number asks for them last, when the digits already fit.
// Threads  none: owned by one find_numbers().
// Source   ITU-T E.164; ISO/IEC 7812-1 (Luhn); the North American Numbering Plan; SSA publication 05-10064.
#pragma once

#include <string_view>
#include <vector>

#include "privacy/mask.h"
#include "privacy/run.h"

namespace aybiza::privacy {

class Rules {
 public:
  Rules(std::string_view text, std::string_view context, std::vector<PiiSpan>& spans)
      : text_(text), context_(context), spans_(spans) {}

  void apply(const Run& run);

 private:
  void add(PiiClass pii, const Window& window);
  template <typename Judge>
  bool said_before(const Group& group, Judge&& judge) const;
  void card(const Run& run, std::size_t at);
  void international(const Run& run, std::size_t at);
  void zero_zero(const Run& run, std::size_t at);
  void north_american(const Run& run, std::size_t at);
  void trunk_zero(const Run& run, std::size_t at);
  void local(const Run& run, std::size_t at);
  void social_security(const Run& run, std::size_t at);
  void announced(const Run& run, std::size_t at);
  void one_by_one(const Run& run);
  void in_pairs(const Run& run);

  std::string_view text_, context_;
  std::vector<PiiSpan>& spans_;
};

}  // namespace aybiza::privacy
