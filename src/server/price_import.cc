#include "server/price_import.h"

#include <simdjson.h>

#include <charconv>

namespace aybiza {
namespace {

__extension__ using Wide = __int128;

struct Member {
  std::string_view name;
  PriceKind kind;
  std::string_view per;
  std::int64_t times;
};
constexpr Member members[] = {
    {"input_cost_per_token", PriceKind::input, "1M", 1'000'000},
    {"output_cost_per_token", PriceKind::output, "1M", 1'000'000},
    {"cache_read_input_token_cost", PriceKind::cache_read, "1M", 1'000'000},
    {"cache_creation_input_token_cost", PriceKind::cache_write, "1M", 1'000'000},
    {"output_cost_per_reasoning_token", PriceKind::reasoning, "1M", 1'000'000},
    {"input_cost_per_audio_token", PriceKind::audio_input, "1M", 1'000'000},
    {"output_cost_per_audio_token", PriceKind::audio_output, "1M", 1'000'000},
    {"input_cost_per_second", PriceKind::stt, "hour", 3'600},
    {"input_cost_per_character", PriceKind::tts, "1M", 1'000'000},
};

bool is_price(std::string_view name) { return name.find("cost") != std::string_view::npos; }

}  // namespace

Number scaled_usd(std::string_view decimal, std::int64_t times) {
  const std::size_t e = std::min(decimal.find_first_of("eE"), decimal.size());
  std::string_view mantissa = decimal.substr(0, e);
  int exponent = 0;
  if (e < decimal.size()) {
    std::string_view tail = decimal.substr(e + 1);
    if (tail.starts_with('+')) tail.remove_prefix(1);
    const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), exponent);
    if (error != std::errc{} || end != tail.data() + tail.size()) return {};
  }
  std::string digits;
  if (const std::size_t point = mantissa.find('.'); point != std::string_view::npos) {
    exponent -= int(mantissa.size() - point - 1);
    digits = std::string(mantissa.substr(0, point)) + std::string(mantissa.substr(point + 1));
  } else {
    digits = mantissa;
  }
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos) return {};
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  Wide nano = Wide(value) * times;
  exponent += 9;
  if (nano == 0) return 0;
  for (; exponent > 0; --exponent)
    if ((nano *= 10) > Wide(INT64_MAX)) return {};
  Wide unit = 1;
  for (; exponent < 0 && unit <= nano * 10; ++exponent) unit *= 10;
  if (exponent < 0) return 0;  // less than a tenth of a nano-USD
  const Wide whole = nano / unit, twice = nano % unit * 2;
  const Wide rounded = whole + (twice > unit || (twice == unit && whole % 2 != 0) ? 1 : 0);
  if (rounded >= Wide(1'000'000) * 1'000'000'000) return {};
  return std::int64_t(rounded);
}

Result<ImportedPrices> read_litellm(std::string_view json, std::string_view from) {
  const simdjson::padded_string padded(json);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object models;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS || document.get_object().get(models) != simdjson::SUCCESS)
    return fail(Code::invalid, "this is no JSON object with models in it: give LiteLLM's model_prices_and_context_window.json");
  ImportedPrices out;
  for (auto model : models) {
    std::string_view name;
    simdjson::ondemand::object about;
    if (model.unescaped_key().get(name) != simdjson::SUCCESS || model.value().get_object().get(about) != simdjson::SUCCESS)
      return fail(Code::invalid, "the file ends or breaks after {} rates: fetch it again", out.rates.size());
    const std::string full(name);
    std::vector<PriceRate> rates;
    std::size_t left_out = 0;
    for (auto member : about) {
      std::string_view key;
      simdjson::ondemand::value value;
      if (member.unescaped_key().get(key) != simdjson::SUCCESS || member.value().get(value) != simdjson::SUCCESS)
        return fail(Code::invalid, "the file ends or breaks in '{}': fetch it again", full);
      std::string_view raw = value.raw_json_token();  // of an object or list its bracket
      while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\n' || raw.back() == '\r' || raw.back() == '\t')) raw.remove_suffix(1);
      const auto known = std::ranges::find(members, key, &Member::name);
      if (known == std::end(members)) {
        left_out += is_price(key) && raw != "null" ? 1 : 0;
        continue;
      }
      const Number nano = scaled_usd(raw, known->times);
      const std::size_t slash = full.find('/');
      const bool speech = !is_token(known->kind) && slash != std::string::npos;  // "deepgram/nova-3" names both
      auto rate = !nano ? Result<PriceRate>(fail(Code::invalid, "no price"))
                        : parse_rate(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t-\tLiteLLM", to_string(known->kind), speech ? full.substr(0, slash) : "*",
                                                 speech ? full.substr(slash + 1) : full, usd_text(nano), known->per, from.empty() ? "-" : from));
      if (!rate && nano && !from.empty() && rate.error().message.starts_with("from")) return std::unexpected(rate.error());
      if (rate) rates.push_back(std::move(*rate));
      else left_out += 1;
    }
    if (full == "sample_spec") continue;  // it explains the others
    out.left_out += left_out;
    std::ranges::move(rates, std::back_inserter(out.rates));
  }
  return out;
}

}  // namespace aybiza
