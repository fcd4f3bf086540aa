#include "server/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "query/answer.h"
#include "server/answering.h"

namespace aybiza {

using net::Response;

std::vector<std::string> customers_of(const net::Request& request) {
  const std::string_view customer = authz_of(request).customer();
  return customer.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string(customer)};
}

Response refuse(const Refusal& refusal) {
  return Response::json(refusal.code == "unavailable" ? 503 : 400, to_json(refusal));
}

Response bad(std::string_view code, std::string_view parameter, std::string message) {
  return refuse({std::string(code), std::string(parameter), std::move(message)});
}

Response failed(const Error& error) {
  return Response::error(error.code == Code::invalid ? 400 : error.code == Code::not_found ? 404 : 503, "unavailable", error.message);
}

Arguments::Arguments(const net::Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : parse_query_string(request.query)) {
    if (std::ranges::find(known, name) == known.end()) unknown_ = name;
    values_.emplace_back(name, value);
  }
  for (const auto name : known) known_ += (known_.empty() ? "" : ", ") + std::string(name);
}

std::optional<Response> Arguments::check() const {
  if (unknown_.empty()) return std::nullopt;
  return bad("unknown_parameter", unknown_, fmt::format("'{}' is not a parameter here; known are {}", unknown_, known_));
}

std::string Arguments::text(std::string_view name, std::string_view fallback) const {
  const auto found = std::ranges::find(values_, name, &Parameters::value_type::first);
  return found == values_.end() ? std::string(fallback) : found->second;
}

std::expected<std::optional<Instant>, Response> time_argument(const Arguments& arguments, std::string_view name) {
  const std::string text = arguments.text(name);
  if (text.empty()) return std::nullopt;
  const auto time = parse_rfc3339(text);
  if (!time) return std::unexpected(bad("invalid_time", name, fmt::format("'{}' is not RFC 3339 with an offset", text)));
  return time;
}

}  // namespace aybiza
