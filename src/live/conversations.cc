#include "live/conversations.h"

#include <algorithm>
#include <map>


namespace aybiza {
namespace {

constexpr std::string_view tile_words[] = {"avg_sentiment", "resolution_rate", "avg_satisfaction", "intervened_calls", "turns", "rated_calls", "calls"};
constexpr std::array<Trend, talk_tiles> trends{Trend::more_is_better, Trend::more_is_better, Trend::more_is_better, Trend::less_is_better, Trend::less_is_better, Trend::less_is_better};

Known share_of(const Known& part, const Known& whole) { return part && whole && *whole > 0 ? Known(*part / *whole) : std::nullopt; }

// A tile's figure from a row whose measures begin at `first`.
Known tile_value(const std::vector<Figure>& row, std::size_t first, std::size_t tile) {
  if (tile == intervention_tile) return share_of(number_in(row, first + 3), number_in(row, first + 6));
  return number_in(row, first + tile);
}

void fill_tiles(const Ask& ask, const ViewScope& scope, const Range& range, ConversationsState& into) {
  constexpr std::array<std::size_t, 4> counted{4, 6, 5, 6};
  const auto now = ask(question_of(tile_words, range.from, range.to, scope)), before = ask(question_of(tile_words, range.from - (range.to - range.from), range.from, scope));
  Question q = question_of(tile_words, floor_to(range.from, range.step), range.to, scope);
  q.step = range.step, q.zone = scope.zone;
  const auto over_time = ask(q);
  for (std::size_t i = 0; i < counted.size(); ++i) {
    TileState& tile = into.tiles[i];
    if (!now) {
      tile.error = now.error().message;
      continue;
    }
    if (now->rows.empty()) continue;
    tile.value = tile_value(now->rows[0], 0, i);
    note_sample(*now, i, tile);
    if (i == intervention_tile) tile.standard_error.reset();  // of a share that is asked as two counts
    tile.n = number_in(now->rows[0], counted[i]).value_or(0);
    if (before && !before->rows.empty()) tile.previous = tile_value(before->rows[0], 0, i);
    if (over_time)
      for (const auto& row : over_time->rows) tile.spark.push_back(tile_value(row, 1, i));
  }
  if (now && !now->rows.empty()) into.answered = share_of(number_in(now->rows[0], 5), number_in(now->rows[0], 6));
}

// Interruptions both ways: of the agent's turns those a caller cut off, and the reverse.
void fill_cuts(const Ask& ask, const ViewScope& scope, const Range& range, std::array<TileState, talk_tiles>& tiles) {
  constexpr std::string_view words[] = {"interruptions", "turns"};
  struct Cut {
    TalkTile tile;
    std::string_view speaker;
  };
  constexpr Cut cuts[] = {{caller_cuts_tile, "agent"}, {agent_cuts_tile, "caller"}};
  const auto by_speaker = [&](Instant from, Instant to, Duration step) {
    Question q = question_of(words, from, to, scope);
    q.by = {{Dimension::speaker, ""}};
    q.step = step, q.zone = scope.zone;
    return ask(q);
  };
  const auto now = by_speaker(range.from, range.to, {}), before = by_speaker(range.from - (range.to - range.from), range.from, {}), over_time = by_speaker(floor_to(range.from, range.step), range.to, range.step);
  for (const Cut& cut : cuts) {
    TileState& tile = tiles[cut.tile];
    if (!now) {
      tile.error = now.error().message;
      continue;
    }
    const auto of = [&](const Answer& answer, std::size_t first, const auto& take) {
      for (const auto& row : answer.rows)
        if (text_in(row[first]) == cut.speaker) take(row);
    };
    of(*now, 0, [&](const auto& row) { tile.value = share_of(number_in(row, 1), number_in(row, 2)), tile.n = number_in(row, 2).value_or(0); });
    tile.estimate = rests_on_sample(*now);
    if (before) of(*before, 0, [&](const auto& row) { tile.previous = share_of(number_in(row, 1), number_in(row, 2)); });
    if (over_time) of(*over_time, 1, [&](const auto& row) { tile.spark.push_back(share_of(number_in(row, 2), number_in(row, 3))); });
  }
}

ChartSeries moods_of(const Ask& ask, const ViewScope& scope, const Range& range) {
  constexpr std::string_view words[] = {"turns"}, classes[] = {"positive", "neutral", "negative"};
  Question q = question_of(words, floor_to(range.from, range.step), range.to, scope);
  q.step = range.step, q.zone = scope.zone;
  q.by = {{Dimension::sentiment_class, ""}};
  ChartSeries series;
  series.names = {"Positive", "Neutral", "Negative"};
  series.values.resize(std::size(classes));
  const auto answer = ask(q);
  if (!answer) return series.error = answer.error().message, series;
  series.estimate = rests_on_sample(*answer);
  std::map<Instant, std::array<double, std::size(classes)>> turns;
  for (const auto& row : answer->rows) {
    const auto at = std::ranges::find(classes, text_in(row[1]));
    if (at == std::end(classes)) continue;  // of no known mood
    if (const auto time = parse_rfc3339(text_in(row[0]))) turns[*time][std::size_t(at - classes)] += number_in(row, 2).value_or(0);
  }
  for (const auto& [time, counts] : turns) {
    const double all = counts[0] + counts[1] + counts[2];
    series.times.push_back(time);
    for (std::size_t i = 0; i < counts.size(); ++i) series.values[i].push_back(all > 0 ? Known(counts[i] / all) : std::nullopt);
  }
  return series;
}

Counted turns_by(const Ask& ask, const ViewScope& scope, const Range& range, Dimension dimension) {
  constexpr std::string_view words[] = {"turns"};
  Question q = question_of(words, range.from, range.to, scope);
  q.by = {{dimension, ""}};
  Counted out;
  const auto answer = ask(q);
  if (!answer) return out.error = answer.error().message, out;
  out.estimate = rests_on_sample(*answer);
  for (const auto& row : answer->rows)
    if (const std::string name = text_in(row[0]); !name.empty())
      if (const Known count = number_in(row, 1); count && *count > 0) out.rows.push_back({name, *count});
  std::ranges::sort(out.rows, [](const NamedCount& a, const NamedCount& b) { return a.value != b.value ? a.value > b.value : a.name < b.name; });
  return out;
}

// Whether it rests on a sample.
bool fill_histogram(const Ask& ask, const Question& question, Histogram& into, std::string& error) {
  const auto answer = ask(question);
  if (!answer) return error = answer.error().message, false;
  if (!answer->rows.empty())
    if (const auto* buckets = std::get_if<Histogram>(&answer->rows[0][0])) into = *buckets;
  return rests_on_sample(*answer);
}

void fill_lengths(const Ask& ask, const ViewScope& scope, const Range& range, ConversationsState& into) {
  constexpr std::string_view words[] = {"hist_duration_ms"};
  Question q = question_of(words, range.from, range.to, scope);
  into.lengths_estimate = fill_histogram(ask, q, into.lengths, into.lengths_error);
  q.where.push_back({{Dimension::resolution_status, ""}, false, {"resolved"}, false});
  fill_histogram(ask, q, into.resolution_times, into.resolution_error);
}

void fill_stages(const Ask& ask, const ViewScope& scope, const Range& range, ConversationsState& into) {
  constexpr std::string_view words[] = {"p50_stt_latency_ms", "p95_stt_latency_ms", "p50_llm_latency_ms", "p95_llm_latency_ms",
                                        "p50_tts_latency_ms", "p95_tts_latency_ms", "p50_response_time_ms", "p95_response_time_ms",
                                        "avg_stt_latency_ms", "avg_llm_latency_ms", "avg_tts_latency_ms", "avg_response_time_ms"};
  constexpr std::string_view names[] = {"Speech to text", "Model", "Text to speech", "Response"};
  const auto answer = ask(question_of(words, range.from, range.to, scope));
  if (!answer) {
    into.stages_error = answer.error().message;
    return;
  }
  into.stages_estimate = rests_on_sample(*answer);
  if (answer->rows.empty()) return;
  for (std::size_t i = 0; i < std::size(names); ++i) into.stages.push_back({names[i], number_in(answer->rows[0], 2 * i), number_in(answer->rows[0], 2 * i + 1), number_in(answer->rows[0], 8 + i)});
}

}  // namespace

ConversationsState compute_conversations(const Ask& ask, const ViewScope& scope, Instant now) {
  ConversationsState state;
  state.as_of = now;
  const Range range = range_of(scope, now);
  fill_tiles(ask, scope, range, state);
  fill_cuts(ask, scope, range, state.tiles);
  for (std::size_t i = 0; i < talk_tiles; ++i) state.tiles[i].name = talk_tile_names[i], state.tiles[i].trend = trends[i];
  state.moods = moods_of(ask, scope, range);
  state.topics = turns_by(ask, scope, range, Dimension::topic);
  state.emotions = turns_by(ask, scope, range, Dimension::emotion);
  fill_lengths(ask, scope, range, state);
  fill_stages(ask, scope, range, state);
  return state;
}

TalkTimes compute_talk_times(const AskTalk& talk, const ViewScope& scope, Instant now) {
  const Range range = range_of(scope, now);
  const auto over = [&](Instant from, Instant to) { return talk({from, to, scope.customers, scope.customer, scope.region}); };
  const auto present = over(range.from, range.to), before = over(range.from - (range.to - range.from), range.from);
  TalkTimes out;
  out.as_of = now;
  for (std::size_t i = 0; i < talk_time_tiles; ++i) {
    TileState& tile = out.tiles[i];
    tile.name = talk_time_names[i], tile.trend = i == silence_tile ? Trend::less_is_better : Trend::neither;
    if (!present) {
      tile.error = present.error().message;
      continue;
    }
    const auto share = [&](const TalkTime& t) { return share_of(i == silence_tile ? t.silent_ms : t.agent_ms, t.told_ms); };
    tile.value = share(*present), tile.n = double(present->calls), tile.estimate = present->estimate;
    if (before) tile.previous = share(*before);
  }
  return out;
}

}  // namespace aybiza
