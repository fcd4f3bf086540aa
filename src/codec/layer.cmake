set(layer_libraries simdjson::simdjson PkgConfig::xxhash PkgConfig::snappy protozero)

# data/outcomes.tsv becomes a string literal of the program.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/outcomes.tsv)
file(READ ${CMAKE_SOURCE_DIR}/data/outcomes.tsv outcome_rows)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/codec/outcomes_built_in.cc @ONLY CONTENT
"#include \"codec/vendor_outcome.h\"
namespace aybiza {
const std::string_view outcomes_built_in = R\"tsv(@outcome_rows@)tsv\";
}
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/codec/outcomes_built_in.cc)

# data/aliases.tsv likewise.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/aliases.tsv)
file(READ ${CMAKE_SOURCE_DIR}/data/aliases.tsv alias_rows)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/codec/aliases_built_in.cc @ONLY CONTENT
"#include \"codec/alias_table.h\"
namespace aybiza {
const std::string_view aliases_built_in = R\"tsv(@alias_rows@)tsv\";
}
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/codec/aliases_built_in.cc)
