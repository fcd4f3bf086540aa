// A line on the terminal that says how far a long command is; on anything but a terminal, a line every few seconds.
//
// Threads  none: owned by the command.
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"

namespace aybiza {

class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  // `done` of `total` (0: unknown), with a remark; drawn at most ten times a second.
  void show(std::uint64_t done, std::uint64_t total, std::string_view remark);
  void finish(std::string_view remark);

 private:
  std::string what_;
  bool terminal_, finished_ = false;
  Duration last_{-1'000'000'000};
};

}  // namespace aybiza
