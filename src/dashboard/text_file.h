// One file of data/texts as it is compiled into the program (layer.cmake).
//
// Threads  constant data; any.
#pragma once

#include <string_view>

namespace aybiza::dashboard {

struct TextFile {
  int language = 0;  // 0 is English
  std::string_view text;
};

}  // namespace aybiza::dashboard
