set(layer_libraries PkgConfig::sodium)
