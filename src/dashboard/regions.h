// Where a region lies on the map: the names of the large clouds, airport-like short names, countries and continents.
//
// Shape    a name matches as it is, or by its longest prefix up to a separator ("eu-west-1a", "europe-west3-b").
// Errors   nullopt: unknown, to be listed beside the map, never drawn somewhere.
// Threads  constant data; any.
// Source   the providers' published locations of their regions, rounded to a degree.
#pragma once

#include <optional>
#include <string_view>

namespace aybiza::dashboard {

struct Place {
  double longitude = 0, latitude = 0;
};
std::optional<Place> place_of(std::string_view region);

}  // namespace aybiza::dashboard
