set(layer_libraries aybiza_web)

# The files of data/texts become string literals of the program, each with the number of its language (its folder), English first.
# A literal longer than C++ asks compilers for is one that some refuse.
function(expect_literal file)
  file(SIZE ${file} bytes)
  if(bytes GREATER 65536)
    message(FATAL_ERROR "${file} has ${bytes} bytes; a string literal has 65536 at most: make two files of it")
  endif()
endfunction()
file(GLOB text_languages CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_SOURCE_DIR}/data/texts/*)
list(REMOVE_ITEM text_languages ${CMAKE_SOURCE_DIR}/data/texts/en)
list(PREPEND text_languages ${CMAKE_SOURCE_DIR}/data/texts/en)
set(text_literals "")
set(text_language_number 0)
foreach(text_language IN LISTS text_languages)
  file(GLOB text_pages CONFIGURE_DEPENDS ${text_language}/*.txt)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${text_pages})
  foreach(text_page IN LISTS text_pages)
    expect_literal(${text_page})
    file(READ ${text_page} text_lines)
    string(APPEND text_literals "{${text_language_number}, R\"texts(${text_lines})texts\"},\n")
  endforeach()
  math(EXPR text_language_number "${text_language_number} + 1")
endforeach()
# The English definitions of the figures are the table of docs/metrics.md.
set(metrics_file ${CMAKE_SOURCE_DIR}/docs/metrics.md)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${metrics_file})
expect_literal(${metrics_file})
file(READ ${metrics_file} metrics_text)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/dashboard/text_files.cc @ONLY CONTENT
"#include <cstddef>
#include <string_view>
#include \"dashboard/text_file.h\"
namespace aybiza::dashboard {
extern const TextFile text_files[];
extern const std::size_t text_file_count;
extern const std::string_view metrics_document;
const std::string_view metrics_document = R\"texts(@metrics_text@)texts\";
const TextFile text_files[] = {@text_literals@};
const std::size_t text_file_count = sizeof text_files / sizeof text_files[0];
}
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/dashboard/text_files.cc)
