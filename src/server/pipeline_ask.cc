// Questions: to live state where it covers them, else to the store.
#include "base/limits.h"
#include "query/learning.h"
#include "query/sql_answer.h"
#include "server/pipeline.h"

namespace aybiza {

Answered<Answer> Pipeline::ask_at(const Question& question, bool wait) {
  const Instant now = clock_.now();
  const auto late = [] {
    return std::unexpected(Refusal{"unavailable", "source", "the store has not caught up with what was accepted; ask again, or ask source=live"});
  };
  if (question.source != Source::store) {
    if (wait && !wait_folded(limits::read_your_writes_timeout)) return late();
    auto answer = answer_from_live(question, [this](const LiveQuestion& live, Instant at) { return shards_->ask(live, at); },
                                   [this](const MetricQuestion& live) { return shards_->ask(live); }, now,
                                   [this](const LearningQuestion& live) { return shards_->ask(live); });
    if (answer || answer.error().code != "not_covered" || question.source == Source::live) return answer;
  }
  if (wait && !wait_applied(limits::read_your_writes_timeout)) return late();
  return answer_from_sql(question, *store_, now, clock_.elapsed() + Duration(limits::query_timeout));
}

Answered<Answer> Pipeline::ask(const Question& question) { return ask_at(question, true); }
Answered<Answer> Pipeline::glance(const Question& question) { return ask_at(question, false); }

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
