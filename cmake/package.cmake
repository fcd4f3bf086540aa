# Where the program finds DuckDB's library, and what an installation consists of: bin/aybiza, lib/libduckdb.so, the licences.
# In build/<preset> and in an installation the way there is relative, so that either tree may be moved.
target_link_options(aybiza PRIVATE "-Wl,-rpath,$ORIGIN/../deps/duckdb:$ORIGIN/../lib:$ORIGIN")
cmake_path(GET CMAKE_BINARY_DIR PARENT_PATH above)
if(above STREQUAL "${CMAKE_SOURCE_DIR}/build")
  set_target_properties(aybiza PROPERTIES SKIP_BUILD_RPATH ON)
endif()
install(TARGETS aybiza RUNTIME DESTINATION bin)
install(FILES ${AYBIZA_DEPS}/duckdb/libduckdb.so DESTINATION lib)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/NOTICE DESTINATION share/doc/aybiza)
