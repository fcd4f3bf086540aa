// Snapshots of live state: when one is due, how it is taken beside everything else, and when it counts.
#include <algorithm>

#include "base/limits.h"
#include "server/pipeline.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t every_least = 64 * limits::MiB;  // of the log: a quarter of a million events, a second of a start
constexpr Duration pause_least = 2s;                   // between two snapshots, however much flows
constexpr std::size_t frame_bytes = 256 * limits::KiB; // packed at a time: stays in the cache

}  // namespace

// The last shard that is through hands it on.
struct Pipeline::Taking {
  Unpublished snapshot;
  std::vector<std::string> pieces;  // by shard: what is to be packed
  std::atomic<std::size_t> left;    // its order makes what each shard wrote visible to the last
};

// The router's, with a collection: nullptr when none is due. A start reads the snapshot and replays what came after it: neither
// should be much longer than the other. While it does, nothing is spent on the next one.
std::shared_ptr<Pipeline::Taking> Pipeline::begin_snapshot() {
  const std::size_t every = std::max(every_least, std::size_t(4 * snapshot_bytes_.load()));  // packed to about a quarter
  if (fed_ < recovered_ || fed_ <= collected_ || bytes_since_snapshot_ < every || last_collect_ - last_snapshot_at_ < pause_least) return nullptr;
  if (publishing_.exchange(true)) return nullptr;
  bytes_since_snapshot_ = 0;
  last_snapshot_at_ = last_collect_;
  auto taking = std::make_shared<Taking>();
  taking->snapshot.offset = fed_;
  taking->snapshot.parts.resize(shards_->count());
  taking->pieces.resize(shards_->count());
  taking->left = shards_->count();
  return taking;
}

// On the shard's thread, right behind the collection whose offset the snapshot has.
void Pipeline::take_snapshot(Shard& shard, std::size_t index, const std::shared_ptr<Taking>& taking) {
  taking->snapshot.parts[index].open(options_.data, taking->snapshot.offset, index);
  const auto began = std::chrono::steady_clock::now();
  shard.begin_snapshot();
  note_hold(began);
  shards_->meanwhile(index, [this, index, taking](Shard& at) {
    const auto step_began = std::chrono::steady_clock::now();
    std::string& piece = taking->pieces[index];
    const bool more = at.next_of_snapshot(piece);
    if (!more || piece.size() >= frame_bytes) {
      taking->snapshot.parts[index].append(piece);
      piece.clear();
    }
    note_hold(step_began);
    if (!more && --taking->left == 0) (void)published_.post(std::move(taking->snapshot));  // closed: the older one stays
    return more;
  });
}

// How long a shard did nothing else.
void Pipeline::note_hold(std::chrono::steady_clock::time_point began) {
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  for (double most = snapshot_hold_ms_.load(); ms > most && !snapshot_hold_ms_.compare_exchange_weak(most, ms);) {
  }
}

// On its own thread: rows do not wait for the disk to take a snapshot. It counts when the store has the rows of all it knows.
void Pipeline::publish(Unpublished& snapshot) {
  const Duration began = clock_.elapsed();
  std::uint64_t bytes = 0;
  for (const SnapshotPart& part : snapshot.parts) bytes += part.bytes();
  {
    std::unique_lock lock(mutex_);
    while (stats_.applied < snapshot.offset && !stopping_) applied_changed_.wait_for(lock, 100ms);
    if (stats_.applied < snapshot.offset) return;  // a start takes the older one
  }
  const Status done = publish_snapshot(options_.data, snapshot.offset, snapshot.parts);
  std::lock_guard lock(mutex_);
  publishing_ = false;  // behind the lock: the next one follows what this one has left
  if (!done) {
    stats_.last_store_error = done.error().message;  // the older one stays good; the log is kept longer
    return;
  }
  snapshot_bytes_ = stats_.snapshot_bytes = bytes;
  stats_.snapshot = snapshot.offset;
  ++stats_.snapshots;
  stats_.last_snapshot_ms = double((clock_.elapsed() - began).count()) / 1000;
}

}  // namespace aybiza
