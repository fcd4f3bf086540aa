#include "ingest/call_aliases.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "auth/file.h"

namespace aybiza {
namespace {

Id key_of(std::string_view scope, std::string_view source, std::string_view external) {
  return hash128(fmt::format("{}|{}|{}|{}", scope.size(), scope, source, external));
}

std::string line_of(const Id& key, const Id& call, Instant seen, std::string_view external) {
  const std::string text = fmt::format("{:016x}{:016x} {:016x}{:016x} {} {}", key.high, key.low, call.high, call.low, to_micros(seen), external);
  return fmt::format("{:016x} {}\n", hash64(text), text);
}

std::optional<std::uint64_t> hex(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return text.size() != 16 || failure != std::errc{} || end != text.data() + text.size() ? std::nullopt : std::optional(out);
}

struct Line {
  Id key, call;
  Instant seen;
  std::string_view external;
};

std::optional<Line> parse_line(std::string_view text) {
  constexpr std::size_t fixed = 17 + 33 + 33;
  if (text.size() < fixed || hex(text.substr(0, 16)) != hash64(text.substr(17))) return std::nullopt;
  const auto a = hex(text.substr(17, 16)), b = hex(text.substr(33, 16)), c = hex(text.substr(50, 16)), d = hex(text.substr(66, 16));
  const std::size_t space = text.find(' ', fixed);
  if (!a || !b || !c || !d || space == std::string_view::npos) return std::nullopt;
  std::int64_t micros = 0;
  if (std::from_chars(text.data() + fixed, text.data() + space, micros).ptr != text.data() + space) return std::nullopt;
  return Line{{*a, *b}, {*c, *d}, from_micros(micros), text.substr(space + 1)};
}

std::unexpected<Error> system_failure(std::string_view doing, const std::filesystem::path& file) {
  return fail(Code::io, "{} {}: {}", doing, file.string(), std::strerror(errno));
}

}  // namespace

CallAliases::~CallAliases() {
  (void)sync();  // what is not on disk was never answered for
  if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<CallAliases>> CallAliases::open(const std::filesystem::path& data_dir, std::size_t limit) {
  std::unique_ptr<CallAliases> out(new CallAliases(data_dir / "call_aliases", limit));
  AYBIZA_TRY(out->load());
  return out;
}

Status CallAliases::load() {
  const auto bytes = auth::read_file(file_);
  if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
  std::string_view rest = bytes ? std::string_view(*bytes) : std::string_view{};
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto line = end == std::string_view::npos ? std::nullopt : parse_line(rest.substr(0, end));
    if (line) put(line->key, {line->call, line->seen, std::string(line->external)});
    else ++damaged_;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  const std::lock_guard file_lock(file_mutex_);
  return rewrite();  // without what was overwritten, forgotten or torn
}

Status CallAliases::rewrite() {
  std::string lines;
  std::uint64_t reached = 0;
  std::size_t count = 0;
  lines_ = SIZE_MAX / 2;  // until it is done: after a failure only a whole file will do
  {
    const std::lock_guard lock(mutex_);
    for (const Id& key : order_) {
      const Entry& entry = entries_.at(key);
      lines += line_of(key, entry.call, entry.seen, entry.external);
    }
    count = order_.size();
    pending_.clear();
    reached = remembered_;
  }
  AYBIZA_TRY(auth::replace_file(file_, lines, 0600));
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) return system_failure("opening", file_);
  lines_ = count;
  const std::lock_guard lock(mutex_);
  synced_ = reached;
  return {};
}

Status CallAliases::append(const std::string& lines) {
  for (std::size_t at = 0; at < lines.size();) {
    const ssize_t wrote = ::write(fd_, lines.data() + at, lines.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return system_failure("writing", file_);
    at += std::size_t(wrote);
  }
  return ::fdatasync(fd_) == 0 ? Status{} : system_failure("syncing", file_);
}

Status CallAliases::sync() {
  const std::lock_guard file_lock(file_mutex_);
  std::string lines;
  std::uint64_t reached = 0;
  std::size_t kept = 0;
  {
    const std::lock_guard lock(mutex_);
    if (synced_ == remembered_) return {};
    lines = pending_;
    reached = remembered_;
    kept = order_.size();
  }
  std::size_t count = 0;
  for (const char c : lines) count += c == '\n' ? 1 : 0;
  if (lines_ + count > 2 * kept + 1024) return rewrite();
  // After a failure the tail may be torn: writing it all anew leaves no doubt.
  if (const auto done = append(lines); !done) return rewrite();
  lines_ += count;
  const std::lock_guard lock(mutex_);
  pending_.erase(0, lines.size());
  synced_ = reached;
  return {};
}

const CallAliases::Entry* CallAliases::look(const Id& key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() ? nullptr : &at->second;
}

void CallAliases::put(const Id& key, Entry entry) {
  const auto [at, fresh] = entries_.insert_or_assign(key, std::move(entry));
  if (!fresh) return;
  order_.push_back(key);
  if (order_.size() > limit_) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

std::optional<CallAliases::Known> CallAliases::find(const Names& names) const {
  const std::lock_guard lock(mutex_);
  const Entry* found = look(key_of(names.scope, names.source, names.external));
  if (!found && !names.twilio_sid.empty()) found = look(key_of(names.scope, "twilio", names.twilio_sid));
  return found ? std::optional(Known{found->call, found->external, {}}) : std::nullopt;
}

CallAliases::Known CallAliases::resolve(const Names& names, Instant now) {
  const Id own = key_of(names.scope, names.source, names.external);
  const Id carrier = names.twilio_sid.empty() ? own : key_of(names.scope, "twilio", names.twilio_sid);
  const std::lock_guard lock(mutex_);
  const Entry *by_own = look(own), *by_carrier = look(carrier);
  const Entry* elder = !by_own ? by_carrier : !by_carrier || names.stays || by_own->seen <= by_carrier->seen ? by_own : by_carrier;
  std::optional<Call> younger;
  if (by_own && by_carrier && by_own->call != by_carrier->call) {
    const Entry& other = elder == by_own ? *by_carrier : *by_own;
    younger = Call{other.call, other.external};
    ++conflicts_;
  }
  const Entry chosen = elder ? *elder : Entry{names.own, now, std::string(names.external)};
  for (const Id& key : {own, carrier}) {
    const Entry* known = look(key);
    if (known && known->call == chosen.call) continue;
    put(key, chosen);
    pending_ += line_of(key, chosen.call, chosen.seen, chosen.external);
    ++remembered_;
  }
  return {chosen.call, chosen.external, std::move(younger)};
}

bool CallAliases::durable() const {
  const std::lock_guard lock(mutex_);
  return synced_ == remembered_;
}
std::uint64_t CallAliases::conflicts() const {
  const std::lock_guard lock(mutex_);
  return conflicts_;
}
std::size_t CallAliases::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace aybiza
