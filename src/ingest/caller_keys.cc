#include "ingest/caller_keys.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "auth/file.h"
#include "base/check.h"
#include "base/limits.h"
#include "ingest/sealed_box.h"

namespace aybiza {

using namespace sealed_box;

namespace {

constexpr std::size_t record_head = 2;
constexpr std::string_view nobody = "-";
constexpr Id destroyed_key{};  // what a call goes with whose caller has been forgotten; no key has this id

std::string gone_line(const Id& call) { return fmt::format("gone\t{}\n", hex(bytes_of(call))); }

Id caller_hash(std::string_view customer, std::string_view caller) {
  std::string text(customer);
  text += '\0';
  text += caller;
  return hash128(text);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = line.find('\t');
    parts.push_back(line.substr(0, end));
    if (end != std::string_view::npos) line.remove_prefix(end + 1);
  }
  return parts;
}

}  // namespace

CallerKeys::CallerKeys(const std::filesystem::path& data_dir, const auth::KeyBytes& master)
    : file_(data_dir / "caller_keys"), lock_file_(data_dir / "caller_keys.lock"), master_(master) {
  CHECK(sodium_init() >= 0);
}
CallerKeys::~CallerKeys() {
  for (auto& [id, key] : keys_) sodium_memzero(key.bytes.data(), key.bytes.size());
}

Result<std::unique_ptr<CallerKeys>> CallerKeys::open(const std::filesystem::path& data_dir, const auth::KeyBytes& master) {
  std::unique_ptr<CallerKeys> keys(new CallerKeys(data_dir, master));
  AYBIZA_TRY(keys->reload());
  return keys;
}

// Lines: "key id wrapped customer caller created", "call id key", "caller key token", "same key key", "gone call"; a caller
// told later follows its key.
bool CallerKeys::take_line(std::string_view line) {
  const auto parts = split(line);
  if (parts[0] == "key" && parts.size() == 6) {
    const auto id = parse_hex_id(parts[1]);
    const auto wrapped = unhex(parts[2]);
    const auto created = parse_rfc3339(parts[5]);
    if (!id || !wrapped || !created) return false;
    const auto bytes = decrypt(master_, *id, *wrapped);
    if (!bytes || bytes->size() != std::tuple_size_v<auth::KeyBytes>) return false;
    Key key{.bytes = {}, .customer = std::string(parts[3]), .caller = parts[4] == nobody ? std::string() : std::string(parts[4]), .created = *created};
    std::memcpy(key.bytes.data(), bytes->data(), key.bytes.size());
    if (!key.caller.empty()) by_caller_.try_emplace(caller_hash(key.customer, key.caller), *id);
    keys_.insert_or_assign(*id, std::move(key));
    return true;
  }
  const auto first = parts.size() == 2 || parts.size() == 3 ? parse_hex_id(parts[1]) : std::nullopt;
  if (!first) return false;
  if (parts[0] == "gone" && parts.size() == 2) {
    link(*first, destroyed_key);
    return true;
  }
  if (parts.size() != 3) return false;
  if (parts[0] == "call") {
    const auto key = parse_hex_id(parts[2]);
    if (key) link(*first, *key);
    return key.has_value();
  }
  if (!keys_.contains(*first)) return false;
  if (parts[0] == "caller") {
    tell(*first, std::string(parts[2]));
    return true;
  }
  const auto second = parts[0] == "same" ? parse_hex_id(parts[2]) : std::nullopt;
  if (!second || !keys_.contains(*second)) return false;
  unite(*first, *second);
  return true;
}

// All keys of one caller learn who that is.
void CallerKeys::tell(const Id& key, const std::string& caller) {
  const auto group = groups_.find(key);
  const std::vector<Id> told = group == groups_.end() ? std::vector<Id>{key} : *group->second;
  for (const Id& id : told) {
    Key& one = keys_.at(id);
    one.caller = caller;
    by_caller_.try_emplace(caller_hash(one.customer, caller), id);
    groups_.erase(id);
  }
}

