set(layer_libraries PkgConfig::re2 PkgConfig::sodium)
