set(layer_libraries simdjson::simdjson)
