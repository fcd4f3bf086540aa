#include "query/search_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "base/limits.h"
#include "codec/json_node.h"
#include "text/analyze.h"
#include "text/search_words.h"
#include "text/topic_model.h"

namespace aybiza {
namespace {

std::unexpected<Refusal> refuse(std::string_view code, std::string_view parameter, std::string message) {
  return std::unexpected(Refusal{std::string(code), std::string(parameter), std::move(message)});
}

// Everything that was given, from whichever way in.
struct Given {
  std::vector<std::pair<std::string, std::vector<std::string>>> words;
  std::optional<std::vector<float>> vector;

  const std::vector<std::string>* find(std::string_view name) const {
    const auto at = std::ranges::find(words, name, [](const auto& pair) -> std::string_view { return pair.first; });
    return at == words.end() ? nullptr : &at->second;
  }
  std::string one(std::string_view name) const {
    const auto* values = find(name);
    return values && !values->empty() ? values->front() : std::string();
  }
};

std::vector<std::string> known_names() {
  std::vector<std::string> out{"q", "like", "vector", "match", "k", "version", "exact", "from", "to", "window", "tz"};
  for (std::string& name : turn_filters()) out.push_back(std::move(name));
  return out;
}

bool is_single(std::string_view name) {
  static const std::set<std::string_view> filters = [] {
    static const std::vector<std::string> names = turn_filters();
    return std::set<std::string_view>(names.begin(), names.end());
  }();
  return !filters.contains(name);
}

std::optional<Refusal> check_names(const Given& given) {
  const auto known = known_names();
  for (const auto& [name, values] : given.words)
    if (std::ranges::find(known, name) == known.end())
      return Refusal{"unknown_parameter", name.substr(0, 64), fmt::format("known are {}", fmt::join(known, ", "))};
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    out.emplace_back(text.substr(at, end - at));
    if (end == text.npos) return out;
    at = end + 1;
  }
}

Answered<bool> read_flag(const Given& given, std::string_view name) {
  const std::string text = given.one(name);
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return refuse("invalid_value", name, fmt::format("{} is true or false", name));
}

std::optional<Refusal> read_vector(std::vector<float> vector, TurnSearch& search) {
  if (vector.size() != limits::embedding_numbers && vector.size() != TopicModel::dimensions)
    return Refusal{"invalid_vector", "vector", fmt::format("vector has {} numbers; an embedding has {}, a topic vector {}", vector.size(), limits::embedding_numbers, TopicModel::dimensions)};
  double squares = 0;
  for (const float number : vector) squares += double(number) * double(number);
  if (!std::isfinite(squares)) return Refusal{"invalid_vector", "vector", "a vector's numbers are finite floats"};
  if (squares == 0) return Refusal{"invalid_vector", "vector", "a vector of zeros points nowhere: nothing is near it"};
  search.by = vector.size() == limits::embedding_numbers ? TurnSearch::By::embedding : TurnSearch::By::topic;
  // Of length 1: an engine that reckons in floats takes it as those do that reckon in doubles, however long or short it was.
  for (float& number : vector) number = static_cast<float>(double(number) / std::sqrt(squares));
  search.vector = std::move(vector);
  return std::nullopt;
}

std::optional<Refusal> read_words(const std::string& text, TurnSearch& search) {
  SearchWords words;
  words.read(text);
  for (std::size_t i = 0; i < words.size(); ++i)
    if (std::ranges::find(search.words, words.word(i)) == search.words.end()) search.words.emplace_back(words.word(i));
  if (search.words.empty()) return Refusal{"invalid_value", "q", "q holds no word: letters or digits"};
  if (search.words.size() > limits::search_words)
    return Refusal{"too_large", "q", fmt::format("q has {} different words, a search at most {}; a whole text is searched by like=", search.words.size(), limits::search_words)};
  return std::nullopt;
}

std::optional<Refusal> read_range(const Given& given, Instant now, TurnSearch& search) {
  if (given.one("from").empty() && given.one("to").empty() && given.one("window").empty()) {
    search.from = now - limits::search_window, search.to = now + limits::time_future_max;
    return std::nullopt;
  }
  Parameters range{{"select", "turns"}};
  for (const std::string_view name : {"from", "to", "window", "tz"})
    if (const std::string text = given.one(name); !text.empty()) range.emplace_back(name, text);
  const auto question = parse_question(range, now);
  if (!question) return question.error();
  search.from = question->from, search.to = question->to;
  return std::nullopt;
}

std::optional<Refusal> read_filters(const Given& given, TurnSearch& search) {
  for (const std::string& name : turn_filters()) {
    const auto* values = given.find(name);
    if (!values) continue;
    for (const std::string& value : *values) {
      if (value.empty()) return Refusal{"invalid_value", name, fmt::format("{} has an empty value", name)};
      bool known = name != "topic";
      for (int i = 0; !known && i < topic_count; ++i) known = value == to_string(Topic(i));
      if (!known) return Refusal{"invalid_value", name, fmt::format("'{}' is not a topic", value.substr(0, 64))};
      if (name == "call_id" && !parse_uuid(value)) return Refusal{"invalid_value", name, "call_id is our id of a call, a UUID: GET /api/v1/calls/{the sender's id} tells it"};
    }
    search.where.push_back({name, *values});
  }
  return std::nullopt;
}

Answered<SearchRequest> read(const Given& given, Instant now, MaskWords mask) {
  if (auto wrong = check_names(given)) return std::unexpected(*wrong);
  SearchRequest out;
  const std::string q = given.one("q"), like = given.one("like");
  const int ways = (q.empty() ? 0 : 1) + (like.empty() ? 0 : 1) + (given.vector ? 1 : 0);
  if (ways != 1)
    return refuse(ways == 0 ? "missing_parameter" : "incompatible", "q", "give one of q (words), like (a text, for turns about the same) and vector (1536 or 100 numbers)");
  for (const std::string& text : {q, like})
    if (text.size() > limits::search_text_bytes) return refuse("too_large", q.empty() ? "like" : "q", fmt::format("a text to search by has at most {} bytes", limits::search_text_bytes));
  std::optional<Refusal> wrong;
  if (!q.empty()) wrong = read_words(mask ? mask(q) : q, out.search);
  if (given.vector) wrong = read_vector(*given.vector, out.search);
  if (!like.empty()) out.like = like, out.search.by = TurnSearch::By::topic;
  if (!wrong) wrong = read_range(given, now, out.search);
  if (!wrong) wrong = read_filters(given, out.search);
  if (wrong) return std::unexpected(*wrong);
  const std::string match = given.one("match");
  if (!match.empty() && match != "any" && match != "all") return refuse("invalid_value", "match", "match is any or all");
  out.search.every_word = match == "all";
  const auto exact = read_flag(given, "exact");
  if (!exact) return std::unexpected(exact.error());
  out.search.exact = *exact;
  out.version = given.one("version");
  if (!out.version.empty() && out.search.by != TurnSearch::By::topic) return refuse("incompatible", "version", "version names a topic model; words and embeddings have none");
  const std::string k = given.one("k");
  out.search.hits = k.empty() ? limits::search_hits_default : 0;
  const auto [end, error] = std::from_chars(k.data(), k.data() + k.size(), out.search.hits);
  if (!k.empty() && (error != std::errc() || end != k.data() + k.size())) out.search.hits = 0;
  if (out.search.hits == 0 || out.search.hits > limits::search_hits_max) return refuse("invalid_value", "k", fmt::format("k is a number from 1 to {}", limits::search_hits_max));
  return out;
}

std::optional<std::vector<float>> numbers_of(std::string_view text) {
  std::vector<float> out;
  if (text.starts_with('[') && text.ends_with(']') && text.size() >= 2) text = text.substr(1, text.size() - 2);
  while (!text.empty() && out.size() <= limits::embedding_numbers) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    float number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    out.push_back(number);
    text.remove_prefix(std::size_t(end - text.data()));
    if (text.empty()) break;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
  return out;
}

std::string plain(const JsonNode& node) {
  if (const auto flag = node.flag()) return *flag ? "true" : "false";
  if (const auto number = node.number()) return fmt::format("{}", *number);
  return std::string(node.text());
}

}  // namespace

