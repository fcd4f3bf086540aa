# One target per third-party library; `layer.cmake` in a folder says which it uses.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(mimalloc REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(GTest REQUIRED)
find_package(Boost 1.81 REQUIRED)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(snappy REQUIRED IMPORTED_TARGET snappy)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)

find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp REQUIRED)  # headers only, beside the system's own
add_library(protozero INTERFACE)
target_include_directories(protozero SYSTEM INTERFACE ${PROTOZERO_INCLUDE_DIR})

# DuckDB comes as a shared library out of an npm package and a header out of another (script/bootstrap puts both into
# build/deps, checksums verified there).
set(AYBIZA_DEPS ${CMAKE_SOURCE_DIR}/build/deps CACHE PATH "where script/bootstrap put what is not a Debian package")
if(EXISTS ${AYBIZA_DEPS}/duckdb/libduckdb.so)
  add_library(duckdb SHARED IMPORTED)
  set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${AYBIZA_DEPS}/duckdb/libduckdb.so
    INTERFACE_INCLUDE_DIRECTORIES ${AYBIZA_DEPS}/duckdb)
else()
  message(FATAL_ERROR "${AYBIZA_DEPS}/duckdb is missing: run script/bootstrap first")
endif()
