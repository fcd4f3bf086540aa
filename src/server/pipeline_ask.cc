// Questions: to live state where it covers them, else to the store.
#include "base/limits.h"
#include "query/learning.h"
#include "query/live_answer.h"
#include "query/sql_answer.h"
#include "server/pipeline.h"

namespace aybiza {

Answered<Answer> Pipeline::live_answer(const Question& question, const AskShards& shards, Instant now) {
  return answer_from_live(question, shards, [this](const MetricQuestion& live) { return shards_->ask(live); }, now,
                          [this](const LearningQuestion& live) { return shards_->ask(live); });
}

StoreLag Pipeline::store_lag() const {
  const Unwritten::Stats unwritten = unwritten_->stats();
  const std::uint64_t folded = shards_->folded();  // what is only in the log is no news to the store yet
  const std::lock_guard lock(mutex_);
  if (stats_.applied >= folded) return {};
  return {.lag = clock_.now() - oldest_unapplied_, .on_disk = unwritten.spilled_bytes > 0};
}

Duration Pipeline::page_deadline() const {
  const bool behind = store_lag().lag > limits::store_behind;
  return clock_.elapsed() + (behind ? Duration(limits::behind_timeout) : Duration(limits::query_timeout));
}

Answered<Answer> Pipeline::ask_store(const Question& question, Instant now) {
  const StoreLag lag = store_lag();
  const Duration elapsed = clock_.elapsed();
  const auto patience = patience_.of(question.to, lag, now, elapsed);
  if (!patience) return std::unexpected(patience.error());
  auto answer = answer_from_sql(question, *store_, now, elapsed + *patience);
  if (!answer && answer.error().code == "unavailable") patience_.failed(lag, clock_.elapsed());
  return answer;
}

Answered<Answer> Pipeline::ask_at(const Question& question, bool wait) {
  const Instant now = clock_.now();
  const auto late = [] {
    return std::unexpected(Refusal{"unavailable", "source", "the store has not caught up with what was accepted; ask again, or ask source=live"});
  };
  if (question.source != Source::store) {
    if (wait && !wait_folded(limits::read_your_writes_timeout)) return late();
    auto answer = live_answer(question, [this](const LiveQuestion& live, Instant at) { return shards_->ask(live, at); }, now);
    if (answer || answer.error().code != "not_covered" || question.source == Source::live) return answer;
  }
  if (!wait) return ask_store(question, now);
  if (!wait_applied(limits::read_your_writes_timeout)) return late();
  return answer_from_sql(question, *store_, now, clock_.elapsed() + Duration(limits::query_timeout));
}

Answered<Answer> Pipeline::ask(const Question& question) { return ask_at(question, true); }
Answered<Answer> Pipeline::glance(const Question& question) { return ask_at(question, false); }

// First what each would ask the shards, then that of all of them, then each with its answer.
std::vector<Answered<Answer>> Pipeline::glance(std::span<const Question> questions) {
  const Instant now = clock_.now();
  std::vector<LiveQuestion> live;
  std::vector<std::optional<std::size_t>> place(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (questions[i].source == Source::store) continue;
    (void)live_answer(questions[i], [&](const LiveQuestion& one, Instant) -> Answered<LivePartial> {
      place[i] = live.size();
      live.push_back(one);
      return std::unexpected(Refusal{"not_covered", "", ""});
    }, now);
  }
  auto partials = shards_->ask(std::span<const LiveQuestion>(live), now);
  std::vector<Answered<Answer>> out;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const bool asked = place[i] && (partials[*place[i]] || partials[*place[i]].error().code != "not_covered" || questions[i].source == Source::live);
    if (asked) out.push_back(live_answer(questions[i], [&](const LiveQuestion&, Instant) { return std::move(partials[*place[i]]); }, now));
    else out.push_back(glance(questions[i]));
  }
  return out;
}

Answered<LearningPartial> Pipeline::learning(const LearningQuestion& question, Source& source) {
  const auto late = std::unexpected(Refusal{"unavailable", "source", "what was accepted has not been folded yet; ask again"});
  if (source != Source::store) {
    if (!wait_folded(limits::read_your_writes_timeout)) return late;
    auto rows = shards_->ask(question);
    if (rows || rows.error().code != "not_covered" || source == Source::live) {
      source = Source::live;
      if (!rows) return rows;
      return in_order(std::move(*rows));
    }
  }
  source = Source::store;
  if (!wait_applied(limits::read_your_writes_timeout)) return late;
  return learning_from_store(question, *store_);
}

Answered<LearningPartial> Pipeline::learning_now(const LearningQuestion& question) {
  auto rows = shards_->ask(question);
  if (rows) return in_order(std::move(*rows));
  return rows.error().code == "not_covered" ? learning_from_store(question, *store_) : rows;
}

}  // namespace aybiza
