# The migrations and views of sql/ travel inside the program: one generated source with their texts.
set(layer_libraries duckdb)
file(GLOB migration_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/duckdb/*.sql)
set(migration_rows "")
foreach(file IN LISTS migration_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR number "1${number} - 10000")
  string(APPEND migration_rows "    {${number}, \"${name}\", R\"~sql~(${text})~sql~\"},\n")
endforeach()
# sql/views is read by every engine, in the order of its names.
file(GLOB view_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/views/*.sql)
list(SORT view_files)
set(view_rows "")
foreach(file IN LISTS view_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  # A literal holds 64 KiB at most and need not be one: neighbours are joined.
  string(REPLACE "\nCOMMENT ON VIEW" ")~sql~\"\n    R\"~sql~(\nCOMMENT ON VIEW" text "${text}")
  string(APPEND view_rows "    {\"${name}\", R\"~sql~(${text})~sql~\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/store_migrations.cc @ONLY CONTENT
"// Generated from sql/duckdb/*.sql and sql/views/*.sql.
#include \"store/migrate.h\"

namespace aybiza {
namespace {
constexpr Migration table[] = {
@migration_rows@};
}  // namespace

std::span<const Migration> duckdb_migrations() { return table; }

namespace {
constexpr PublishedView views[] = {
@view_rows@};
}  // namespace

std::span<const PublishedView> published_views() { return views; }

}  // namespace aybiza
")
list(APPEND sources ${CMAKE_BINARY_DIR}/generated/store_migrations.cc)
