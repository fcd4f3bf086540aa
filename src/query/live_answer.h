// A question answered from live state: the part the panes and the retained calls cover exactly.
//
// Shape    the question is put to every shard as a LiveQuestion; their partial tallies are merged and finished here.
// Errors   Refusal not_covered, with what is covered: moving averages, histograms, utilization, times of day,
//          generic metrics beside others or by anything but whole minutes, and ranges that reach back further than live state does. `auto` then asks the store.
// Threads  pure but for `shards`, which waits for the shard threads.
// Source   decisions.md 20, 21.
#pragma once

#include <functional>
#include <utility>

#include "aggregate/learning_table.h"
#include "aggregate/live_question.h"
#include "aggregate/metric_minutes.h"
#include "query/answer.h"

namespace aybiza {

// All shards' answer to a question they cover; not_covered otherwise.
using AskShards = std::function<Answered<LivePartial>(const LiveQuestion& question, Instant now)>;

using AskMetrics = std::function<Answered<MetricPartial>(const MetricQuestion& question)>;

using AskLearning = std::function<Answered<LearningPartial>(const LearningQuestion& question)>;

Answered<Answer> answer_from_live(const Question& question, const AskShards& shards, const AskMetrics& metrics, Instant now,
                                  const AskLearning& learning = {});

}  // namespace aybiza
