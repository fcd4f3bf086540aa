// The simulated disk of the tests: it knows which sectors a power cut would lose, fails on command, and fills up.
//
// Shape    Every file is its bytes now, its bytes as last synced, and the set of sectors written since. crash_image()
//          makes the disk one finds after a power cut: each unsynced sector is new, old or zero; names changed since the
//          last sync_directory are undone from the back, as a journal would.
// Errors   fail(kind, k): the k-th call of that kind from now fails. A failed sync forgets its sectors without saving
//          them, so that a later sync "succeeds" (what ext4, XFS and Btrfs do).
// Threads  any; one mutex.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "spool/fs.h"

namespace aybiza::spool {

enum class Call : std::uint8_t { open, pread, pwrite, sync, truncate, sync_directory, rename, unlink };

class SimFs final : public Fs {
  struct Node {
    std::string now, synced;
    std::set<std::size_t> dirty;
    bool size_dirty = false;
    bool locked = false;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  static constexpr std::size_t kSector = 512;

 public:
  SimFs() = default;

  // From now on, the k-th call (1 = the next) of this kind fails, and with `forever` all after it.
  void fail_call(Call kind, std::uint64_t k, bool forever = false, Code code = Code::io) {
    const std::lock_guard lock(mutex_);
    auto& plan = plans_[std::size_t(kind)];
    plan = {k, forever, code};
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    plans_ = {};
  }
  std::uint64_t calls(Call kind) const {
    const std::lock_guard lock(mutex_);
    return calls_[std::size_t(kind)];
  }
  void capacity(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
  }
  std::uint64_t used() const {
    const std::lock_guard lock(mutex_);
    return used_locked();
  }
  std::string content(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto at = names_.find(path);
    return at == names_.end() ? std::string() : at->second->now;
  }
  void put(const std::string& path, std::string bytes) {  // durable at once
    const std::lock_guard lock(mutex_);
    auto node = std::make_shared<Node>();
    node->now = node->synced = std::move(bytes);
    names_[path] = synced_names_[path] = node;
  }
  std::vector<std::string> files() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> paths;
    for (const auto& [path, node] : names_) paths.push_back(path);
    return paths;
  }

  // A copy of what is there now, without loss: the death of the process only.
  std::unique_ptr<SimFs> kill_image() const {
    const std::lock_guard lock(mutex_);
    auto image = std::make_unique<SimFs>();
    for (const auto& [path, node] : names_) image->put(path, node->now);
    image->capacity_ = capacity_;
    return image;
  }

  std::unique_ptr<SimFs> crash_image(std::mt19937_64& random) const {
    const std::lock_guard lock(mutex_);
    // Name changes reach the journal in order: a prefix of them survives.
    Names names = synced_names_;
    const std::size_t kept = changes_.empty() ? 0 : random() % (changes_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(names, changes_[i]);
    auto image = std::make_unique<SimFs>();
    for (const auto& [path, node] : names) image->put(path, survivor(*node, random));
    image->capacity_ = capacity_;
    return image;
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status make_directory(const std::string&) override { return {}; }

  Status sync_directory(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    AYBIZA_TRY(count(Call::sync_directory));
    std::erase_if(changes_, [&](const Change& change) {
      const bool here = parent(change.to.empty() ? change.from : change.to) == directory;
      if (here) apply(synced_names_, change);
      return here;
    });
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    AYBIZA_TRY(count(Call::rename));
    if (!names_.contains(from)) return aybiza::fail(Code::not_found, "no file {}", from);
    note({from, to, nullptr});
    return {};
  }

  Status unlink(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    AYBIZA_TRY(count(Call::unlink));
    if (!names_.contains(path)) return aybiza::fail(Code::not_found, "no file {}", path);
    note({path, "", nullptr});
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [path, node] : names_) {
      if (parent(path) == directory) names.push_back(path.substr(directory.size() + 1));
    }
    return names;
  }

  Result<Space> space(const std::string&) override {
    const std::lock_guard lock(mutex_);
    const std::uint64_t used = used_locked();
    return Space{capacity_ > used ? capacity_ - used : 0, capacity_};
  }

 private:
  friend class SimFile;
  struct Change {  // from "" = created, to "" = removed
    std::string from, to;
    std::shared_ptr<Node> created;
  };
  struct Plan {
    std::uint64_t in = 0;
    bool forever = false;
    Code code = Code::io;
  };

  static std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

  static void apply(Names& names, const Change& change) {
    if (change.created) {
      names[change.to] = change.created;
      return;
    }
    const auto at = names.find(change.from);
    if (at == names.end()) return;
    const auto node = at->second;
    names.erase(at);
    if (!change.to.empty()) names[change.to] = node;
  }

  void note(Change change) {
    apply(names_, change);
    changes_.push_back(std::move(change));
  }

  Status count(Call kind) {
    ++calls_[std::size_t(kind)];
    auto& plan = plans_[std::size_t(kind)];
    if (plan.in == 0) return {};
    if (plan.in > 1) {
      --plan.in;
      return {};
    }
    if (!plan.forever) plan.in = 0;
    return aybiza::fail(plan.code, "injected failure of call kind {}", int(kind));
  }

  std::uint64_t used_locked() const {
    std::uint64_t sum = 0;
    for (const auto& [path, node] : names_) sum += node->now.size();
    return sum;
  }

  static std::string survivor(const Node& node, std::mt19937_64& random) {
    std::string bytes = node.synced;
    const bool new_size = !node.size_dirty || random() % 2 == 0;
    if (new_size) bytes.resize(node.now.size(), '\0');
    for (const std::size_t sector : node.dirty) {
      const std::size_t begin = sector * kSector;
      const std::size_t end = std::min({begin + kSector, node.now.size(), bytes.size()});
      if (begin >= end) continue;
      const auto fate = random() % 4;
      if (fate < 2) bytes.replace(begin, end - begin, node.now, begin, end - begin);
      if (fate == 2) std::fill(bytes.begin() + std::ptrdiff_t(begin), bytes.begin() + std::ptrdiff_t(end), '\0');
    }
    return bytes;
  }

  mutable std::mutex mutex_;
  Names names_, synced_names_;
  std::vector<Change> changes_;
  std::array<Plan, 8> plans_{};
  std::array<std::uint64_t, 8> calls_{};
  std::uint64_t capacity_ = std::uint64_t(1) << 40;
};

class SimFile final : public File {
 public:
  SimFile(SimFs& fs, std::shared_ptr<SimFs::Node> node) : fs_(fs), node_(std::move(node)) {}
  ~SimFile() override {
    const std::lock_guard lock(fs_.mutex_);
    if (holds_lock_) node_->locked = false;
  }
  SimFile(const SimFile&) = delete;  // may hold the lock
  SimFile& operator=(const SimFile&) = delete;