// Two keys of one caller. Where two callers were told, each stays what it is: each ends what was sealed under it.
void CallerKeys::unite(const Id& a, const Id& b) {
  const std::string first = keys_.at(a).caller, second = keys_.at(b).caller;
  if (first.empty() != second.empty()) return first.empty() ? tell(a, second) : tell(b, first);
  if (!first.empty() || a == b) return;
  const auto group_of = [&](const Id& id) {
    auto& group = groups_[id];
    if (!group) group = std::make_shared<std::vector<Id>>(1, id);
    return group;
  };
  auto more = group_of(a), less = group_of(b);
  if (more == less) return;
  if (more->size() < less->size()) std::swap(more, less);
  for (const Id& id : *less) groups_[id] = more;
  more->insert(more->end(), less->begin(), less->end());
}

// All that was said under it and under those of the same caller, who is not known.
void CallerKeys::destroy(const Id& key) {
  const auto group = groups_.find(key);
  const std::vector<Id> all = group == groups_.end() ? std::vector<Id>{key} : *group->second;
  for (const Id& id : all) {
    groups_.erase(id);
    Key& one = keys_.at(id);
    sodium_memzero(one.bytes.data(), one.bytes.size());
    keys_.erase(id);
  }
}

bool CallerKeys::forgotten(const Id& call) const {
  const auto at = by_call_.find(call);
  return at != by_call_.end() && !keys_.contains(at->second);
}

void CallerKeys::link(const Id& call, const Id& key) {
  if (by_call_.insert_or_assign(call, key).second) calls_.push_back(call);
  for (; calls_.size() > limits::caller_keys; calls_.pop_front()) by_call_.erase(calls_.front());
}

Status CallerKeys::reload() {
  const auth::FileStamp stamp = auth::stamp_of(file_);
  const auto bytes = auth::read_file(file_);
  if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
  keys_.clear(), by_call_.clear(), calls_.clear(), by_caller_.clear(), groups_.clear();
  std::string_view text = bytes ? std::string_view(*bytes) : std::string_view();
  if (const std::size_t end = text.rfind('\n'); end != std::string_view::npos) text = text.substr(0, end + 1);
  else text = {};  // a line whose writing was cut short was never promised
  AYBIZA_TRY(auth::each_line(file_, text, "caller's key", [&](std::string_view line) { return take_line(line); }));
  stamp_ = stamp;
  whole_bytes_ = text.size();
  return {};
}

Status CallerKeys::refresh() { return auth::stamp_of(file_) == stamp_ ? Status{} : reload(); }

std::string CallerKeys::key_line(const Id& id, const Key& key) const {
  const std::string_view bytes(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
  return fmt::format("key\t{}\t{}\t{}\t{}\t{}\n", hex(bytes_of(id)), hex(encrypt(master_, id, bytes)), key.customer,
                     key.caller.empty() ? nobody : std::string_view(key.caller), format_rfc3339(key.created));
}

Status CallerKeys::append(std::string_view lines) {
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::io, "cannot open {}: {}", file_.string(), std::strerror(errno));
  // What a crash left of a last line is cut off, so that ours begins a line.
  std::string_view rest = lines;
  const auto end = off_t(whole_bytes_);
  bool placed = ::ftruncate(fd, end) == 0 && ::lseek(fd, end, SEEK_SET) == end;
  while (placed && !rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    placed = written > 0;
    if (placed) rest.remove_prefix(std::size_t(written));
  }
  const bool done = placed && ::fdatasync(fd) == 0;
  const int error = errno;
  ::close(fd);
  stamp_ = auth::stamp_of(file_);
  if (done) whole_bytes_ += lines.size();
  return done ? Status{} : fail(Code::io, "cannot write {}: {}", file_.string(), std::strerror(error));
}

// The call's key, made where there is none; what is new is in `lines`. REQUIRES: the call's caller has not been forgotten.
Result<Id> CallerKeys::need_key(const Need& need, Instant now, std::string& lines) {
  const auto known = by_call_.find(need.call);
  if (known != by_call_.end()) {
    if (keys_.at(known->second).caller.empty() && !need.caller.empty()) {
      tell(known->second, need.caller);
      lines += fmt::format("caller\t{}\t{}\n", hex(bytes_of(known->second)), need.caller);
    }
    return known->second;
  }
  std::optional<Id> id;
  if (!need.caller.empty())
    if (const auto at = by_caller_.find(caller_hash(need.customer, need.caller)); at != by_caller_.end()) id = at->second;
  if (!id) {
    if (keys_.size() >= limits::caller_keys) return fail(Code::too_large, "there are {} callers' keys already", keys_.size());
    id.emplace();
    randombytes_buf(&id->high, sizeof id->high);
    randombytes_buf(&id->low, sizeof id->low);
    Key key{.bytes = {}, .customer = need.customer.empty() ? std::string(nobody) : need.customer, .caller = need.caller, .created = now};
    randombytes_buf(key.bytes.data(), key.bytes.size());
    if (!key.caller.empty()) by_caller_.try_emplace(caller_hash(key.customer, key.caller), *id);
    lines += key_line(*id, key);
    keys_.emplace(*id, std::move(key));
  }
  link(need.call, *id);
  lines += fmt::format("call\t{}\t{}\n", hex(bytes_of(need.call)), hex(bytes_of(*id)));
  return *id;
}

