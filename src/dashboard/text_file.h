// One file of data/texts as it is compiled into the program (layer.cmake).
#pragma once

#include <string_view>

namespace aybiza::dashboard {

struct TextFile {
  int language = 0;  // 0 is English
  std::string_view text;
};

}  // namespace aybiza::dashboard