Answered<SearchRequest> parse_search(const Parameters& parameters, Instant now, MaskWords mask) {
  Given given;
  for (const auto& [name, value] : parameters) {
    if (given.find(name)) return refuse("duplicate", name.substr(0, 64), "it is given twice; values of one filter are joined by |");
    if (name == "vector" && !value.empty()) {
      given.vector = numbers_of(value);
      if (!given.vector) return refuse("invalid_vector", "vector", "vector is a list of numbers: 0.12,-0.5,…; of 1536 send it as JSON, by POST");
    }
    given.words.emplace_back(name, is_single(name) ? std::vector{value} : split(value, '|'));
  }
  return read(given, now, mask);
}

Answered<SearchRequest> parse_search_json(std::string_view body, Instant now, MaskWords mask) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object())
    return refuse("invalid_json", "body", R"(the body is one JSON object: {"q": "…"}, {"like": "…"} or {"vector": […]})");
  Given given;
  std::optional<Refusal> wrong;
  JsonNode(root).members([&](std::string_view key, const JsonNode& node) {
    const std::string name(key.substr(0, 64));
    if (given.find(name)) wrong = Refusal{"duplicate", name, "it is given twice"};
    auto& values = given.words.emplace_back(name, std::vector<std::string>()).second;
    if (name == "vector") {
      std::vector<float> vector;
      if (!node.is_array()) wrong = Refusal{"invalid_vector", name, "vector is a list of numbers"};
      node.items([&](const JsonNode& item) {
        const auto number = item.number();
        const bool fits = number && std::abs(*number) <= double(std::numeric_limits<float>::max());
        if (!fits) wrong = Refusal{"invalid_vector", name, "a vector's numbers are finite floats"};
        else if (vector.size() <= limits::embedding_numbers) vector.push_back(static_cast<float>(*number));
      });
      given.vector = std::move(vector);
    } else if (node.is_array() && !is_single(name)) {
      node.items([&](const JsonNode& item) { values.push_back(plain(item)); });
    } else if (node.is_scalar()) {
      values.push_back(plain(node));
    } else if (node) {
      wrong = Refusal{"invalid_value", name, "it is a text or a number here, of a filter also a list of texts"};
    }
  });
  if (wrong) return std::unexpected(*wrong);
  return read(given, now, mask);
}

std::string snippet_of(std::string_view text, const std::vector<std::string>& words) {
  if (text.size() <= limits::search_snippet_bytes) return std::string(text);
  const auto continues = [&](std::size_t at) { return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  std::size_t begin = 0;
  SearchWords found;
  found.read(text);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::ranges::find(words, found.word(i)) == words.end()) continue;
    const std::size_t before = limits::search_snippet_bytes / 3;
    begin = found.begin(i) > before ? found.begin(i) - before : 0;
    break;
  }
  begin = std::min(begin, text.size() - limits::search_snippet_bytes);
  while (begin > 0 && continues(begin)) --begin;
  std::size_t end = begin + limits::search_snippet_bytes;
  while (end > begin && continues(end)) --end;
  return fmt::format("{}{}{}", begin > 0 ? "…" : "", text.substr(begin, end - begin), end < text.size() ? "…" : "");
}

}  // namespace aybiza
