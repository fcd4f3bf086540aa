#include "assemble/price_book.h"

#include <gtest/gtest.h>

#include "assemble/price_order.h"
#include "assemble/price_shelf.h"
#include "base/limits.h"

namespace aybiza {
namespace {

constexpr Instant when = from_micros(1'763'712'000'000'000);

UsageRow tokens(std::string model, Number input, Number cache_read = {}, Number output = {}) {
  UsageRow row;
  row.time = when;
  row.model = std::move(model);
  row.input_tokens = input;
  row.cache_read_tokens = cache_read;
  row.output_tokens = output;
  return row;
}

void check(const UsageRow& usage, const PriceContext& context, Number expected) {
  EXPECT_EQ(PriceBook::built_in().cost_of(usage, context), expected) << usage.model << " " << context.model;
}

PriceBook book_of(std::string_view shipped, std::string_view file = "") {
  const auto book = PriceBook::of(shipped, file);
  EXPECT_TRUE(book) << book.error().message;
  return book.value_or(PriceBook());
}

TEST(PriceBook, prices_every_kind_of_token_of_known_models) {
  check(tokens("claude-sonnet-4-5", 1'000'000), {}, 3'000'000'000);
  check(tokens("claude-sonnet-4-5", 900, 3'200, 80), {}, 900 * 3'000 + 3'200 * 300 + 80 * 15'000);
  check(tokens("claude-haiku-4-5", 0, 0, 0), {}, 0);
  check(tokens("claude-opus-4-1", {}, {}, 2), {}, 150'000);
}

TEST(PriceBook, every_kind_has_its_own_rate_and_none_is_charged_twice) {
  const PriceBook book = book_of("input\t*\tm\t1\t1M\ncache_read\t*\tm\t2\t1M\ncache_write\t*\tm\t4\t1M\noutput\t*\tm\t8\t1M\n"
                                 "reasoning\t*\tm\t16\t1M\naudio_input\t*\tm\t32\t1M\naudio_output\t*\tm\t64\t1M\n"
                                 "stt\ts\t-\t0.36\thour\ntts\tt\t-\t0.5\t1K\ntelephony\tc\t-\t0.06\tminute\n");
  UsageRow row = tokens("m", 1, 1, 1);
  row.cache_write_tokens = row.reasoning_tokens = row.audio_input_tokens = row.audio_output_tokens = 1;
  EXPECT_EQ(book.cost_of(row, PriceContext{}), 127'000);
  row.stt_us = 1'000'000, row.tts_characters = 3, row.telephony_us = 500'000;
  EXPECT_EQ(book.cost_of(row, PriceContext{}), 127'000);
  EXPECT_EQ(book.cost_of(row, {.provider_stt = "s", .provider_tts = "t", .carrier = "c"}), 127'000 + 100'000 + 1'500'000 + 500'000);
}

TEST(PriceBook, reasoning_without_a_rate_costs_what_output_does) {
  UsageRow row = tokens("claude-sonnet-4-5", 1);
  row.reasoning_tokens = 10;
  check(row, {}, 3'000 + 150'000);
}

TEST(PriceBook, names_are_found_by_the_rules_of_the_list_and_no_further) {
  for (const char* name : {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4-5", "Claude-Sonnet-4-5",
                           "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"})
    check(tokens(name, 10), {}, 30'000);
  check(tokens("", 10), {.model = "claude-sonnet-4-5"}, 30'000);
  for (const char* name : {"claude-sonnet-4-5-turbo", "claude-sonnet-4-5-2025", "x/claude-sonnet-4-5", "claude-sonnet", "-20250929"})
    check(tokens(name, 10), {}, std::nullopt);
  const PriceBook book = book_of("input\t*\tgpt\t1\t1\ninput\tazure\tgpt\t2\t1\nprefix\tazure/\tazure\nprefix\tmodels/\nsuffix\t-####\nalias\tbest\tgpt\n");
  const auto cost = [&](const char* name, std::string_view provider = {}) {
    return book.cost_of(tokens(name, 1), PriceContext{.provider_llm = provider}).value_or(-1) / 1'000'000'000;
  };
  EXPECT_EQ(cost("gpt"), 1);
  EXPECT_EQ(cost("gpt", "Azure"), 2);
  EXPECT_EQ(cost("azure/gpt"), 2);
  EXPECT_EQ(cost("azure/models/best-2026"), 2);  // prefix, prefix, suffix, alias
  EXPECT_EQ(cost("models/gpt-2026"), 1);
}

TEST(PriceBook, what_has_no_price_has_no_cost) {
  check(tokens("mystery-1", 10), {}, std::nullopt);
  check(tokens("", 10), {}, std::nullopt);
  check(tokens("mystery-1", {}), {}, std::nullopt);  // nothing to price
  check(tokens("mystery-1", 0), {}, std::nullopt);
  check(tokens("claude-sonnet-5", 10, 5), {}, std::nullopt);  // its cache price is not known
  const UsageRow usage = tokens("claude-sonnet-5", 10, 5);  // what is missing views it
  const auto missing = PriceBook::built_in().missing(usage, {.provider_llm = "anthropic"});
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].kind, PriceKind::cache_read);
  EXPECT_EQ(missing[0].model, "claude-sonnet-5");
  EXPECT_EQ(missing[0].amount, 5);
}

TEST(PriceBook, speech_costs_something_only_at_a_listed_provider) {
  UsageRow usage = tokens("claude-haiku-4-5", 10);
  usage.stt_us = 60'000'000;
  usage.tts_characters = 1'000'000;
  check(usage, {}, 10'000);
  check(usage, {.provider_stt = "nobody"}, 10'000);
  check(usage, {.provider_stt = "deepgram"}, 10'000 + 4'300'000);
  check(usage, {.provider_stt = "deepgram/nova-3-medical"}, 10'000 + 5'200'000);
  check(usage, {.provider_stt = "deepgram/nova-9"}, 10'000);
  check(usage, {.provider_stt = "deepgram", .provider_tts = "openai/tts-1"}, 10'000 + 4'300'000 + 15'000'000'000);
  check(usage, {.provider_stt = "Deepgram", .provider_tts = "tts-1"}, 10'000 + 4'300'000 + 15'000'000'000);
  UsageRow speech;
  speech.time = when;
  speech.stt_us = 6'000'000;
  check(speech, {}, std::nullopt);
  check(speech, {.provider_stt = "deepgram"}, 430'000);
  speech.model = "nova-3-medical";
  check(speech, {.provider_stt = "deepgram"}, 520'000);
}

TEST(PriceBook, rounds_half_to_even_once) {
  const PriceBook book = book_of("input\t*\tm\t0.0005\t1M");
  const auto cost = [&](std::int64_t count) { return book.cost_of(tokens("m", count), PriceContext{}); };
  EXPECT_EQ(cost(1), 0);   // 0.5 nano-USD
  EXPECT_EQ(cost(3), 2);   // 1.5
  EXPECT_EQ(cost(5), 2);   // 2.5
  EXPECT_EQ(cost(7), 4);   // 3.5
  EXPECT_EQ(book_of("input\t*\tm\t999999\t1").cost_of(tokens("m", INT64_MAX), PriceContext{}), std::nullopt);  // absurd, and no overflow
}

TEST(PriceBook, the_newest_rate_that_is_not_later_rules) {
  const PriceBook book = book_of("input\t*\tm\t2\t1M\t2025-11-21T08:00:00Z\ninput\t*\tm\t1\t1M\t2025-01-01\ninput\t*\tm\t-\t1M\t2025-12-01\n");
  const auto cost = [&](const char* at) {
    UsageRow usage = tokens("m", 1'000'000);
    usage.time = *parse_rfc3339(at);
    return book.cost_of(usage, PriceContext{});
  };
  EXPECT_EQ(cost("2024-12-31T23:59:59.999999Z"), std::nullopt);
  EXPECT_EQ(cost("2025-01-01T00:00:00Z"), 1'000'000'000);
  EXPECT_EQ(cost("2025-11-21T07:59:59.999999Z"), 1'000'000'000);
  EXPECT_EQ(cost("2025-11-21T08:00:00Z"), 2'000'000'000);
  EXPECT_EQ(cost("2025-12-01T00:00:00Z"), std::nullopt);
}

TEST(PriceBook, a_customers_rate_is_before_the_directorys_before_the_shipped) {
  const PriceBook book = book_of("input\t*\tm\t1\t1\t2026-01-01", "input\t*\tm\t2\t1\t2025-06-01\ninput\t*\tm\t3\t1\t2025-06-01\tacme\n"
                                 "input\t*\tm\t-\t1\t2025-09-01\tacme\ninput\t*\t*\t4\t1\t-\tbeta\ninput\t*\tm\t2.5\t1\t2025-06-01\n");
  const auto cost = [&](const char* customer, const char* at) {
    UsageRow usage = tokens("m", 10);
    usage.time = *parse_rfc3339(std::string(at) + "T00:00:00Z");
    return book.cost_of(usage, PriceContext{.customer = customer}).value_or(-1);
  };
  constexpr std::int64_t usd = 1'000'000'000;
  EXPECT_EQ(cost("", "2025-05-01"), -1);
  EXPECT_EQ(cost("", "2025-07-01"), 25 * usd);  // the later line of the same moment
  EXPECT_EQ(cost("", "2026-07-01"), 25 * usd);  // a newer shipped rate does not outrank one's own
  EXPECT_EQ(cost("acme", "2025-07-01"), 30 * usd);
  EXPECT_EQ(cost("acme", "2025-10-01"), 25 * usd);  // its own has ended
  EXPECT_EQ(cost("beta", "2025-07-01"), 40 * usd);  // its own for any model
}

TEST(PriceRates, a_line_is_refused_with_its_number_its_field_and_a_remedy) {
  const auto error = [](std::string_view line) {
    const auto parsed = parse_prices(fmt::format("# a comment\n\n{}\n", line), PriceOrigin::file);
    return parsed ? std::string("taken") : parsed.error().message;
  };
  const auto contains = [&](std::string_view line, std::initializer_list<std::string_view> words) {
    const std::string message = error(line);
    EXPECT_TRUE(message.starts_with("price list, line 3: ")) << message;
    for (const auto word : words) EXPECT_NE(message.find(word), std::string::npos) << message;
  };
  contains("input\tm", {"2 cells", "tabs"});
  contains("cheese\t*\tm\t1\t1M", {"kind", "cheese", "cache_read"});
  contains("input\t*\tm\t1\t1M\tyesterday", {"from", "yesterday", "2026-01-31"});
  contains("input\t*\tm\t-1\t1M", {"usd", "-1", "plain decimal"});
  contains("input\t*\tm\t1e3\t1M", {"usd"});
  contains("input\t*\tm\t0.0000000001\t1M", {"usd", "9 places"});
  contains("input\t*\tm\t1\tminute", {"per", "1M, 1K or 1"});
  contains("stt\t*\tm\t1\t1M", {"per", "second, minute or hour"});
  contains("input\t\tm\t1\t1M", {"provider", "empty"});
  contains("input\t*\tm\t1\t1M\t-\t\t", {"customer", "empty"});
  contains("alias\tonly", {"alias"});
  contains("input\t*\tm\x01\t1\t1M", {"control"});
  EXPECT_EQ(error("input\t*\tm\t1\t1M\t-\t-\t-\r"), "taken");
}

TEST(PriceRates, lines_are_written_as_they_are_read) {
  for (const char* line : {"input\t*\tm\t0.0043\t1M\t-\t-\t-", "stt\tdeepgram\t-\t1\thour\t2026-01-31T00:00:00Z\tacme\tour contract",
                           "tts\tx\ty\t-\t1K\t-\t-\t-", "telephony\ttwilio\t*\t0.000000001\tsecond\t-\t-\t-"}) {
    const auto rate = parse_rate(line);
    ASSERT_TRUE(rate) << rate.error().message;
    const auto again = parse_rate(to_line(*rate));
    ASSERT_TRUE(again) << to_line(*rate);
    EXPECT_EQ(again->key(), rate->key());
    EXPECT_EQ(again->nano, rate->nano);
    EXPECT_EQ(to_line(*again), to_line(*rate));
  }
}

TEST(PriceOrder, reads_what_it_wrote) {
  const PriceOrder book{.what = PriceOrder::What::book, .shipped = "a", .file = "b", .rerate = {}};
  const auto read = decode_price_order(encode(book));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->shipped + read->file, "ab");
  const PriceOrder rerate{.what = PriceOrder::What::rerate, .shipped = {}, .file = {}, .rerate = {.from = when, .to = Instant::max(), .customer = "acme"}};
  const auto again = decode_price_order(encode(rerate));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rerate.from, when);
  EXPECT_EQ(again->rerate.to, Instant::max());
  EXPECT_TRUE(again->rerate.covers(when, "acme"));
  EXPECT_FALSE(again->rerate.covers(when, "beta"));
  EXPECT_FALSE(again->rerate.covers(when - Duration(1), "acme"));
  for (const std::string& bytes : {std::string(), std::string("\x03"), encode(book) + "x", encode(book).substr(0, 3)}) EXPECT_FALSE(decode_price_order(bytes));
}

TEST(PriceShelf, keeps_the_last_books_by_their_number) {
  PriceShelf shelf(book_of("input\t*\tm\t1\t1"));
  EXPECT_FALSE(shelf.put("nonsense", ""));
  EXPECT_TRUE(shelf.put("input\t*\tm\t1\t1", ""));  // the same
  EXPECT_EQ(shelf.current(), 0u);
  for (std::size_t i = 1; i <= limits::price_books_held; ++i) ASSERT_TRUE(shelf.put(fmt::format("input\t*\tm\t{}\t1", i + 1), ""));
  EXPECT_EQ(shelf.current(), limits::price_books_held);
  EXPECT_EQ(shelf.find(0), nullptr);
  EXPECT_EQ(shelf.find(shelf.current() + 1), nullptr);
  ASSERT_NE(shelf.find(1), nullptr);
  EXPECT_EQ(shelf.find(1)->cost_of(tokens("m", 1), PriceContext{}), 2'000'000'000);
  std::string bytes;
  bytes::Writer out(bytes);
  shelf.write(out);
  PriceShelf read(PriceBook::built_in());
  bytes::Reader in(bytes);
  ASSERT_TRUE(read.read(in));
  EXPECT_EQ(read.current(), shelf.current());
  EXPECT_TRUE(read.book() == shelf.book());
  EXPECT_EQ(read.find(0), nullptr);
}

}  // namespace
}  // namespace aybiza
