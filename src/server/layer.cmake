set(layer_libraries CLI11::CLI11 PkgConfig::zstd simdjson::simdjson aybiza_web)
