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
  if (topic->second.subscribers.empty()) topics_.erase(topic);
  topic_of_.erase(at);
}

Duration Hub::rhythm_of(const Topic& topic) const {
  const Duration busy = topic.plan.busy * std::int64_t(std::max(limits::live_crowd, topic.subscribers.size())) / std::int64_t(limits::live_crowd);
  return std::max(topic.version != version_ ? std::min(busy, std::max(topic.plan.busy, topic.plan.idle)) : topic.plan.idle, 2 * topic.cost);
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

Duration Hub::step(Instant now, Duration elapsed, const Clock* clock) {
  for (auto& [key, topic] : topics_) {
    if (due_in(topic, elapsed) > Duration(0)) continue;
    topic.version = version_;
    topic.computed = elapsed;
    const Duration began = clock ? clock->elapsed() : elapsed;
    topic.state = topic.plan.compute(now);
    topic.cost = (clock ? clock->elapsed() : elapsed) - began;
    for (const auto& [id, notify] : topic.subscribers) notify(topic.state);
  }
  return until_due(elapsed);
}

}  // namespace aybiza
