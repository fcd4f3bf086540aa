#include "ingest/admission.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {

IngestAdmission::Hold::~Hold() {
  if (owner_ == nullptr) return;
  const std::lock_guard lock(owner_->mutex_);
  const auto at = owner_->held_.find(customer_);
  if (at == owner_->held_.end()) return;
  at->second -= std::min(at->second, bytes_);
  if (at->second == 0) owner_->held_.erase(at);
}

// REQUIRES: the lock is held.
bool IngestAdmission::holds_most(std::string_view customer, std::size_t bytes) const {
  const auto mine = held_.find(customer);
  const std::size_t would = bytes + (mine == held_.end() ? 0 : mine->second);
  return std::ranges::all_of(held_, [&](const auto& other) { return other.first == customer || other.second <= would; });
}

std::expected<IngestAdmission::Hold, AdmissionRefusal> IngestAdmission::admit(std::string_view customer, std::size_t bytes) {
  Hold hold(*this, std::string(customer), {});
  const auto soft = config_.budget != nullptr && config_.budget->level() == Budget::Level::soft;
  {
    const std::lock_guard lock(mutex_);
    if (soft && holds_most(customer, bytes))
      return std::unexpected(AdmissionRefusal{429, "memory_share", "the server is short of memory and this key holds most of it"});
    held_[hold.customer_] += bytes;
    hold.bytes_ = bytes;
  }
  if (config_.budget != nullptr) {
    auto memory = config_.budget->reserve(bytes);
    if (!memory) return std::unexpected(AdmissionRefusal{503, "memory", "the server is short of memory"});
    hold.memory_ = std::move(*memory);
  }
  return hold;
}

std::optional<AdmissionRefusal> IngestAdmission::take_rate(std::string_view customer, std::uint64_t events, Duration now) {
  if (config_.events_per_second == 0 || events == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  auto at = rates_.find(customer);
  if (at == rates_.end()) {
    // Beyond the bound customers share one bucket: a flood of new names buys nobody more.
    const std::string name = rates_.size() < limits::ledger_customers ? std::string(customer) : "__other__";
    const auto burst = std::max(config_.events_burst, std::int64_t(limits::batch_events));
    at = rates_.try_emplace(name, TokenBucket::Rate{config_.events_per_second, burst}, now).first;
  }
  if (at->second.take(std::int64_t(events), now)) return std::nullopt;
  return AdmissionRefusal{429, "rate", "more events a second than this key may send", at->second.wait_for(std::int64_t(events), now)};
}

}  // namespace aybiza
