set(layer_libraries CURL::libcurl PkgConfig::sodium)
