set(layer_libraries CLI11::CLI11 PkgConfig::zstd PkgConfig::sodium simdjson::simdjson aybiza_web)
