set(layer_libraries CLI11::CLI11 simdjson::simdjson aybiza_web)
