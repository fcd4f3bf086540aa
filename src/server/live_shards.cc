#include "server/live_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <latch>
#include <thread>

#include "assemble/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/metric_binary.h"

namespace aybiza {

using namespace std::chrono_literals;

namespace {
constexpr int step_rest = 4;  // times as long as a step took: a fifth of a shard's time
constexpr auto answer_turn = 500us;  // of one question, before another's turn
}

LiveShards::Lane::Lane(Shard&& s) : shard(std::move(s)), mailbox(limits::mailbox_batches), folded(shard.offset()) {}

LiveShards::LiveShards(std::vector<Shard> shards) {
  for (Shard& shard : shards) lanes_.push_back(std::make_unique<Lane>(std::move(shard)));
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    lanes_[i]->thread = Thread(fmt::format("shard-{}", i), [this, lane = lanes_[i].get()](std::stop_token) { serve(*lane); });
}

LiveShards::~LiveShards() { stop(); }

void LiveShards::stop() {
  for (auto& lane : lanes_) lane->mailbox.close();
  for (auto& lane : lanes_)
    if (lane->thread.joinable()) lane->thread.join();
}

void LiveShards::serve(Lane& lane) {
  while (!lane.mailbox.finished()) {
    const Duration patience = !lane.answering.empty() ? Duration(0) : lane.meanwhile ? until_next_step(lane) : Duration(1s);
    lane.mailbox.drain_wait(patience, [&](Message&& message) {
      if (auto* chunk = std::get_if<EventChunk>(&message)) fold(lane, *chunk);
      else std::get<Work>(message)(lane.shard);
      step(lane);
      answer(lane, false);
    });
    step(lane);
    answer(lane, true);
  }
  while (!lane.answering.empty()) answer(lane, true);
}

void LiveShards::answer(Lane& lane, bool idle) {
  if (lane.answering.empty()) return;
  const auto began = Steady::now();
  if (!idle && began < lane.next_answer) return;
  Step one = std::move(lane.answering.front());
  lane.answering.pop_front();
  auto end = began;
  bool more = true;
  while (more && end - began < answer_turn) {
    more = one(lane.shard);
    end = Steady::now();
  }
  if (more) lane.answering.push_back(std::move(one));
  lane.next_answer = end + (end - began);
}

Duration LiveShards::until_next_step(const Lane& lane) {
  const auto left = std::chrono::duration_cast<Duration>(lane.next_step - Steady::now());
  return std::clamp(left, Duration(0), Duration(1s));
}

void LiveShards::step(Lane& lane) {
  if (!lane.meanwhile) return;
  const auto began = Steady::now();
  if (began < lane.next_step) return;
  if (!lane.meanwhile(lane.shard)) lane.meanwhile = nullptr;
  const auto end = Steady::now();
  lane.next_step = end + step_rest * (end - began);
}

void LiveShards::meanwhile(std::size_t shard, Step step) {
  CHECK(!lanes_[shard]->meanwhile);
  lanes_[shard]->meanwhile = std::move(step);
}

namespace {

// As if the whole's sender had told it. That a part has ended says nothing of when the whole began or ends.
void rename(Event& event, std::vector<Value>& values, const JoinedCall& join) {
  event.call = join.whole;
  for (Value& value : values)
    if (value.field == Field::call_id) value.text = join.name;
  if (event.type != EventType::call_ended) return;
  event.type = EventType::call_updated;
  std::erase_if(values, [](const Value& value) { return value.field == Field::started_at || value.field == Field::total_duration_ms; });
  event.values = values;
}

}  // namespace

void LiveShards::fold_join(Lane& lane, const EventChunk::Join& join) {
  if (join.what == EventChunk::Join::What::gives) return join.handover->put(lane.shard.give_up(join.call));
  const std::string told = join.handover->take([&] { return lanes_[join.giver]->mailbox.finished(); });
  std::vector<Value> values;
  for (bytes::Reader in(told); !in.done() && !in.bad();) {
    const Instant received = in.instant();
    auto decoded = decode_event(in.text(), values);
    if (!decoded) continue;  // it was folded once
    rename(decoded->event, values, join.call);
    lane.shard.retell(decoded->event, join.call.offset, received);
  }
}

void LiveShards::fold(Lane& lane, const EventChunk& chunk) {
  thread_local std::vector<Value> values;
  for (std::size_t i = 0; i < chunk.items.size(); ++i) {
    const EventChunk::Item& item = chunk.items[i];
    lane.shard.foresee(i, chunk.items.size(), [&](std::size_t at) { return chunk.items[at].call; });
    const EventChunk::Join* join = item.join != 0 ? &chunk.joins[item.join - 1] : nullptr;
    if (join && join->what != EventChunk::Join::What::renames) {
      fold_join(lane, *join);
      continue;
    }
    const std::string_view bytes = std::string_view(chunk.bytes).substr(item.begin, item.size);
    auto decoded = decode_event(bytes, values);
    if (decoded && join) rename(decoded->event, values, join->call);
    if (decoded && decoded->event.type == EventType::metric_points) {
      thread_local MetricBatch batch;
      if (decode_metric_batch(decoded->event.text(Field::points), batch)) lane.shard.apply_points(decoded->event, batch, item.offset, item.received);
      else ++undecodable_;
    } else if (decoded) {
      lane.shard.apply(decoded->event, item.offset, item.received, may_be_part(decoded->event) ? bytes : std::string_view());
    } else {
      ++undecodable_;  // written by a newer version: verify names it, conservation counts it
    }
  }
  lane.queued_bytes -= chunk.bytes.size();
  lane.shard.advance(chunk.received);
  std::shared_ptr<const std::function<void()>> changed;
  {
    std::lock_guard lock(mutex_);
    lane.folded = chunk.to;
    changed = changed_;
  }
  progressed_.notify_all();
  if (!chunk.items.empty() && changed) (*changed)();
}

void LiveShards::feed(std::size_t shard, EventChunk chunk) {
  // An event may be a megabyte of points: the mailbox is bounded in bytes too.
  while (lanes_[shard]->queued_bytes.load() > limits::uncollected_bytes && !lanes_[shard]->mailbox.closed()) std::this_thread::sleep_for(200us);
  lanes_[shard]->queued_bytes += chunk.bytes.size();
  Message message(std::move(chunk));
  while (!lanes_[shard]->mailbox.post(std::move(message))) {
    if (lanes_[shard]->mailbox.closed()) return;
    std::this_thread::sleep_for(200us);  // full: the log keeps what is behind
  }
}

bool LiveShards::post(std::size_t shard, Work work) {
  Message message(std::move(work));
  while (!lanes_[shard]->mailbox.post(std::move(message))) {
    if (lanes_[shard]->mailbox.closed()) return false;
    std::this_thread::sleep_for(200us);
  }
  return true;
}

bool LiveShards::run_all(const std::function<void(std::size_t, Shard&)>& work) {
  struct Join {  // shared: a shard that closes early must not leave a dangling latch behind
    std::mutex mutex;
    std::condition_variable done;
    std::size_t left = 0;
  };
  auto join = std::make_shared<Join>();
  bool posted_all = true;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    {
      std::lock_guard lock(join->mutex);
      ++join->left;
    }
    const bool posted = post(i, [&work, join, i](Shard& shard) {
      work(i, shard);
      std::lock_guard lock(join->mutex);
      --join->left;
      join->done.notify_all();
    });
    if (!posted) {
      posted_all = false;
      std::lock_guard lock(join->mutex);
      --join->left;
    }
  }
  // A posted function always runs: a closing mailbox is drained before its thread leaves.
  std::unique_lock lock(join->mutex);
  join->done.wait(lock, [&] { return join->left == 0; });
  return posted_all;
}

