set(layer_libraries PkgConfig::re2 OpenSSL::Crypto)
