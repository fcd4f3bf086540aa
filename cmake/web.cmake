# web/ -> aybiza_web: the bundles as a library whose header is web_assets.h. Rebuilt when something under web/ changes, and only then.
find_program(AYBIZA_NODE NAMES node nodejs REQUIRED)
file(GLOB web_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/js/*.js ${CMAKE_SOURCE_DIR}/web/js/hooks/*.js
  ${CMAKE_SOURCE_DIR}/web/css/*.css ${CMAKE_SOURCE_DIR}/web/img/*)
set(web_out ${CMAKE_BINARY_DIR}/web)
add_custom_command(
  OUTPUT ${web_out}/manifest.json ${CMAKE_BINARY_DIR}/web_assets_table.cc
  COMMAND ${AYBIZA_NODE} ${CMAKE_SOURCE_DIR}/web/build.mjs --out ${web_out} --table ${CMAKE_BINARY_DIR}/web_assets_table.cc --quiet
  DEPENDS ${CMAKE_SOURCE_DIR}/web/build.mjs ${CMAKE_SOURCE_DIR}/web/package-lock.json ${web_sources}
  COMMENT "Bundling the web files" VERBATIM)
add_library(aybiza_web STATIC ${CMAKE_SOURCE_DIR}/web/embed/web_assets.cc ${CMAKE_BINARY_DIR}/web_assets_table.cc)
target_include_directories(aybiza_web PUBLIC ${CMAKE_SOURCE_DIR}/web/embed)
target_link_libraries(aybiza_web PRIVATE aybiza_options)
add_executable(web_test ${CMAKE_SOURCE_DIR}/web/embed/web_assets_test.cc)
target_link_libraries(web_test PRIVATE aybiza_web aybiza_options PkgConfig::zlib GTest::gtest GTest::gtest_main)
add_test(NAME web COMMAND web_test)
add_test(NAME web_page COMMAND ${AYBIZA_NODE} ${CMAKE_SOURCE_DIR}/web/test/page_test.mjs ${web_out})
add_test(NAME web_format COMMAND ${AYBIZA_NODE} ${CMAKE_SOURCE_DIR}/web/test/format_test.mjs)
set_tests_properties(web_page PROPERTIES LABELS browser SKIP_RETURN_CODE 77 TIMEOUT 900 RUN_SERIAL ON)
