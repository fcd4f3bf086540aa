set(layer_libraries aybiza_web)