// The caller of one has been forgotten: so has that of the other, unless it was told one of its own.
void CallerKeys::forget_both(const Joined& joined, std::string& lines) {
  for (const Id& call : {joined.part, joined.whole}) {
    const auto at = by_call_.find(call);
    if (at == by_call_.end()) {
      link(call, destroyed_key);
      lines += gone_line(call);
    } else if (const auto key = keys_.find(at->second); key != keys_.end() && key->second.caller.empty()) {
      destroy(key->first);
      rewrite_ = true;
    }
  }
}

// What both calls are sealed under from now on. Words of either may still come: so both have a key, if one that neither had.
Status CallerKeys::join_keys(const Joined& joined, Instant now, std::string& lines) {
  if (forgotten(joined.part) || forgotten(joined.whole)) return forget_both(joined, lines), Status{};
  const auto has_key = [&](const Id& call) { return by_call_.contains(call); };
  const bool part_first = has_key(joined.part) && !has_key(joined.whole);
  const Id &elder = part_first ? joined.part : joined.whole, &other = part_first ? joined.whole : joined.part;
  const auto key = need_key({.customer = joined.customer, .call = elder, .caller = {}}, now, lines);
  if (!key) return std::unexpected(key.error());
  if (!has_key(other)) {
    link(other, *key);
    lines += fmt::format("call\t{}\t{}\n", hex(bytes_of(other)), hex(bytes_of(*key)));
  } else if (const Id second = by_call_.at(other); second != *key) {
    unite(*key, second);
    lines += fmt::format("same\t{}\t{}\n", hex(bytes_of(*key)), hex(bytes_of(second)));
  }
  return {};
}

// Under the file's lock, with what others have written to it.
Status CallerKeys::change(const std::function<Status(std::string& lines)>& work) {
  auto lock = auth::FileLock::acquire(lock_file_);
  if (!lock) return std::unexpected(lock.error());
  AYBIZA_TRY(refresh());
  std::string lines;
  rewrite_ = false;
  const Status done = work(lines);
  if (rewrite_ || !lines.empty())
    if (Status written = rewrite_ ? replace() : append(lines); !written) {
      static_cast<void>(reload());  // what is not on disk is not there
      return written;
    }
  return done;
}

// A key that is destroyed must not be found in the file any more.
Status CallerKeys::replace() {
  AYBIZA_TRY(auth::replace_file(file_, whole_file(), 0600));
  return reload();
}

Status CallerKeys::ensure(std::span<const Need> needs, Instant now) {
  const std::lock_guard guard(mutex_);
  const bool all_known = std::ranges::all_of(needs, [&](const Need& need) {
    const auto at = by_call_.find(need.call);
    if (at == by_call_.end()) return false;
    const auto key = keys_.find(at->second);
    return key == keys_.end() || need.caller.empty() || !key->second.caller.empty();
  });
  if (all_known && auth::stamp_of(file_) == stamp_) return {};
  return change([&](std::string& lines) {
    Status done;
    for (const Need& need : needs)
      if (!forgotten(need.call))
        if (const auto key = need_key(need, now, lines); !key) done = std::unexpected(key.error());
    return done;
  });
}

// Whether nothing is left to join.
bool CallerKeys::together(const Joined& joined) const {
  const auto part = by_call_.find(joined.part), whole = by_call_.find(joined.whole);
  if (part == by_call_.end() || whole == by_call_.end()) return false;
  if (part->second == whole->second) return true;
  const auto first = keys_.find(part->second), second = keys_.find(whole->second);
  if (first == keys_.end() || second == keys_.end()) return (first == keys_.end() || !first->second.caller.empty()) && (second == keys_.end() || !second->second.caller.empty());
  if (!first->second.caller.empty() && !second->second.caller.empty()) return true;
  const auto one = groups_.find(part->second), other = groups_.find(whole->second);
  return one != groups_.end() && other != groups_.end() && one->second == other->second;
}

