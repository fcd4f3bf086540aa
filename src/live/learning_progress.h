// What the Learning page shows, as numbers: whether calls go better than they did, what was learnt, how knowledge grows, and what
// was changed when, with the figures before and after.
//
// Shape    tiles with the period before; success, error and efficiency over time; sizes of knowledge; patterns by what became of them.
//          Figures come from questions only, so each is also one of /api/v1/query; rows (changes, patterns, improvements) are the
//          newest of the range, at most limits::page_told of each.
// Units    wire units.
// Errors   a question that fails leaves its part with the reason.
// Threads  pure; `ask` and `rows` may be slow and are called on a live thread.
// Source   interface.md "Learning"; docs/learning.md; docs/metrics.md.
#pragma once

#include "live/asking.h"
#include "live/change_marks.h"
#include "query/learning.h"
#include "query/pattern_lives.h"

namespace aybiza {

enum LearningTile { progress_success_tile, progress_error_tile, progress_efficiency_tile, discovered_tile, replicated_tile, improved_tile, knowledge_tile, unanswered_tile, learning_tiles };
inline constexpr std::array<std::string_view, learning_tiles> learning_tile_names{
    "success_rate", "error_rate", "efficiency_score", "learning_patterns", "replicated_patterns", "improvements", "knowledge_nodes", "unanswered_questions"};

struct ChangeCard {                       // one change and what followed
  std::shared_ptr<const ChangeRow> change;
  Known success_before, success_after, errors_before, errors_after;
  double calls_before = 0, calls_after = 0;
};

struct LearningState {
  Instant as_of{};
  std::array<TileState, learning_tiles> tiles;
  ChartSeries progress;                   // success, errors, efficiency; shares
  ChartSeries knowledge;                  // nodes, edges
  ChartSeries patterns;                   // active, successful, failed, replicated, by interval
  std::vector<std::shared_ptr<const ChangeRow>> changes;  // newest first
  std::vector<ChangeCard> cards;          // of the newest few
  std::vector<PatternLife> lives;         // newest first
  std::vector<Told> improvements;         // newest first
  std::string rows_error;
};

inline constexpr Duration card_reach = std::chrono::hours(1);  // what is compared before and after a change
inline constexpr std::size_t cards_shown = 8;

LearningState compute_learning(const Ask& ask, const AskRows& rows, const ViewScope& scope, Instant now);

}  // namespace aybiza