namespace {

std::unexpected<Refusal> stopping() { return std::unexpected(Refusal{"unavailable", "source", "the server is stopping"}); }

// The shards' parts of an answer as one.
template <typename Partial, typename Merge>
Answered<Partial> merged(std::vector<Partial> parts, const std::vector<Coverage>& coverage, Merge&& join) {
  for (const Coverage& one : coverage)
    if (!one.covered) return std::unexpected(Refusal{"not_covered", "source", one.text});
  for (std::size_t i = 1; i < parts.size(); ++i) join(parts[0], std::move(parts[i]));
  return std::move(parts[0]);
}

// Every shard's part of an answer, merged; `covers` and `ask` run on the shards' threads.
template <typename Partial, typename Covers, typename Ask, typename Merge>
Answered<Partial> gather(LiveShards& shards, Covers&& covers, Ask&& ask, Merge&& join) {
  std::vector<Partial> parts(shards.count());
  std::vector<Coverage> coverage(shards.count());
  const bool asked = shards.run_all([&](std::size_t i, Shard& shard) {
    coverage[i] = covers(shard);
    if (coverage[i].covered) parts[i] = ask(shard);
  });
  return asked ? merged(std::move(parts), coverage, join) : Answered<Partial>(stopping());
}

}  // namespace

std::vector<Answered<LivePartial>> LiveShards::ask(std::span<const LiveQuestion> questions, Instant now) {
  struct Parts {
    std::vector<LivePartial> of;  // by shard
    std::vector<Coverage> coverage;
  };
  std::vector<Parts> parts(questions.size(), {std::vector<LivePartial>(count()), std::vector<Coverage>(count())});
  // Shared: who is last to answer still holds it when the one who asks has gone on.
  const auto left = std::make_shared<std::latch>(std::ptrdiff_t(questions.empty() ? 0 : count()));
  const auto begin = [&](std::size_t i, Shard& shard) {
    std::deque<std::pair<std::size_t, std::uint64_t>> begun;  // question, its number
    for (std::size_t q = 0; q < questions.size(); ++q) {
      parts[q].coverage[i] = shard.covers(questions[q], now);
      if (!parts[q].coverage[i].covered) continue;
      const std::uint64_t number = shard.begin_ask(questions[q], now);
      if (auto answer = shard.next_of_ask(number, 0)) parts[q].of[i] = std::move(*answer);  // most need no single calls
      else begun.emplace_back(q, number);
    }
    if (begun.empty()) return left->count_down();
    lanes_[i]->answering.push_back([&parts, left, i, begun = std::move(begun)](Shard& at) mutable {
      const auto [q, number] = begun.front();
      if (auto answer = at.next_of_ask(number)) parts[q].of[i] = std::move(*answer), begun.pop_front();
      if (!begun.empty()) return true;
      left->count_down();  // `parts` may be gone from here on
      return false;
    });
  };
  bool asked = true;
  for (std::size_t i = 0; i < count() && !questions.empty(); ++i) {
    if (post(i, [&begin, left, i](Shard& shard) { begin(i, shard); })) continue;
    asked = false;
    left->count_down();
  }
  left->wait();
  std::vector<Answered<LivePartial>> out;
  for (Parts& one : parts) {
    if (asked) out.push_back(merged(std::move(one.of), one.coverage, [](LivePartial& into, LivePartial&& part) { into.merge(std::move(part)); }));
    else out.emplace_back(stopping());
  }
  return out;
}

