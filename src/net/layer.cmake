# The library's own code is compiled once (asio_impl.cc). Said here and not in a header, because every file must agree
# before its first include.
if(NOT TARGET aybiza_beast)
  add_library(aybiza_beast INTERFACE)
  target_link_libraries(aybiza_beast INTERFACE Boost::headers)
  target_compile_definitions(aybiza_beast INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
endif()
set(layer_libraries aybiza_beast PkgConfig::libdeflate PkgConfig::zstd PkgConfig::nghttp2)
