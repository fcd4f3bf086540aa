set(layer_libraries PkgConfig::sodium OpenSSL::Crypto simdjson::simdjson)
