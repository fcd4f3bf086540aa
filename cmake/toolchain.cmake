# The one place for the language level, warnings, linker and sanitizers.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(AYBIZA_BENCH "build bench/" OFF)
option(AYBIZA_FUZZ "build fuzz/ too, and count edges for it (clang, libFuzzer)" OFF)
set(AYBIZA_SANITIZE "" CACHE STRING "sanitizers, comma separated")

add_library(aybiza_options INTERFACE)
target_include_directories(aybiza_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(aybiza_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wnull-dereference -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 under optimisation and sanitizers, in libstdc++ and Boost code.
  target_compile_options(aybiza_options INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict -Wno-free-nonheap-object
    -Wno-missing-field-initializers -Wno-dangling-pointer -Wno-tsan)
else()
  # The deprecated call is libstdc++ 12's own, inside std::stable_sort; clang blames the caller's file.
  target_compile_options(aybiza_options INTERFACE -Wno-missing-field-initializers -Wno-missing-designated-field-initializers
    -Wno-deprecated-declarations)
endif()
if(AYBIZA_SANITIZE)
  add_compile_options(-fsanitize=${AYBIZA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AYBIZA_SANITIZE})
  add_compile_definitions(AYBIZA_SANITIZED=1)
endif()
if(AYBIZA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # the tests carry it too: one build serves both
endif()
find_program(AYBIZA_MOLD mold)
if(AYBIZA_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  find_program(AYBIZA_LLD NAMES ld.lld-19 ld.lld)
  if(AYBIZA_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()
find_package(Threads REQUIRED)
target_link_libraries(aybiza_options INTERFACE Threads::Threads)
