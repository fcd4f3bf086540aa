find_package(absl REQUIRED)
set(layer_libraries absl::time absl::time_zone simdjson::simdjson)
