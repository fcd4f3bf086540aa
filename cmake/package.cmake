# Where the program finds DuckDB's library, and what an installation consists of: bin/aybiza, lib/libduckdb.so, the licences.
# In build/<preset> and in an installation the way there is relative, so that either tree may be moved.
set_target_properties(aybiza PROPERTIES INSTALL_RPATH "$ORIGIN/../lib;$ORIGIN/../deps/duckdb;$ORIGIN")
cmake_path(GET CMAKE_BINARY_DIR PARENT_PATH above)
if(above STREQUAL "${CMAKE_SOURCE_DIR}/build")
  set_target_properties(aybiza PROPERTIES BUILD_WITH_INSTALL_RPATH ON)
endif()
install(TARGETS aybiza RUNTIME DESTINATION bin)
install(FILES ${AYBIZA_DEPS}/duckdb/libduckdb.so DESTINATION lib)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/NOTICE DESTINATION share/doc/aybiza)
