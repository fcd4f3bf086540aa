#include "assemble/price_book.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "assemble/prices_built_in.h"
#include "base/check.h"
#include "base/limits.h"

namespace aybiza {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t cost_max_nano = 1'000'000'000'000'000;  // a million USD in one usage is a mistake, as on the wire
constexpr std::int64_t share = 3'600'000'000;                  // every `per` divides it: sums of nano-USD / share are exact

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <typename T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

struct Step {  // one rate in time
  Instant from;
  Number nano;
  std::int64_t per;
};

// All a list says of one model by one provider for one customer.
struct Offer {
  std::string customer, provider;
  PriceOrigin origin;
  std::vector<Step> steps[price_kinds];  // by time

  const Step* at(PriceKind kind, Instant time) const {
    const auto& all = steps[std::size_t(kind)];
    const auto next = std::upper_bound(all.begin(), all.end(), time, [](Instant t, const Step& step) { return t < step.from; });
    return next == all.begin() || !std::prev(next)->nano ? nullptr : &*std::prev(next);
  }
};
using Offers = std::vector<Offer>;

bool is_lower(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// # in a suffix is a digit.
bool ends_with(std::string_view name, std::string_view suffix) {
  if (name.size() <= suffix.size()) return false;
  name.remove_prefix(name.size() - suffix.size());
  return std::equal(name.begin(), name.end(), suffix.begin(), [](char c, char pattern) {
    return pattern == '#' ? c >= '0' && c <= '9' : c == pattern;
  });
}

// Who did what: "deepgram/nova-3" names both.
struct Service {
  std::string_view provider, model;
};
Service service_of(std::string_view provider, std::string_view own_model) {
  const std::size_t slash = provider.find('/');
  if (!own_model.empty() || slash == std::string_view::npos) return {provider, own_model};
  return {provider.substr(0, slash), provider.substr(slash + 1)};
}

}  // namespace

struct PriceBook::Table {
  std::string shipped, file;
  std::vector<PriceRate> rates;
  std::vector<NameRule> rules;
  ByText<Offers> models;
  ByText<std::string> aliases;
  bool for_any_model[price_kinds] = {};

  void take(PriceText&& text) {
    for (const PriceRate& rate : text.rates) {
      Offers& offers = models[rate.model];
      for_any_model[std::size_t(rate.kind)] |= rate.model == "*";
      auto offer = std::ranges::find_if(offers, [&](const Offer& one) {
        return one.customer == rate.customer && one.provider == rate.provider && one.origin == rate.origin;
      });
      if (offer == offers.end()) offer = offers.insert(offers.end(), {rate.customer, rate.provider, rate.origin, {}});
      auto& steps = offer->steps[std::size_t(rate.kind)];
      const auto place = std::lower_bound(steps.begin(), steps.end(), rate.from, [](const Step& step, Instant t) { return step.from < t; });
      if (place != steps.end() && place->from == rate.from) *place = {rate.from, rate.nano, rate.per};
      else steps.insert(place, {rate.from, rate.nano, rate.per});
    }
    for (const NameRule& rule : text.rules)
      if (rule.what == NameRule::What::alias) aliases.emplace(rule.text, rule.to);  // the file's, which comes first
    std::ranges::move(text.rates, std::back_inserter(rates));
    std::ranges::move(text.rules, std::back_inserter(rules));
  }

  const Offers* offers(std::string_view model) const {
    const auto found = models.find(model);
    return found == models.end() ? nullptr : &found->second;
  }

  // The next name by the rules; false: there is none.
  bool shorten(std::string& name, std::string& provider) const {
    if (const auto alias = aliases.find(name); alias != aliases.end() && alias->second != name) {
      name = alias->second;
      return true;
    }
    for (const NameRule& rule : rules) {
      if (rule.what == NameRule::What::prefix && name.size() > rule.text.size() && name.starts_with(rule.text)) {
        if (provider.empty()) provider = rule.to;
        name.erase(0, rule.text.size());
        return true;
      }
    }
    for (const NameRule& rule : rules) {
      if (rule.what == NameRule::What::suffix && ends_with(name, rule.text)) {
        name.resize(name.size() - rule.text.size());
        return true;
      }
    }
    return false;
  }

  // The best of `offers`; lower is better.
  static const Step* best(const Offers* offers, bool any_model, PriceKind kind, std::string_view customer, std::string_view provider,
                          Instant time, int& rank) {
    const Step* found = nullptr;
    if (!offers) return nullptr;
    for (const Offer& offer : *offers) {
      if (!offer.customer.empty() && offer.customer != customer) continue;
      const bool any_provider = offer.provider == "*";
      if (!any_provider && offer.provider != provider) continue;
      const int layer = !offer.customer.empty() ? 0 : offer.origin == PriceOrigin::file ? 1 : 2;
      const int own = layer * 4 + (any_model ? 2 : 0) + (any_provider ? 1 : 0);
      if (own >= rank) continue;
      if (const Step* step = offer.at(kind, time)) found = step, rank = own;
    }
    return found;
  }

  // `listed`: the offers of the model as it is written, if the caller has looked.
  const Step* find(PriceKind kind, std::string_view customer, const Service& service, Instant time, const Offers* listed = nullptr) const {
    constexpr int none = 1 << 10;
    const Offers* any = for_any_model[std::size_t(kind)] ? offers("*") : nullptr;
    int rank = none;
    std::string lower_provider;
    std::string_view provider = service.provider;
    if (!is_lower(provider)) provider = lower_provider = lower_case(provider);
    const std::string_view model = service.model.empty() ? std::string_view("-") : service.model;
    const Step* step = best(listed ? listed : offers(model), false, kind, customer, provider, time, rank);
    if (step && !any) return step;
    std::string name = lower_case(model), told(provider);
    for (std::size_t i = 0; !step && i < limits::price_name_rules && !service.model.empty(); ++i) {
      step = best(offers(name), false, kind, customer, told, time, rank);
      if (step || !shorten(name, told)) break;
    }
    const Step* wider = best(any, true, kind, customer, told, time, rank);  // only where it ranks above what was found
    return wider ? wider : step;
  }

