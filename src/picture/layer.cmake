set(layer_libraries PkgConfig::sodium simdjson::simdjson)
