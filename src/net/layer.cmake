set(layer_libraries Boost::headers PkgConfig::libdeflate PkgConfig::zstd)
