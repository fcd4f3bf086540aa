// What taking pictures of pages may cost, by name.
//
// Threads  constants.
#pragma once

#include <chrono>
#include <cstddef>

namespace aybiza::limits {

inline constexpr std::size_t pictures_waiting = 4;                         // beside the one that is being taken; then 503
inline constexpr auto picture_time = std::chrono::seconds(45);             // of one, from the browser's start to its end
inline constexpr auto picture_page_time = std::chrono::seconds(20);        // for the page to be drawn
inline constexpr auto browser_end_time = std::chrono::seconds(3);          // for the browser to close by itself; then it is killed
inline constexpr std::size_t devtools_message_bytes = 96u * 1024 * 1024;   // what the browser may send at once: a picture in base64
inline constexpr std::size_t picture_bytes = 24u * 1024 * 1024;            // of one PNG or PDF
inline constexpr int picture_width = 1'440, picture_height_least = 600, picture_height_most = 12'000;  // CSS pixels

}  // namespace aybiza::limits
