#include "live/hub.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {

Hub::SubscriberId Hub::subscribe(const TopicPlan& plan, Notify notify) {
  const SubscriberId id = next_++;
  auto [at, fresh] = topics_.try_emplace(plan.key);
  if (fresh) at->second.plan = plan;
  if (at->second.state) notify(at->second.state);
  at->second.subscribers.emplace(id, std::move(notify));
  topic_of_.emplace(id, plan.key);
  return id;
}

void Hub::unsubscribe(SubscriberId subscriber) {
  const auto at = topic_of_.find(subscriber);
  if (at == topic_of_.end()) return;
  const auto topic = topics_.find(at->second);
  topic->second.subscribers.erase(subscriber);
  if (topic->second.subscribers.empty()) {
    if (topic->second.plan.heavy) heavy_cost_ -= topic->second.cost;
    topics_.erase(topic);
  }
  topic_of_.erase(at);
}

Duration Hub::rhythm_of(const Topic& topic) const {
  const Duration busy = topic.plan.busy * std::int64_t(std::max(limits::live_crowd, topic.subscribers.size())) / std::int64_t(limits::live_crowd);
  const Duration rhythm = topic.version != version_ ? std::min(busy, std::max(topic.plan.busy, topic.plan.idle)) : topic.plan.idle;
  return std::max(rhythm, 2 * (topic.plan.heavy ? heavy_cost_ : topic.cost));
}

Duration Hub::due_in(const Topic& topic, Duration elapsed) const {
  if (topic.computed == Duration::min()) return Duration(0);
  return std::max(Duration(0), topic.computed + rhythm_of(topic) - elapsed);
}

Duration Hub::until_due(Duration elapsed) const {
  Duration soonest = std::chrono::seconds(1);
  for (const auto& [key, topic] : topics_) soonest = std::min(soonest, due_in(topic, elapsed));
  return soonest;
}

StatePtr Hub::newest(const std::string& key) const {
  const auto topic = topics_.find(key);
  return topic == topics_.end() ? nullptr : topic->second.state;
}

Hub::Topic* Hub::longest_due(Duration elapsed) {
  Topic* found = nullptr;
  Duration since = Duration::max();
  for (auto& [key, topic] : topics_) {
    if (due_in(topic, elapsed) > Duration(0)) continue;
    const Duration was_due = topic.computed == Duration::min() ? Duration::min() : topic.computed + rhythm_of(topic);
    if (!found || was_due < since) found = &topic, since = was_due;
  }
  return found;
}

Duration Hub::step(Instant now, Duration elapsed, const Clock* clock) {
  const Duration began = clock ? clock->elapsed() : elapsed;
  while (Topic* topic = longest_due(elapsed)) {
    topic->version = version_;
    topic->computed = elapsed;
    const Duration before = clock ? clock->elapsed() : elapsed;
    topic->state = topic->plan.compute(now);
    const Duration after = clock ? clock->elapsed() : elapsed;
    if (topic->plan.heavy) heavy_cost_ += after - before - topic->cost;
    topic->cost = after - before;
    for (const auto& [id, notify] : topic->subscribers) notify(topic->state);
    if (after - began > live_turn) return Duration(0);
  }
  return until_due(elapsed);
}

}  // namespace aybiza