Answered<LivePartial> LiveShards::ask(const LiveQuestion& question, Instant now) { return std::move(ask(std::span(&question, 1), now)[0]); }

Answered<MetricPartial> LiveShards::ask(const MetricQuestion& question) {
  return gather<MetricPartial>(*this, [&](Shard& shard) { return shard.covers(question); }, [&](Shard& shard) { return shard.ask(question); },
                               [](MetricPartial& into, MetricPartial&& part) { merge(into, std::move(part)); });
}

Answered<LearningPartial> LiveShards::ask(const LearningQuestion& question) {
  return gather<LearningPartial>(*this, [&](Shard& shard) { return shard.covers(question); }, [&](Shard& shard) { return shard.ask(question); },
                                 [](LearningPartial& into, LearningPartial&& part) { into.merge(std::move(part)); });
}

void LiveShards::on_change(std::function<void()> changed) {
  auto shared = std::make_shared<const std::function<void()>>(std::move(changed));
  std::lock_guard lock(mutex_);
  changed_ = std::move(shared);
}

std::vector<LiveShards::Queue> LiveShards::queues() const {
  std::vector<Queue> all;
  for (const auto& lane : lanes_) all.push_back({lane->mailbox.depth(), lane->queued_bytes.load(), lane->folded.load()});
  return all;
}

std::uint64_t LiveShards::folded() const {
  std::uint64_t least = UINT64_MAX;
  for (const auto& lane : lanes_) least = std::min(least, lane->folded.load());
  return least;
}

bool LiveShards::wait_folded(std::uint64_t offset, Duration patience) {
  std::unique_lock lock(mutex_);
  return progressed_.wait_for(lock, patience, [&] { return folded() >= offset; });
}

}  // namespace aybiza
