// The files the browser gets, inside the program: found by address, sent as they are.
//
// Shape:   a constant table written by web/build.mjs at build time; the bytes live in the program's read-only data.
// Errors:  an unknown path or name is nullptr or "".
// Cost:    a lookup walks about ten entries; nothing is copied or allocated.
// Threads: none needed, everything is constant.
#pragma once

#include <span>
#include <string_view>

namespace aybiza::web {

struct Asset {
  std::string_view name;          // "app.js"
  std::string_view path;          // "/assets/app-32e3130bf4bd.js": named after the content, so it may be cached for ever
  std::string_view content_type;
  std::string_view etag;          // with its quotes
  std::string_view plain, gz, br;  // the same file, three times
};

// What every asset may be sent with: a changed file has another path.
inline constexpr std::string_view cache_control = "public, max-age=31536000, immutable";
inline constexpr std::string_view path_prefix = "/assets/";

std::span<const Asset> assets();
const Asset* find(std::string_view path);       // by address; nullptr when there is none
std::string_view path_of(std::string_view name);  // "app.js" -> its address; "" when there is none

// The smallest form that an Accept-Encoding header allows; `encoding` is the Content-Encoding to send, empty for the plain file.
struct Choice {
  std::string_view body, encoding;
};
Choice choose(const Asset& asset, std::string_view accept_encoding);

}  // namespace aybiza::web
