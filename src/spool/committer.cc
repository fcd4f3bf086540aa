#include "spool/committer.h"

#include <algorithm>

#include "spool/recovery.h"

namespace aybiza::spool {

void Committer::commit(std::span<AppendRequest> requests) {
  buffer_.clear();
  results_.clear();
  records_ = 0;
  const Offset first = next_;
  bool sync = false;
  for (const auto& request : requests) {
    results_.push_back(decide(request));
    sync |= request.durability == Durability::fsync;
  }
  const Status status = write(sync);
  if (status) {
    auto changes = dedup_.commit();
    unsaved_.events.insert(unsaved_.events.end(), changes.events.begin(), changes.events.end());
    unsaved_.batches.insert(unsaved_.batches.end(), changes.batches.begin(), changes.batches.end());
  } else {
    dedup_.rollback();
    next_ = first;
    ++log_.stats.failed_commits;
  }
  answer(requests, status);
}

AppendResult Committer::decide(const AppendRequest& request) {
  AppendResult result;
  const std::uint64_t customer = dedup_.customer_hash(request.customer);
  const Id batch = request.batch_key.empty() ? Id{} : batch_key(dedup_, customer, request.batch_key);
  last_received_ = std::max(last_received_, request.received);
  if (!batch.empty()) {
    const auto seen = dedup_.find_batch(batch, request.body_hash, request.received);
    result.conflict = seen == Dedup::Batch::conflict;
    if (seen == Dedup::Batch::duplicate) {
      result.duplicates = std::uint32_t(request.items.size());
      result.duplicate.assign(request.items.size(), true);
    }
    if (seen != Dedup::Batch::fresh) return result;
  }
  mark_duplicates(request, customer, result);
  result.accepted = std::uint32_t(request.items.size()) - result.duplicates;
  if (result.accepted == 0) return result;
  if (!batch.empty()) dedup_.add_batch(batch, request.body_hash, request.received);
  append_record(buffer_,
                {.first = next_,
                 .acked = {log_.tail.visible.load()},
                 .customer = request.customer,
                 .source = request.source,
                 .durability = request.durability,
                 .received = request.received,
                 .batch_key = request.batch_key,
                 .body_hash = request.body_hash},
                request.items, result.duplicate, request.bytes);
  next_ = next_ + result.accepted;
  result.last = {next_.value - 1};
  ++records_;
  return result;
}

void Committer::mark_duplicates(const AppendRequest& request, std::uint64_t customer, AppendResult& result) {
  // All keys first, so that the sets' cache misses overlap.
  constexpr std::size_t ahead = 8;
  keys_.clear();
  for (const auto& item : request.items) keys_.push_back(item.id.empty() ? Id{} : dedup_.event_key(customer, item.id));
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (i + ahead < keys_.size()) dedup_.prefetch(keys_[i + ahead]);
    if (keys_[i].empty() || dedup_.add_event(keys_[i], request.received)) continue;
    if (result.duplicate.empty()) result.duplicate.resize(keys_.size());
    result.duplicate[i] = true;
    ++result.duplicates;
  }
}

Status Committer::write(bool sync) {
  const std::size_t record_bytes = buffer_.size();
  if (record_bytes == 0) return sync ? writer_.sync(next_) : Status{};
  buffer_.resize(align_sector(record_bytes));
  const Offset first{log_.tail.visible.load() + 1};
  AYBIZA_TRY(writer_.write(buffer_, record_bytes, first, sync));
  const std::uint64_t last = next_.value - 1;
  log_.tail.publish(last, writer_.segment_number(), writer_.position());
  auto& stats = log_.stats;
  stats.visible_offset = last;
  if (sync) stats.durable_offset = last;
  stats.records += records_;
  stats.written_bytes += buffer_.size();
  ++stats.commits;
  return {};
}

void Committer::answer(std::span<AppendRequest> requests, const Status& status) {
  auto& stats = log_.stats;
  const Offset durable{log_.tail.visible.load()};
  for (std::size_t i = 0; i < requests.size(); ++i) {
    AppendResult& result = results_[i];
    const std::uint64_t items = requests[i].items.size();
    if (!status) {
      result = {.status = status};
      stats.failed_events += items;
    } else if (result.conflict) {
      stats.conflict_events += items;
    }
    if (result.last.value == 0) result.last = durable;
    stats.accepted_events += result.accepted;
    stats.duplicate_events += result.duplicates;
    ++stats.requests;
    if (requests[i].done) requests[i].done(result);
  }
  stats.dedup_ids = dedup_.events().size();
  stats.dedup_batches = dedup_.batches().size();
  stats.dedup_forgot = dedup_.events().forgot();
  stats.dedup_horizon_seconds = std::uint64_t(dedup_.horizon(last_received_) / std::chrono::seconds(1));
}

}  // namespace aybiza::spool
