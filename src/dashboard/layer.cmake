set(layer_libraries aybiza_web)

# The files of data/texts become string literals of the program, English first.
file(GLOB text_languages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/texts/*.txt)
list(REMOVE_ITEM text_languages ${CMAKE_SOURCE_DIR}/data/texts/en.txt)
list(PREPEND text_languages ${CMAKE_SOURCE_DIR}/data/texts/en.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${text_languages})
set(text_literals "")
foreach(text_language IN LISTS text_languages)
  file(READ ${text_language} text_lines)
  string(APPEND text_literals "R\"texts(${text_lines})texts\",\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/dashboard/text_files.cc @ONLY CONTENT
"#include <cstddef>
#include <string_view>
namespace aybiza::dashboard {
extern const std::string_view text_files[];
extern const std::size_t text_file_count;
const std::string_view text_files[] = {@text_literals@};
const std::size_t text_file_count = sizeof text_files / sizeof text_files[0];
}
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/dashboard/text_files.cc)
