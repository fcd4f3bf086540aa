#include "ingest/sampling_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "codec/json_writer.h"

namespace aybiza {
namespace {

using What = SamplingRule::What;

constexpr What whats[] = {What::metric, What::tag, What::calls};

// A call stands for a whole number of calls, so that counts stay whole: the nearest to the share, if it is near.
std::optional<int> nearest_one_in(double keep) {
  const double number = std::round(1 / keep);
  if (!(number >= 2 && number <= limits::sampling_calls_one_in) || std::abs(keep * number - 1) > 0.005) return std::nullopt;
  return int(number);
}

std::string id_of(const SamplingRule& rule) {
  return fmt::format("{:012x}", hash64(fmt::format("{}\t{}\t{}", rule.customer, to_string(rule.what), rule.pattern)) >> 16);
}

std::optional<double> parse_keep(std::string_view text) {
  double keep = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), keep);
  const bool good = error == std::errc() && end == text.data() + text.size() && keep >= limits::sampling_keep_min && keep < 1;
  return good ? std::optional(keep) : std::nullopt;
}

// `"key":"value"` as canonical tags spell it: between braces or commas, because neither key nor value holds a bare quote.
std::string needle_of(std::string_view pattern) {
  const std::size_t equals = pattern.find('=');
  std::string out;
  append_json_string(out, pattern.substr(0, equals));
  out += ':';
  append_json_string(out, pattern.substr(equals + 1));
  return out;
}

std::optional<SamplingRule> parse_line(std::string_view line) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t tab = line.find('\t');
    parts.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  if (parts.size() != 6) return std::nullopt;
  const auto what = std::ranges::find(whats, parts[2], [](What one) { return to_string(one); });
  if (what == std::end(whats)) return std::nullopt;
  const auto keep = parse_keep(parts[4]);
  const auto created = parse_rfc3339(parts[5]);
  if (!keep || !created) return std::nullopt;
  return SamplingRule{std::string(parts[0]), std::string(parts[1]), *what, std::string(parts[3]), *keep, *created};
}

std::string print_file(const std::vector<SamplingRule>& rules) {
  std::string text = "# id\tcustomer\twhat\tpattern\tkeep\tcreated\n";
  for (const SamplingRule& rule : rules)
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", rule.id, rule.customer, to_string(rule.what), rule.pattern, rule.keep, format_rfc3339(rule.created));
  return text;
}

Status check(const SamplingRule& rule) {
  if (rule.customer.empty() || !auth::line_text(rule.customer, limits::id_bytes))
    return fail(Code::invalid, "a customer is 1 to {} bytes without control characters, or *", limits::id_bytes);
  if (rule.pattern.empty() || rule.pattern == "*" || !auth::line_text(rule.pattern, limits::tag_name_bytes + limits::tag_value_bytes + 1))
    return fail(Code::invalid, "name a metric (voice.step, voice.*) or a tag (host=a-1)");
  if (rule.what == What::tag && (rule.pattern.find('=') == 0 || rule.pattern.find('=') == std::string::npos))
    return fail(Code::invalid, "a tag is KEY=VALUE");
  if (!(rule.keep >= limits::sampling_keep_min && rule.keep < 1))
    return fail(Code::invalid, "the share to keep is from {} to below 1; to keep everything, remove the rule", limits::sampling_keep_min);
  if (rule.what != What::calls) return {};
  if (rule.pattern != money_too)
    return fail(Code::invalid, "a call that is left out takes its usage and cost with it: name money too (--calls --money), or sample metrics only");
  if (!nearest_one_in(rule.keep))
    return fail(Code::invalid, "of calls one in a whole number is kept, from 2 to {}: --keep 0.5, 0.333, 0.25, 0.1, 0.01", limits::sampling_calls_one_in);
  return {};
}

}  // namespace

std::string_view to_string(SamplingRule::What what) {
  switch (what) {
    case What::metric: return "metric";
    case What::tag: return "tag";
    case What::calls: return "calls";
  }
  return "";
}

CallShares call_shares(const std::vector<SamplingRule>& rules) {
  CallShares out;
  for (const SamplingRule& rule : rules)
    if (const auto number = rule.what == What::calls ? nearest_one_in(rule.keep) : std::nullopt) out.emplace_back(rule.customer, *number);
  std::ranges::sort(out);
  return out;
}

int one_in(const CallShares& shares, std::string_view customer) {
  int most = 1;
  for (const auto& [whose, number] : shares)
    if (whose == "*" || whose == customer) most = std::max(most, number);
  return most;
}

Result<std::shared_ptr<const SamplingTable>> SamplingTable::read(const std::filesystem::path& file) {
  auto table = std::make_shared<SamplingTable>();
  const auto bytes = auth::read_file(file);
  if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
  AYBIZA_TRY(auth::each_line(file, bytes ? std::string_view(*bytes) : std::string_view(), "sampling rule", [&](std::string_view line) {
    auto rule = parse_line(line);
    if (rule) table->rules_.push_back(std::move(*rule));
    return rule.has_value();
  }));
  table->calls_ = call_shares(table->rules_);
  return table;
}

double SamplingTable::keep(std::string_view customer, std::string_view name, std::string_view tags) const {
  double least = 1;
  for (const SamplingRule& rule : rules_) {
    if (rule.what == What::calls || rule.keep >= least || (rule.customer != "*" && rule.customer != customer)) continue;
    const std::string_view pattern = rule.pattern;
    const bool matches = rule.what == What::tag   ? tags.find(needle_of(pattern)) != std::string_view::npos
                         : pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                                  : name == pattern;
    if (matches) least = rule.keep;
  }
  return least;
}

Result<std::unique_ptr<SamplingRules>> SamplingRules::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<SamplingRules> rules(new SamplingRules(data_dir));
  AYBIZA_TRY(rules->file_.reload());
  return rules;
}

Result<SamplingRule> SamplingRules::set(SamplingRule wanted, Instant now) {
  AYBIZA_TRY(check(wanted));
  if (wanted.what == What::calls) wanted.keep = 1.0 / *nearest_one_in(wanted.keep);
  wanted.id = id_of(wanted);
  wanted.created = now;
  AYBIZA_TRY(file_.rewrite([&](const SamplingTable& table) -> Result<std::string> {
    auto rules = table.rules();
    std::erase_if(rules, [&](const SamplingRule& rule) { return rule.id == wanted.id; });
    if (rules.size() >= limits::sampling_rules) return fail(Code::too_large, "there are {} sampling rules already", rules.size());
    rules.push_back(wanted);
    return print_file(rules);
  }));
  return wanted;
}

Status SamplingRules::remove(std::string_view id) {
  return file_.rewrite([&](const SamplingTable& table) -> Result<std::string> {
    auto rules = table.rules();
    if (std::erase_if(rules, [&](const SamplingRule& rule) { return rule.id == id; }) == 0) return fail(Code::not_found, "there is no sampling rule {}", id);
    return print_file(rules);
  });
}

}  // namespace aybiza
