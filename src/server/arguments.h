// What an entry of the API is asked with: its parameters by name, whom the caller may see, and refusals in one form.
//
// Errors   400 {"error":{code,parameter,message}}: an unknown parameter is named with those that are known, a time that is none
//          with the form it should have; 503 where the store cannot answer now.
// Threads  any.
// Source   events.md "Reading back".
#pragma once

#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"
#include "net/router.h"
#include "query/question.h"

namespace aybiza {

// Whom the caller may see; empty: everybody.
std::vector<std::string> customers_of(const net::Request& request);

net::Response refuse(const Refusal& refusal);
net::Response bad(std::string_view code, std::string_view parameter, std::string message);
net::Response failed(const Error& error);  // of the store

// The parameters an entry knows; anything else is named in the refusal.
class Arguments {
 public:
  Arguments(const net::Request& request, std::initializer_list<std::string_view> known);
  std::optional<net::Response> check() const;
  std::string text(std::string_view name, std::string_view fallback = "") const;
  const Parameters& all() const { return values_; }

 private:
  Parameters values_;
  std::string unknown_, known_;
};

// RFC 3339 with an offset; nothing where the parameter is not given.
std::expected<std::optional<Instant>, net::Response> time_argument(const Arguments& arguments, std::string_view name);

}  // namespace aybiza
