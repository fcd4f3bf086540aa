set(layer_libraries aybiza_web)

# The folders of data/texts become string literals of the program, a language each, English first.
file(GLOB text_languages CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_SOURCE_DIR}/data/texts/*)
list(REMOVE_ITEM text_languages ${CMAKE_SOURCE_DIR}/data/texts/en)
list(PREPEND text_languages ${CMAKE_SOURCE_DIR}/data/texts/en)
set(text_literals "")
foreach(text_language IN LISTS text_languages)
  file(GLOB text_pages CONFIGURE_DEPENDS ${text_language}/*.txt)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${text_pages})
  foreach(text_page IN LISTS text_pages)
    file(READ ${text_page} text_lines)
    string(APPEND text_literals "R\"texts(${text_lines})texts\"\n")
  endforeach()
  string(APPEND text_literals ",\n")
endforeach()
# The English definitions of the figures are the table of docs/metrics.md.
set(metrics_file ${CMAKE_SOURCE_DIR}/docs/metrics.md)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${metrics_file})
file(READ ${metrics_file} metrics_text)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/dashboard/text_files.cc @ONLY CONTENT
"#include <cstddef>
#include <string_view>
namespace aybiza::dashboard {
extern const std::string_view text_files[];
extern const std::size_t text_file_count;
extern const std::string_view metrics_document;
const std::string_view metrics_document = R\"texts(@metrics_text@)texts\";
const std::string_view text_files[] = {@text_literals@};
const std::size_t text_file_count = sizeof text_files / sizeof text_files[0];
}
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/dashboard/text_files.cc)
