set(layer_libraries simdjson::simdjson OpenSSL::Crypto)