  Result<std::size_t> pread(std::span<char> into, std::uint64_t position) const override {
    const std::lock_guard lock(fs_.mutex_);
    AYBIZA_TRY(fs_.count(Call::pread));
    if (position >= node_->now.size()) return std::size_t(0);
    return node_->now.copy(into.data(), into.size(), std::size_t(position));
  }

  Status pwrite(std::string_view bytes, std::uint64_t position) override {
    const std::lock_guard lock(fs_.mutex_);
    const Status injected = fs_.count(Call::pwrite);
    // A failing write may have written some of it.
    if (!injected) bytes = bytes.substr(0, bytes.size() / 2);
    const std::size_t end = std::size_t(position) + bytes.size();
    const std::size_t size = node_->now.size();
    if (end > size && fs_.used_locked() + (end - size) > fs_.capacity_) {
      return aybiza::fail(Code::unavailable, "no space left on the disk");
    }
    if (end > size) node_->now.resize(end), node_->size_dirty = true;
    node_->now.replace(std::size_t(position), bytes.size(), bytes);
    for (std::size_t s = std::size_t(position) / SimFs::kSector; s * SimFs::kSector < end; ++s) node_->dirty.insert(s);
    return injected;
  }

  Status sync() override {
    const std::lock_guard lock(fs_.mutex_);
    const Status injected = fs_.count(Call::sync);
    if (injected) save();
    node_->dirty.clear();
    node_->size_dirty = false;
    return injected;
  }

  Status truncate(std::uint64_t bytes) override {
    const std::lock_guard lock(fs_.mutex_);
    AYBIZA_TRY(fs_.count(Call::truncate));
    node_->now.resize(std::size_t(bytes));
    node_->size_dirty = true;
    return {};
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(fs_.mutex_);
    return std::uint64_t(node_->now.size());
  }

  Status lock() override {
    const std::lock_guard lock(fs_.mutex_);
    if (node_->locked && !holds_lock_) return aybiza::fail(Code::conflict, "locked");
    node_->locked = holds_lock_ = true;
    return {};
  }

 private:
  void save() {
    auto& synced = node_->synced;
    synced.resize(node_->now.size(), '\0');
    for (const std::size_t sector : node_->dirty) {
      const std::size_t begin = sector * SimFs::kSector;
      if (begin < synced.size()) synced.replace(begin, SimFs::kSector, node_->now, begin, SimFs::kSector);
    }
  }

  SimFs& fs_;
  std::shared_ptr<SimFs::Node> node_;
  bool holds_lock_ = false;
};

inline Result<std::unique_ptr<File>> SimFs::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  AYBIZA_TRY(count(Call::open));
  if (!names_.contains(path)) {
    if (mode != OpenMode::create) return aybiza::fail(Code::not_found, "no file {}", path);
    note({"", path, std::make_shared<Node>()});
  }
  return std::make_unique<SimFile>(*this, names_[path]);
}

}  // namespace aybiza::spool
