# data/prices.tsv becomes a string literal of the program.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/prices.tsv)
file(READ ${CMAKE_SOURCE_DIR}/data/prices.tsv price_rows)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/assemble/prices_built_in.cc @ONLY CONTENT
"#include \"assemble/prices_built_in.h\"
namespace aybiza {
const std::string_view prices_built_in = R\"tsv(@price_rows@)tsv\";
}
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/assemble/prices_built_in.cc)
