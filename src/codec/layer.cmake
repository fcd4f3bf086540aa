set(layer_libraries simdjson::simdjson PkgConfig::xxhash protozero)
