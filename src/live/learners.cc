#include "live/learners.h"

#include <algorithm>
#include <tuple>

namespace aybiza {
namespace {

constexpr std::string_view asked[] = {"learning_patterns", "successful_patterns", "replicated_patterns", "improvements", "knowledge_nodes", "unanswered_questions"};

Learner learner_of(const std::vector<Figure>& row, std::size_t first) {
  Learner one{.agent = first > 0 ? text_in(row[0]) : std::string(), .knowledge_nodes = number_in(row, first + 4), .unanswered = number_in(row, first + 5)};
  one.patterns = number_in(row, first).value_or(0), one.successful = number_in(row, first + 1).value_or(0);
  one.replicated = number_in(row, first + 2).value_or(0), one.improvements = number_in(row, first + 3).value_or(0);
  return one;
}

}  // namespace

Learners compute_learners(const Ask& ask, const ViewScope& scope, Instant now) {
  Learners out;
  out.as_of = now;
  const Range range = range_of(scope, now);
  Question q = question_of(asked, range.from, range.to, scope);
  const auto all = ask(q);
  q.by = {{Dimension::agent_id, ""}};
  const auto by_agent = ask(q);
  constexpr std::string_view calls[] = {"calls"};
  Question tried = question_of(calls, range.from, range.to, scope);
  tried.by = {{Dimension::experiment, ""}};
  const auto experiments = ask(tried);
  for (const auto* answer : {&all, &by_agent, &experiments})
    if (!*answer) return out.error = answer->error().message, out;
  if (!all->rows.empty()) out.all = learner_of(all->rows[0], 0);
  for (const auto& row : by_agent->rows)
    if (Learner one = learner_of(row, 1); !one.agent.empty() && (one.told() > 0 || one.knowledge_nodes)) out.agents.push_back(std::move(one));
  std::ranges::sort(out.agents, [](const Learner& a, const Learner& b) { return std::tuple(-a.told(), a.agent) < std::tuple(-b.told(), b.agent); });
  out.learning = out.agents.size();
  if (out.agents.size() > learners_shown) out.agents.resize(learners_shown);
  for (const auto& row : experiments->rows) out.experiments += text_in(row[0]).empty() ? 0 : 1;
  return out;
}

}  // namespace aybiza
