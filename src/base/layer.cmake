set(layer_libraries PkgConfig::xxhash OpenSSL::Crypto)
