// One tag out of a metric's tags, which are a flat JSON object with sorted keys and string values.
//
// Errors   none: what is not such an object has no tags.
// Threads  any; each keeps a parser of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aybiza {

// The value of `key` unescaped, "__other__" of a series that stands for many; nullopt when it is not there or the text is not such an object.
std::optional<std::string> tag_of(std::string_view tags, std::string_view key);

}  // namespace aybiza
