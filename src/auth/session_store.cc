#include "auth/session_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "auth/file.h"
#include "auth/sign_in_limits.h"
#include "auth/watched_file.h"

namespace aybiza::auth {
namespace {

bool over(const Session& session, Instant now) {
  return now >= session.began + Duration(limits::session_life) || now >= session.used + Duration(limits::session_idle);
}

std::optional<std::pair<KeyDigest, Session>> parse_line(std::string_view line) {
  const auto part = split_line(line);
  if (part.size() != 5 || part[1].empty()) return std::nullopt;
  const auto digest = parse_digest(part[0]);
  const auto began = parse_rfc3339(part[3]), used = parse_rfc3339(part[4]);
  std::int64_t generation = 0;
  const auto [end, error] = std::from_chars(part[2].data(), part[2].data() + part[2].size(), generation);
  if (!digest || !began || !used || error != std::errc{} || end != part[2].data() + part[2].size()) return std::nullopt;
  return std::pair(*digest, Session{std::string(part[1]), generation, *began, *used});
}

}  // namespace

SessionStore::SessionStore(std::filesystem::path data_dir, Instant now) : file_(data_dir / "sessions") {
  const auto bytes = read_file(file_);
  const Status read = !bytes ? Status{} : each_line(file_, *bytes, "session", [&](std::string_view line) {
    auto one = parse_line(line);
    return one && sessions_.insert(std::move(*one)).second;
  });
  if (!read) sessions_.clear();
  drop_old(now);
}

// The longest unused of `among` goes while there are more than `most`.
template <typename Sessions, typename Among>
static void thin_out(Sessions& sessions, std::size_t most, Among&& among) {
  while (std::size_t(std::ranges::count_if(sessions, among)) > most) {
    auto oldest = sessions.end();
    for (auto at = sessions.begin(); at != sessions.end(); ++at)
      if (among(*at) && (oldest == sessions.end() || at->second.used < oldest->second.used)) oldest = at;
    sessions.erase(oldest);
  }
}

void SessionStore::drop_old(Instant now) {
  std::erase_if(sessions_, [&](const auto& one) { return over(one.second, now); });
}

std::string SessionStore::begin(const std::string& user_id, std::int64_t generation, Instant now) {
  std::string token = random_base62(43);
  const std::lock_guard lock(mutex_);
  drop_old(now);
  sessions_[digest_of(token)] = {user_id, generation, now, now};
  thin_out(sessions_, limits::sessions_per_user, [&](const auto& one) { return one.second.user_id == user_id; });
  thin_out(sessions_, limits::sessions_most, [](const auto&) { return true; });
  save();
  return token;
}

std::optional<Session> SessionStore::find(std::string_view token, Instant now) {
  const KeyDigest digest = digest_of(token.substr(0, limits::id_bytes));
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(digest);
  if (at == sessions_.end() || over(at->second, now)) return std::nullopt;
  at->second.used = std::max(at->second.used, now);
  return at->second;
}

bool SessionStore::holds(std::string_view token, Instant now) const {
  const KeyDigest digest = digest_of(token.substr(0, limits::id_bytes));
  const std::lock_guard lock(mutex_);
  const auto at = sessions_.find(digest);
  return at != sessions_.end() && !over(at->second, now);
}

void SessionStore::end(std::string_view token) {
  const KeyDigest digest = digest_of(token.substr(0, limits::id_bytes));
  const std::lock_guard lock(mutex_);
  if (sessions_.erase(digest) > 0) save();
}

std::size_t SessionStore::count() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

std::optional<Instant> SessionStore::last_used(std::string_view user_id) const {
  const std::lock_guard lock(mutex_);
  std::optional<Instant> last;
  for (const auto& [digest, session] : sessions_)
    if (session.user_id == user_id && (!last || session.used > *last)) last = session.used;
  return last;
}

void SessionStore::save() const {
  std::string text = "# sha256\tuser\tgeneration\tbegan\tused\n";
  for (const auto& [digest, session] : sessions_)
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", digest_text(digest), session.user_id, session.generation, format_rfc3339(session.began), format_rfc3339(session.used));
  static_cast<void>(replace_file(file_, text, 0600));  // what cannot be written holds until the server ends
}

}  // namespace aybiza::auth
