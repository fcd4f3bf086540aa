#include "dashboard/turn_search_tile.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "dashboard/reasons.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "query/search_request.h"
#include "query/turn_labels.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

bool of_a_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80; }

bool same_word(std::string_view said, const std::string& word) {
  return said.size() == word.size() && std::ranges::equal(said, word, [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b); });
}

Node marked(std::string_view text, const std::vector<std::string>& words) {
  const auto parts = marked_parts(text, words);
  std::vector<std::size_t> places(parts.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  return each(places, [](std::size_t i) { return i; }, [&](std::size_t i) { return i % 2 == 1 ? html<"<mark>{}</mark>">(parts[i]) : Node::text(std::string(parts[i])); });
}

Node row(const TurnHit& hit, const std::vector<std::string>& words, const Filters& filters, const Zone& zone) {
  const Texts& t = texts_of(filters);
  std::vector<std::string> about;
  for (const std::string_view topic : topics_of(hit.topics)) about.push_back(show_word(t, topic));
  const std::string said = fmt::format("{}", fmt::join(about, ", "));
  const std::string call = to_string(hit.call_id), who = show_word(t, hit.agent_speaks ? "agent" : "caller");
  return html<"<tr><td class=\"nowrap\"><a class=\"row\" href=\"{}#turn-{}\">{}</a></td><td>{}</td><td class=\"said-in\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>">(
      address("/calls/" + call, filters), hit.turn_number, show_moment(hit.time, zone, t), who, marked(snippet_of(hit.text, words), words), said.empty() ? std::string(dash) : said,
      or_unknown(t, hit.customer), or_unknown(t, hit.agent));
}

std::string notes(const TurnMatches& found, const Texts& t) {
  std::string out = t("search.found", show_count(t, double(found.hits.size())), show_count(t, double(found.turns)));
  if (!found.complete) out += fmt::format(" · {}", t("search.newest_only"));
  return out;
}

}  // namespace

std::vector<std::string_view> marked_parts(std::string_view text, const std::vector<std::string>& words) {
  std::vector<std::string_view> out;
  std::size_t plain = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!of_a_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && of_a_word(text[end])) ++end;
    const std::string_view said = text.substr(at, end - at);
    if (std::ranges::any_of(words, [&](const std::string& word) { return same_word(said, word); })) {
      out.push_back(text.substr(plain, at - plain));
      out.push_back(said);
      plain = end;
    }
    at = end;
  }
  out.push_back(text.substr(plain));
  return out;
}

Node turn_search_form(const Filters& filters) {
  const Texts& t = texts_of(filters);
  const auto way = [&](std::string_view value, std::string_view label) { return html<"<option value=\"{}\"{}>{}</option>">(value, flag<"selected">(filters.find_by == value), t(label)); };
  std::optional<Node> clear;
  if (!filters.find.empty()) {
    Filters to = filters;
    to.find.clear(), to.find_by.clear();
    clear = html<"<a class=\"button\" id=\"search-clear\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">{}</a>">(address("/conversations", to), t("search.clear"));
  }
  return html<"<form id=\"turn-search\" class=\"row-flex call-filters\" role=\"search\" method=\"get\" action=\"/conversations\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<input type=\"search\" id=\"search\" name=\"q\" value=\"{}\" maxlength=\"500\" placeholder=\"{}\" aria-label=\"{}\" autocomplete=\"off\">"
              "<select name=\"in\" aria-label=\"{}\">{}{}</select><button>{}</button>{}</form>">(
      filters.find, t("search.placeholder"), t("search.placeholder"), t("search.way"), way("", "search.by_words"), way("meaning", "search.by_meaning"), t("search.button"), clear);
}

Node found_tile(const FoundState* state, const Filters& filters) {
  const Texts& t = texts_of(filters);
  std::string error, empty, n;
  Node table;
  if (state && !state->found) {
    // What somebody asked wrongly is no broken tile.
    const Refusal& refusal = state->found.error();
    (refusal.code == "unavailable" ? error : empty) = refusal.code == "no_model" ? std::string(t("search.no_model")) : refusal.code == "unknown_words" ? std::string(t("search.unknown_words")) : reason_of(t, refusal.message);
  } else if (state && state->found->matches.hits.empty()) {
    empty = why_empty(t("search.no_turn"), filters);
  } else if (state) {
    const FoundTurns& found = *state->found;
    const Zone zone = zone_or_utc(filters.zone);
    n = notes(found.matches, t);
    const Node body = rows(found.matches.hits, [](const TurnHit& hit) { return fmt::format("{}-{}", to_string(hit.call_id), hit.turn_number); }, [&](const TurnHit& hit) { return row(hit, found.words, filters, zone); });
    constexpr std::string_view heads[] = {"learning.when", "dimension.speaker", "search.said", "dimension.topic", "dimension.customer_id", "dimension.agent_id"};
    const Node head = each(heads, [](std::string_view key) { return key; }, [&](std::string_view key) { return html<"<th scope=\"col\">{}</th>">(t(key)); });
    table = html<"<table class=\"rows\" id=\"found\"><caption class=\"sr\">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>">(t("figure.found_turns"), head, body);
  }
  return table_tile({.name = "found_turns", .size = "w-12 h-4", .texts = t, .loading = state == nullptr, .error = std::move(error), .empty = std::move(empty), .n = std::move(n), .table = std::move(table)});
}

}  // namespace aybiza::dashboard