  // Calls visit(kind, amount, service, step or null) for everything of `usage` that is somebody's bill.
  template <typename Visit>
  void each(const UsageRow& usage, const PriceContext& context, Visit&& visit) const {
    const Number* tokens[] = {&usage.input_tokens, &usage.cache_read_tokens, &usage.cache_write_tokens, &usage.output_tokens,
                              &usage.reasoning_tokens, &usage.audio_input_tokens, &usage.audio_output_tokens};
    bool has_tokens = false, used = false;
    const Service llm{context.provider_llm, usage.model.empty() ? context.model : std::string_view(usage.model)};
    const Offers* listed = llm.model.empty() ? nullptr : offers(llm.model);
    for (std::size_t i = 0; i < std::size(tokens); ++i) {
      if (!*tokens[i]) continue;
      has_tokens = true;
      if (**tokens[i] == 0) continue;
      used = true;
      const auto kind = PriceKind(i);
      const Step* step = find(kind, context.customer, llm, usage.time, listed);
      if (!step && kind == PriceKind::reasoning) step = find(PriceKind::output, context.customer, llm, usage.time, listed);
      visit(kind, **tokens[i], llm, step);
    }
    if (has_tokens && !used) {  // nothing was used of a model: it costs nothing, if the model is one that is listed
      const Step* step = nullptr;
      for (std::size_t i = 0; i < std::size(tokens) && !step; ++i) step = find(PriceKind(i), context.customer, llm, usage.time, listed);
      visit(PriceKind::input, std::int64_t{0}, llm, step);
    }
    const std::string_view own = has_tokens ? std::string_view{} : std::string_view(usage.model);  // of tokens it is the language model
    const auto speech = [&](PriceKind kind, std::string_view provider, const Number& amount) {
      if (!amount) return;
      const Service service = service_of(provider, kind == PriceKind::telephony ? std::string_view{} : own);
      const Step* step = find(kind, context.customer, service, usage.time);
      if (!step && service.model.empty() && offers(provider)) step = find(kind, context.customer, {{}, provider}, usage.time);  // it names the model alone
      visit(kind, *amount, service, step);
    };
    speech(PriceKind::stt, context.provider_stt, usage.stt_us);
    speech(PriceKind::tts, context.provider_tts, usage.tts_characters);
    speech(PriceKind::telephony, context.carrier, usage.telephony_us);
  }
};

PriceContext price_context(const Dimensions& dims) {
  return {.customer = dims[Field::customer_id], .model = dims[Field::model_used], .provider_llm = dims[Field::provider_llm],
          .provider_stt = dims[Field::provider_stt], .provider_tts = dims[Field::provider_tts], .carrier = dims[Field::carrier]};
}

Result<PriceBook> PriceBook::of(std::string_view shipped, std::string_view file) {
  auto table = std::make_shared<Table>();
  table->shipped = shipped;
  table->file = file;
  for (const auto& [text, origin] : {std::pair{file, PriceOrigin::file}, std::pair{shipped, PriceOrigin::shipped}}) {
    auto parsed = parse_prices(text, origin);  // the file first: its rules are tried first
    if (!parsed) return std::unexpected(parsed.error());
    table->take(std::move(*parsed));
  }
  PriceBook book;
  book.table_ = std::move(table);
  return book;
}

const PriceBook& PriceBook::built_in() {
  static const PriceBook book = [] {
    auto parsed = of(prices_built_in, "");
    CHECK(parsed.has_value());
    return *parsed;
  }();
  return book;
}

Number PriceBook::cost_of(const UsageRow& usage, const PriceContext& context) const {
  if (!table_) return {};
  Wide sum = 0;  // nano-USD x share
  bool priced = false, unknown = false;
  table_->each(usage, context, [&](PriceKind kind, std::int64_t amount, const Service&, const Step* step) {
    if (!step) {
      unknown |= is_token(kind);
      return;
    }
    Wide part = Wide(amount) * *step->nano;  // below 2^63 x 10^15
    unknown |= __builtin_mul_overflow(part, Wide(share / step->per), &part) || __builtin_add_overflow(sum, part, &sum);
    priced = true;
  });
  if (!priced || unknown || sum / share >= cost_max_nano) return {};
  const auto whole = std::int64_t(sum / share);
  const Wide twice = sum % share * 2;
  return whole + (twice > share || (twice == share && whole % 2 != 0) ? 1 : 0);
}

std::vector<PriceBook::Missing> PriceBook::missing(const UsageRow& usage, const PriceContext& context) const {
  std::vector<Missing> out;
  if (!table_) return out;
  table_->each(usage, context, [&](PriceKind kind, std::int64_t amount, const Service& service, const Step* step) {
    if (!step) out.push_back({kind, service.provider, service.model, amount});
  });
  return out;
}

std::span<const PriceRate> PriceBook::rates() const { return table_ ? std::span<const PriceRate>(table_->rates) : std::span<const PriceRate>(); }
std::span<const NameRule> PriceBook::rules() const { return table_ ? std::span<const NameRule>(table_->rules) : std::span<const NameRule>(); }
std::string_view PriceBook::shipped() const { return table_ ? std::string_view(table_->shipped) : std::string_view(); }
std::string_view PriceBook::file() const { return table_ ? std::string_view(table_->file) : std::string_view(); }

}  // namespace aybiza
