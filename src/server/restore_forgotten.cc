#include "server/restore_forgotten.h"

#include <simdjson.h>

#include "auth/file.h"
#include "base/clock.h"
#include "base/lines.h"
#include "server/privacy.h"

namespace aybiza {
namespace {

namespace dom = simdjson::dom;

struct Forgotten {
  std::string caller, customer;
};

// nullopt: a line of something else.
Result<std::optional<Forgotten>> read_line(dom::parser& parser, std::string_view line, Instant since) {
  dom::object entry;
  std::string_view time, action, about, customer;
  if (parser.parse(line.data(), line.size()).get(entry) != simdjson::SUCCESS || entry["time"].get(time) != simdjson::SUCCESS ||
      entry["action"].get(action) != simdjson::SUCCESS || entry["about"].get(about) != simdjson::SUCCESS)
    return fail(Code::corrupt, "no line of an audit");
  const auto at = parse_rfc3339(time);
  if (!at) return fail(Code::corrupt, "no line of an audit");
  if (action != "forget" || *at < since) return std::nullopt;
  if (entry["customer_id"].get(customer) != simdjson::SUCCESS) customer = {};
  return Forgotten{std::string(about), std::string(customer)};
}

}  // namespace

Status forget_again(const std::filesystem::path& restored, const std::filesystem::path& audit, const std::string& since) {
  const auto text = auth::read_file(audit);
  if (!text) return std::unexpected(text.error());
  const auto began = parse_rfc3339(since);
  const auto secret = auth::Secret::load_or_create(restored);
  if (!secret) return std::unexpected(secret.error());
  auto privacy = Privacy::open(restored, *secret);
  if (!privacy) return std::unexpected(privacy.error());
  dom::parser parser;
  for (Lines lines(*text); lines.next();) {
    if (lines.line().empty()) continue;
    const auto one = read_line(parser, lines.line(), began.value_or(Instant::min()));
    if (!one) return fail(Code::corrupt, "{} line {}: {}", audit.string(), lines.number(), one.error().message);
    if (!*one) continue;
    const auto destroyed = (*privacy)->keys().forget((*one)->caller, (*one)->customer);
    if (!destroyed) return std::unexpected(destroyed.error());
    AYBIZA_TRY((*privacy)->note({.time = SystemClock().now(), .who = "restore", .action = "forgotten", .customer = (*one)->customer, .about = (*one)->caller, .count = *destroyed}));
  }
  return {};
}

}  // namespace aybiza
