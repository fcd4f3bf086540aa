// Building one SQL statement piece by piece with every value bound, never pasted.
//
// Threads  none: one statement, one owner.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "store/answer.h"

namespace aybiza {

class SqlText {
 public:
  // The placeholder of a bound value: "$3". Texts are kept alive by this object.
  std::string bind(std::string_view text) {
    kept_.emplace_back(text);
    return add(Param(std::string_view(kept_.back())));
  }
  std::string bind(std::int64_t number) { return add(Param(number)); }
  const std::vector<Param>& params() const { return params_; }

 private:
  std::string add(Param param) {
    params_.push_back(param);
    return "$" + std::to_string(params_.size());
  }
  std::deque<std::string> kept_;  // a deque: views into its strings stay valid
  std::vector<Param> params_;
};

}  // namespace aybiza
