# The migrations and views of sql/ travel inside the program: generated sources with their texts.
set(layer_libraries duckdb PkgConfig::libpq)

# A literal holds 64 KiB at most and need not be one: neighbours are joined.
function(read_sql file into)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(REPLACE "\nCOMMENT ON VIEW" ")~sql~\"\n    R\"~sql~(\nCOMMENT ON VIEW" text "${text}")
  set(${into} "R\"~sql~(${text})~sql~\"" PARENT_SCOPE)
endfunction()

foreach(dialect IN ITEMS duckdb postgres)
  file(GLOB migration_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/${dialect}/*.sql)
  set(migration_rows "")
  foreach(file IN LISTS migration_files)
    get_filename_component(name ${file} NAME_WE)
    string(REGEX MATCH "^[0-9]+" number ${name})
    math(EXPR number "1${number} - 10000")
    read_sql(${file} text)
    string(APPEND migration_rows "    {${number}, \"${name}\", ${text}},\n")
  endforeach()
  set(generated ${CMAKE_BINARY_DIR}/generated/${dialect}_migrations.cc)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from sql/@dialect@/*.sql.
#include \"store/migrate.h\"

namespace aybiza {
namespace {
constexpr Migration table[] = {
@migration_rows@};
}  // namespace

std::span<const Migration> @dialect@_migrations() { return table; }

}  // namespace aybiza
")
  list(APPEND sources ${generated})
endforeach()

# sql/views is read by every engine, in the order of its names.
file(GLOB view_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/views/*.sql)
list(SORT view_files)
set(view_rows "")
foreach(file IN LISTS view_files)
  get_filename_component(name ${file} NAME_WE)
  read_sql(${file} text)
  string(APPEND view_rows "    {\"${name}\", ${text}},\n")
endforeach()
set(generated ${CMAKE_BINARY_DIR}/generated/published_views.cc)
file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from sql/views/*.sql.
#include \"store/migrate.h\"

namespace aybiza {
namespace {
constexpr PublishedView views[] = {
@view_rows@};
}  // namespace

std::span<const PublishedView> published_views() { return views; }

}  // namespace aybiza
")
list(APPEND sources ${generated})
