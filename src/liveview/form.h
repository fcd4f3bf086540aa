// application/x-www-form-urlencoded, for form events and query strings, and the addresses of pages.
//
// Shape    Form keeps the fields in order with their full names; nested() reads "user[tags][]" names into objects and
//          arrays. Uri is path and decoded query: scheme and host of what a client sends are never trusted.
// Errors   a malformed %-sequence stays as it is, invalid UTF-8 becomes U+FFFD, fields above liveview_form_fields and
//          nesting above json_depth are dropped. Of conflicting names (a=1&a[b]=2) the later wins.
// Threads  values; none.
// Source   WHATWG URL section 5; RFC 3986 section 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "liveview/json.h"

namespace aybiza::liveview {

class Form {
 public:
  Form() = default;
  static Form decode(std::string_view text);

  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  std::optional<std::string_view> get(std::string_view name) const;  // the last of that full name
  std::string_view text(std::string_view name) const { return get(name).value_or(""); }
  std::vector<std::string_view> all(std::string_view name) const;    // "tags[]" or a repeated name
  bool used(std::string_view name) const;  // false while the user has not touched the input: "_unused_<name>" is there
  Json nested() const;

  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void erase(std::string_view name);
  std::string encode() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Uri {
  std::string path = "/";  // decoded per segment by the router, raw here
  Form query;
  std::string str() const;  // path and query
};
// From "/a?b=c" or "http://host/a?b=c#d"; nullopt when there is no path to take.
std::optional<Uri> parse_uri(std::string_view text);
std::string percent_decoded(std::string_view text, bool plus_is_space);

// A path of this site: starts with one "/" and cannot be read by a browser as another host.
bool is_local(std::string_view target);

}  // namespace aybiza::liveview
