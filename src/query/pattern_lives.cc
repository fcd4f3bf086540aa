#include "query/pattern_lives.h"

#include <algorithm>
#include <map>

namespace aybiza {

std::vector<PatternLife> pattern_lives(const std::vector<Told>& rows, Instant from, const KeepRow& seen, const KeepRow& told) {
  std::map<std::pair<std::string_view, std::string_view>, PatternLife> by_pattern;
  for (const Told& row : rows) {
    if (row->type != EventType::learning_pattern || !seen(*row)) continue;
    PatternLife& life = by_pattern[{row->customer, row->pattern_id}];
    if (!life.first) life.first = row;
    if (row->time < from || !told(*row)) continue;
    life.last = row;
    ++life.events;
    life.name = row->name;
    if (!row->outcome.empty()) life.outcome = row->outcome;
    if (!row->replicated_from.empty()) life.replicated_from = row->replicated_from;
    if (row->confidence_e4) life.confidence_e4 = row->confidence_e4;
    if (!row->dims[Field::agent_id].empty()) life.agents.insert(row->dims[Field::agent_id]);
  }
  std::vector<PatternLife> lives;
  for (auto& [key, life] : by_pattern)
    if (life.last) lives.push_back(std::move(life));
  std::ranges::sort(lives, {}, [](const PatternLife& life) { return std::pair(life.last->time, life.last->id); });
  return lives;
}

}  // namespace aybiza
