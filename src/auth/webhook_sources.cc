#include "auth/webhook_sources.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include "auth/api_key.h"
#include "auth/file.h"
#include "base/check.h"
#include "base/ids.h"
#include "base/limits.h"

namespace aybiza::auth {
namespace {

constexpr std::size_t fields_of_a_line = 11;
constexpr std::size_t secret_bytes = 1024;

// Text that can stand between tabs and newlines.
bool line_text(std::string_view text, std::size_t bytes) {
  return text.size() <= bytes && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_vendor(std::string_view text) { return std::ranges::find(webhook_vendors, text) != std::end(webhook_vendors); }

std::string to_line(const WebhookSource& source) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", source.id, source.vendor, source.token, source.customer,
                     to_string(source.scheme), format_rfc3339(source.created), source.url, source.key, source.plan, source.name,
                     source.secret);
}

std::optional<WebhookSource> parse_line(std::string_view line) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t tab = line.find('\t');
    parts.emplace_back(line.substr(0, tab));
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  if (parts.size() != fields_of_a_line) return std::nullopt;
  const auto scheme = parse_signature_scheme(parts[4]);
  const auto created = parse_rfc3339(parts[5]);
  if (!is_vendor(parts[1]) || parts[2].empty() || parts[3].empty() || !scheme || !created || !parse_hmac_plan(parts[8])) return std::nullopt;
  WebhookSource out;
  out.id = parts[0], out.vendor = parts[1], out.token = parts[2], out.customer = parts[3];
  out.scheme = *scheme, out.created = *created;
  out.url = parts[6], out.key = parts[7], out.plan = parts[8], out.name = parts[9], out.secret = parts[10];
  return out;
}

Status only_ours(const std::filesystem::path& file) {
  struct stat s{};
  if (::stat(file.c_str(), &s) != 0 || (s.st_mode & 077) == 0) return {};
  return fail(Code::io, "others may read {}: chmod 600 it, and replace its secrets if they did", file.string());
}

Status check(const WebhookSource& wanted) {
  if (!is_vendor(wanted.vendor)) return fail(Code::invalid, "'{}' is no vendor: vapi, retell, elevenlabs, twilio or livekit", wanted.vendor);
  if (wanted.customer.empty() || !line_text(wanted.customer, limits::id_bytes))
    return fail(Code::invalid, "a customer is 1 to {} bytes without control characters", limits::id_bytes);
  for (const std::string* text : {&wanted.name, &wanted.key, &wanted.url, &wanted.plan})
    if (!line_text(*text, 512)) return fail(Code::invalid, "names, keys, URLs and plans are at most 512 bytes without control characters");
  if (!line_text(wanted.secret, secret_bytes)) return fail(Code::invalid, "a secret is at most {} bytes without control characters", secret_bytes);
  if (wanted.scheme != SignatureScheme::none && wanted.secret.empty())
    return fail(Code::invalid, "a secret is needed to check signatures: give --secret-file, or --scheme none to trust the URL alone");
  if (wanted.scheme == SignatureScheme::shared && wanted.vendor != "vapi") return fail(Code::invalid, "only Vapi sends a shared secret");
  if (wanted.vendor == "twilio" && wanted.scheme == SignatureScheme::vendor && !wanted.url.starts_with("https://") && !wanted.url.starts_with("http://"))
    return fail(Code::invalid, "Twilio signs the URL it was given: give --public-url https://your-host");
  if (!parse_hmac_plan(wanted.plan)) return fail(Code::invalid, "'{}' is no HMAC plan: see docs/ingest.md, Webhooks", wanted.plan);
  return {};
}

struct SourcesStamp {
  std::int64_t mtime_ns = 0, bytes = 0;
  std::uint64_t inode = 0;  // 0: no file
  friend bool operator==(const SourcesStamp&, const SourcesStamp&) = default;
};
SourcesStamp stamp_of(const std::filesystem::path& file) {
  struct stat s{};
  if (::stat(file.c_str(), &s) != 0) return {};
  return {s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec, s.st_size, s.st_ino};
}

}  // namespace

std::string_view to_string(SignatureScheme scheme) {
  return scheme == SignatureScheme::vendor ? "vendor" : scheme == SignatureScheme::shared ? "shared" : "none";
}

std::optional<SignatureScheme> parse_signature_scheme(std::string_view text) {
  for (const auto scheme : {SignatureScheme::vendor, SignatureScheme::shared, SignatureScheme::none})
    if (to_string(scheme) == text) return scheme;
  return std::nullopt;
}

// What was in the file at one moment. Immutable once shared.
struct WebhookSources::Table {
  SourcesStamp stamp;
  std::vector<std::shared_ptr<const WebhookSource>> sources;
  std::unordered_map<std::string, std::shared_ptr<const WebhookSource>> by_token;  // SHA-256 of the token
  std::unordered_set<std::string> joining;                                         // customers with two vendors

  static Result<std::shared_ptr<const Table>> read(const std::filesystem::path& file) {
    auto table = std::make_shared<Table>();
    table->stamp = stamp_of(file);  // before the read: a change in between is noticed next time
    AYBIZA_TRY(only_ours(file));
    const auto bytes = read_file(file);
    if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
    std::string_view rest = bytes ? std::string_view(*bytes) : std::string_view{};
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.empty() || line.starts_with('#')) continue;
      auto source = parse_line(line);
      if (!source) return fail(Code::corrupt, "{} line {} is not a source: restore the file or remove the line", file.string(), number);
      auto shared = std::make_shared<const WebhookSource>(std::move(*source));
      table->by_token[sha256(shared->token)] = shared;
      for (const auto& other : table->sources)
        if (other->tenant() == shared->tenant() && other->vendor != shared->vendor) table->joining.emplace(shared->tenant());
      table->sources.push_back(std::move(shared));
    }
    return table;
  }
};

