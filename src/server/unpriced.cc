#include "server/unpriced.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/limits.h"
#include "query/sql_text.h"

namespace aybiza {
namespace {

constexpr std::string_view amounts[] = {"input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
                                        "audio_input_tokens", "audio_output_tokens", "stt_seconds * 1000000", "tts_characters",
                                        "telephony_seconds * 1000000"};
static_assert(std::size(amounts) == price_kinds);
constexpr std::string_view names[] = {"c.customer_id", "u.model", "c.model_used", "c.provider_llm", "c.provider_stt", "c.provider_tts", "c.carrier"};

std::string statement(SqlText& sql, Instant from, Instant to, std::string_view customer) {
  std::string text = "SELECT ", group;
  for (const auto name : names) group += fmt::format("{}{}", group.empty() ? "" : ", ", name);
  text += group + ", u.cost_usd IS NULL AS unknown, min(u.time), max(u.time)";
  for (const auto amount : amounts)
    text += fmt::format(", CAST(sum(u.{0}) AS BIGINT), count(u.{0}), count(DISTINCT CASE WHEN u.{0} IS NOT NULL THEN u.call_id END)", amount);
  // Of a usage without tokens the model is that of speech.
  const std::string_view tokens = "coalesce(u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.output_tokens, u.reasoning_tokens, "
                                  "u.audio_input_tokens, u.audio_output_tokens) IS NULL";
  text += fmt::format(" FROM usage_events u JOIN call_analytics c ON c.call_id = u.call_id WHERE u.cost_source IS DISTINCT FROM 'reported'"
                      " AND u.time >= make_timestamptz({}::BIGINT) AND u.time < make_timestamptz({}::BIGINT)", to_micros(from), to_micros(to));
  if (!customer.empty()) text += fmt::format(" AND c.customer_id = {}", sql.bind(customer));
  return text + fmt::format(" GROUP BY {}, unknown, {}", group, tokens);
}

std::string text_of(const Rows& rows, std::size_t row, std::size_t column) {
  const Cell cell = rows.cell(row, column);
  const auto* text = std::get_if<std::string_view>(&cell);
  return text ? std::string(*text) : std::string();
}

using Key = std::tuple<std::string, PriceKind, std::string, std::string, bool>;

struct UsageGroup {
  std::array<std::string, std::size(names)> name;
  bool unknown = false;
  Instant first{}, last{};
  std::array<std::int64_t, price_kinds> sum{}, usage{}, calls{};

  UsageGroup(const Rows& rows, std::size_t row) {
    for (std::size_t i = 0; i < name.size(); ++i) name[i] = text_of(rows, row, i);
    std::size_t column = name.size();
    unknown = std::get<bool>(rows.cell(row, column++));
    first = std::get<Instant>(rows.cell(row, column++));
    last = std::get<Instant>(rows.cell(row, column++));
    for (std::size_t kind = 0; kind < price_kinds; ++kind, column += 3) {
      sum[kind] = as_integer(rows.cell(row, column)).value_or(0);
      usage[kind] = as_integer(rows.cell(row, column + 1)).value_or(0);
      calls[kind] = as_integer(rows.cell(row, column + 2)).value_or(0);
    }
  }

  PriceContext context() const {
    return {.customer = name[0], .model = name[2], .provider_llm = name[3], .provider_stt = name[4], .provider_tts = name[5], .carrier = name[6]};
  }

  UsageRow as_usage(Instant time) const {
    UsageRow row;
    row.time = time;
    row.model = name[1];
    Number* into[] = {&row.input_tokens, &row.cache_read_tokens, &row.cache_write_tokens, &row.output_tokens, &row.reasoning_tokens,
                      &row.audio_input_tokens, &row.audio_output_tokens, &row.stt_us, &row.tts_characters, &row.telephony_us};
    for (std::size_t kind = 0; kind < price_kinds; ++kind)
      if (usage[kind] > 0) *into[kind] = sum[kind];
    return row;
  }

  void add_to(std::map<Key, Unpriced>& all, PriceKind kind, std::string_view provider, std::string_view model, bool priced_now) const {
    const auto k = std::size_t(kind);
    Unpriced& one = all[{name[0], kind, std::string(provider), std::string(model), priced_now}];
    one.customer = name[0], one.kind = kind, one.provider = provider, one.model = model;
    one.leaves_unknown |= is_token(kind) || unknown, one.priced_now = priced_now;
    one.usage += usage[k], one.calls += calls[k], one.amount += sum[k];
    one.first = std::min(one.first, first), one.last = std::max(one.last, last);
  }

  void hold_against(const PriceBook& book, std::map<Key, Unpriced>& all) const {
    const UsageRow early = as_usage(first), late = as_usage(last);
    std::array<bool, price_kinds> told{};
    for (const UsageRow* row : {&early, &late}) {
      for (const PriceBook::Missing& one : book.missing(*row, context())) {
        if ((is_token(one.kind) && !unknown) || std::exchange(told[std::size_t(one.kind)], true)) continue;
        add_to(all, one.kind, one.provider, one.model, false);
      }
    }
    if (!unknown || std::ranges::find(told, true) != told.end()) return;
    const std::string_view model = name[1].empty() ? name[2] : name[1];
    const std::string_view providers[] = {name[4], name[5], name[6]};
    for (std::size_t k = 0; k < price_kinds; ++k)
      if (usage[k] > 0) add_to(all, PriceKind(k), k < std::size_t(PriceKind::stt) ? name[3] : providers[k - std::size_t(PriceKind::stt)],
                               k < std::size_t(PriceKind::stt) ? model : std::string_view(), true);
  }
};

}  // namespace

Result<std::vector<Unpriced>> find_unpriced(Store& store, const PriceBook& book, Instant from, Instant to, std::string_view customer,
                                            Duration deadline) {
  SqlText sql;
  const std::string text = statement(sql, from, to, customer);
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  std::map<Key, Unpriced> all;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) UsageGroup(**rows, row).hold_against(book, all);
  }
  std::vector<Unpriced> out;
  for (auto& [key, one] : all) out.push_back(std::move(one));
  std::ranges::sort(out, {}, [](const Unpriced& one) { return std::tuple(-one.usage, std::tie(one.customer, one.kind, one.provider, one.model, one.priced_now)); });
  if (out.size() > limits::unpriced_rows) out.resize(limits::unpriced_rows);
  return out;
}

}  // namespace aybiza