Status CallerKeys::join(std::span<const Joined> joined, Instant now) {
  const std::lock_guard guard(mutex_);
  if (std::ranges::all_of(joined, [&](const Joined& one) { return together(one); }) && auth::stamp_of(file_) == stamp_) return {};
  return change([&](std::string& lines) {
    Status done;
    for (const Joined& one : joined)
      if (const Status both = join_keys(one, now, lines); !both) done = both;
    return done;
  });
}

bool CallerKeys::seal(const Id& call, std::string_view text, std::string& out) {
  const std::lock_guard guard(mutex_);
  const auto id = by_call_.find(call);
  const auto key = id == by_call_.end() ? keys_.end() : keys_.find(id->second);
  if (key == keys_.end()) return false;
  const std::string box = encrypt(key->second.bytes, key->first, text);
  const std::size_t size = id_bytes + box.size();
  if (size > 0xFFFF) return false;
  out += char(size & 0xFF);
  out += char(size >> 8);
  out += bytes_of(key->first);
  out += box;
  return true;
}

Result<std::string> CallerKeys::unseal(std::string_view sealed) {
  const std::lock_guard guard(mutex_);
  AYBIZA_TRY(refresh());  // somebody may have forgotten the caller a moment ago
  std::string out;
  for (bool first = true; !sealed.empty(); first = false) {
    if (sealed.size() < record_head + id_bytes) return fail(Code::corrupt, "a sealed text is cut short");
    const std::size_t size = std::size_t(std::uint8_t(sealed[0])) | std::size_t(std::uint8_t(sealed[1])) << 8;
    if (size < id_bytes || size > sealed.size() - record_head) return fail(Code::corrupt, "a sealed text is cut short");
    const std::string_view record = sealed.substr(record_head, size);
    sealed.remove_prefix(record_head + size);
    const Id id = id_of(record);
    const auto key = keys_.find(id);
    if (key == keys_.end()) return fail(Code::not_found, "the caller has been forgotten: the key of this text is destroyed");
    const auto text = decrypt(key->second.bytes, id, record.substr(id_bytes));
    if (!text) return fail(Code::corrupt, "a sealed text does not fit its key");
    if (!first) out += ' ';
    out += *text;
  }
  return out;
}

std::string CallerKeys::whole_file() const {
  std::string text = "# key\tid\twrapped\tcustomer\tcaller\tcreated; call\tid\tkey; caller\tkey\ttoken; same\tkey\tkey; gone\tcall\n";
  for (const auto& [id, key] : keys_) text += key_line(id, key);
  for (const auto& [id, group] : groups_)
    if (id != group->front()) text += fmt::format("same\t{}\t{}\n", hex(bytes_of(group->front())), hex(bytes_of(id)));
  for (const Id& call : calls_)
    text += forgotten(call) ? gone_line(call) : fmt::format("call\t{}\t{}\n", hex(bytes_of(call)), hex(bytes_of(by_call_.at(call))));
  return text;
}

Result<std::size_t> CallerKeys::forget(std::string_view caller, std::string_view customer) {
  if (caller.empty()) return 0;
  const std::lock_guard guard(mutex_);
  auto lock = auth::FileLock::acquire(lock_file_);
  if (!lock) return std::unexpected(lock.error());
  AYBIZA_TRY(refresh());
  std::size_t destroyed = 0;
  for (auto at = keys_.begin(); at != keys_.end();) {
    const bool meant = at->second.caller == caller && (customer.empty() || at->second.customer == customer);
    if (meant) sodium_memzero(at->second.bytes.data(), at->second.bytes.size());  // of no group: its caller is known
    at = meant ? keys_.erase(at) : std::next(at);
    destroyed += meant;
  }
  AYBIZA_TRY(destroyed > 0 ? replace() : reload());
  return destroyed;
}

std::size_t CallerKeys::count() const {
  const std::lock_guard guard(mutex_);
  return keys_.size();
}

}  // namespace aybiza