WebhookSources::WebhookSources(std::filesystem::path data_dir)
    : file_(data_dir / "webhook_sources"), lock_file_(data_dir / "webhook_sources.lock") {
  CHECK(sodium_init() >= 0);
}
WebhookSources::~WebhookSources() = default;

Result<std::unique_ptr<WebhookSources>> WebhookSources::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<WebhookSources> sources(new WebhookSources(data_dir));
  AYBIZA_TRY(sources->reload());
  return sources;
}

std::shared_ptr<const WebhookSources::Table> WebhookSources::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

Status WebhookSources::reload() {
  auto fresh = Table::read(file_);
  if (!fresh) return std::unexpected(fresh.error());
  const std::lock_guard lock(mutex_);
  table_ = std::move(*fresh);
  return {};
}

void WebhookSources::reload_if_changed(Instant now) {
  std::int64_t due = next_look_micros_.load(std::memory_order_relaxed);
  const std::int64_t micros = to_micros(now);
  // Relaxed: this only elects one thread per second; the table itself is guarded by the mutex.
  if (micros < due && due - micros <= 1'000'000) return;
  if (!next_look_micros_.compare_exchange_strong(due, micros + 1'000'000, std::memory_order_relaxed)) return;
  if (stamp_of(file_) == table()->stamp) return;
  (void)reload();  // a damaged file: what was good stays good, the next second tries again
}

template <typename Change>
Status WebhookSources::rewrite(Change&& change) {
  auto lock = FileLock::acquire(lock_file_);
  if (!lock) return std::unexpected(lock.error());
  AYBIZA_TRY(reload());
  std::vector<WebhookSource> sources = list();
  AYBIZA_TRY(change(sources));
  std::string text = "# id\tvendor\ttoken\tcustomer\tscheme\tcreated\turl\tkey\tplan\tname\tsecret\n";
  for (const WebhookSource& source : sources) text += to_line(source);
  AYBIZA_TRY(replace_file(file_, text, 0600));
  return reload();
}

Result<WebhookSource> WebhookSources::add(WebhookSource wanted, Instant now) {
  AYBIZA_TRY(check(wanted));
  while (wanted.url.ends_with('/')) wanted.url.pop_back();
  wanted.id = random_base62(12);
  wanted.token = random_base62(43);
  wanted.created = now;
  AYBIZA_TRY(rewrite([&](std::vector<WebhookSource>& sources) -> Status {
    if (sources.size() >= limits::webhook_sources) return fail(Code::too_large, "there are {} sources already", sources.size());
    sources.push_back(wanted);
    return {};
  }));
  return wanted;
}

Status WebhookSources::remove(std::string_view id) {
  return rewrite([&](std::vector<WebhookSource>& sources) -> Status {
    if (std::erase_if(sources, [&](const WebhookSource& one) { return one.id == id; }) == 0) return fail(Code::not_found, "there is no source {}", id);
    return {};
  });
}

std::vector<WebhookSource> WebhookSources::list() const {
  std::vector<WebhookSource> out;
  for (const auto& source : table()->sources) out.push_back(*source);
  return out;
}

std::shared_ptr<const WebhookSource> WebhookSources::find(std::string_view vendor, std::string_view token, Instant now) {
  reload_if_changed(now);
  if (token.size() > limits::id_bytes) return nullptr;
  const auto known = table();
  const auto at = known->by_token.find(sha256(token));  // keyed by a digest nobody can aim at
  if (at == known->by_token.end() || at->second->vendor != vendor || at->second->token.size() != token.size() ||
      sodium_memcmp(at->second->token.data(), token.data(), token.size()) != 0)
    return nullptr;
  return at->second;
}

bool WebhookSources::joins(std::string_view customer) const {
  const auto known = table();
  return known->joining.contains(std::string(customer));
}

std::vector<std::string> WebhookSources::joining() const {
  const auto known = table();
  return {known->joining.begin(), known->joining.end()};
}

Verdict verify_webhook(const WebhookSource& source, const WebhookMessageParts& parts, Instant now) {
  const std::string url = fmt::format("{}{}", source.url.empty() ? fmt::format("https://{}", parts.host) : source.url, parts.target);
  const SignedRequest request{.method = parts.method, .url = url, .body = parts.body, .header = parts.header};
  if (source.scheme == SignatureScheme::none) return Verdict::good;
  if (source.scheme == SignatureScheme::shared) return verify_shared_secret(request, "X-Vapi-Secret", source.secret);
  if (source.vendor == "retell") return verify_retell(request, source.secret, now);
  if (source.vendor == "elevenlabs") return verify_elevenlabs(request, source.secret, now);
  if (source.vendor == "twilio") return verify_twilio(request, parts.form, source.secret);
  if (source.vendor == "livekit") return verify_livekit(request, source.key, source.secret, now);
  const auto plan = parse_hmac_plan(source.plan);
  return plan ? verify_hmac(*plan, request, source.secret, now) : Verdict::mismatch;
}

}  // namespace aybiza::auth
