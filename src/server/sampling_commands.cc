#include "server/sampling_commands.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "ingest/sampling_rules.h"

namespace aybiza {
namespace {

Result<std::unique_ptr<SamplingRules>> open_rules(const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) return fail(Code::io, "cannot make {}: {}", data.string(), error.message());
  return SamplingRules::open(data);
}

int complain(const Error& error, int code = 1) {
  fmt::print(stderr, "aybiza sampling: {}\n", error.message);
  return code;
}

}  // namespace

int run_sampling_set(const NewSamplingOptions& options) {
  if ((options.metric.empty() ? 0 : 1) + (options.tag.empty() ? 0 : 1) + (options.calls ? 1 : 0) != 1)
    return complain({Code::invalid, "give --metric NAME, --tag KEY=VALUE or --calls, one of them"}, 2);
  auto rules = open_rules(options.data);
  if (!rules) return complain(rules.error());
  SamplingRule rule;
  rule.customer = options.customer;
  rule.what = options.tag.empty() ? SamplingRule::What::metric : SamplingRule::What::tag;
  rule.pattern = options.tag.empty() ? options.metric : options.tag;
  if (options.calls) {
    rule.what = SamplingRule::What::calls;
    rule.pattern = options.money ? money_too : "nothing else";
  }
  rule.keep = options.keep;
  const auto made = (*rules)->set(std::move(rule), SystemClock().now());
  if (!made) return complain(made.error());
  fmt::print("{}\n", made->id);
  return 0;
}

int run_sampling_list(const std::filesystem::path& data) {
  auto rules = open_rules(data);
  if (!rules) return complain(rules.error());
  for (const SamplingRule& rule : (*rules)->list())
    fmt::print("{}  {:<6} {:<30} {:<20} keeps {}  {}\n", rule.id, to_string(rule.what), rule.pattern, rule.customer, rule.keep, format_rfc3339(rule.created));
  return 0;
}

int run_sampling_remove(const std::filesystem::path& data, const std::string& id) {
  auto rules = open_rules(data);
  if (!rules) return complain(rules.error());
  if (const auto done = (*rules)->remove(id); !done) return complain(done.error());
  fmt::print("sampling rule {} is removed; a running server notices within a second\n", id);
  return 0;
}

}  // namespace aybiza
