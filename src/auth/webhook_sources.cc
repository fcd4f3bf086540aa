#include "auth/webhook_sources.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
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
  if (wanted.vendor == "livekit" && wanted.scheme == SignatureScheme::vendor && wanted.key.empty())
    return fail(Code::invalid, "LiveKit's tokens name the API key that signed them: give the key of this secret with --api-key API...");
  if (wanted.vendor != "livekit" && !wanted.key.empty())
    return fail(Code::invalid, "--api-key is LiveKit's, and nothing of {} is checked with it: leave it out, what {} signs with is --secret-file", wanted.vendor, wanted.vendor);
  if (!parse_hmac_plan(wanted.plan)) return fail(Code::invalid, "'{}' is no HMAC plan: see docs/ingest.md, Webhooks", wanted.plan);
  return {};
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
  std::vector<std::shared_ptr<const WebhookSource>> sources;
  std::unordered_map<std::string, std::shared_ptr<const WebhookSource>> by_token;  // SHA-256 of the token
  std::unordered_set<std::string> joining;                                         // customers with two vendors

  static Result<std::shared_ptr<const Table>> read(const std::filesystem::path& file) {
    auto table = std::make_shared<Table>();
    AYBIZA_TRY(only_ours(file));
    const auto bytes = read_file(file);
    if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
    AYBIZA_TRY(each_line(file, bytes ? std::string_view(*bytes) : std::string_view(), "source", [&](std::string_view line) {
      auto source = parse_line(line);
      if (source) table->add(std::make_shared<const WebhookSource>(std::move(*source)));
      return source.has_value();
    }));
    return table;
  }

  void add(std::shared_ptr<const WebhookSource> source) {
    by_token[sha256(source->token)] = source;
    for (const auto& other : sources)
      if (other->tenant() == source->tenant() && other->vendor != source->vendor) joining.emplace(source->tenant());
    sources.push_back(std::move(source));
  }
};

namespace {

std::string print_file(const std::vector<std::shared_ptr<const WebhookSource>>& sources) {
  std::string text = "# id\tvendor\ttoken\tcustomer\tscheme\tcreated\turl\tkey\tplan\tname\tsecret\n";
  for (const auto& source : sources) text += to_line(*source);
  return text;
}

}  // namespace

WebhookSources::WebhookSources(const std::filesystem::path& data_dir) : file_(data_dir / "webhook_sources") { CHECK(sodium_init() >= 0); }
WebhookSources::~WebhookSources() = default;

Result<std::unique_ptr<WebhookSources>> WebhookSources::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<WebhookSources> sources(new WebhookSources(data_dir));
  AYBIZA_TRY(sources->file_.reload());
  return sources;
}

Result<WebhookSource> WebhookSources::add(WebhookSource wanted, Instant now) {
  AYBIZA_TRY(check(wanted));
  while (wanted.url.ends_with('/')) wanted.url.pop_back();
  wanted.id = random_base62(12);
  wanted.token = random_base62(43);
  wanted.created = now;
  AYBIZA_TRY(file_.rewrite([&](const Table& table) -> Result<std::string> {
    auto sources = table.sources;
    if (sources.size() >= limits::webhook_sources) return fail(Code::too_large, "there are {} sources already", sources.size());
    sources.push_back(std::make_shared<const WebhookSource>(wanted));
    return print_file(sources);
  }));
  return wanted;
}

Status WebhookSources::remove(std::string_view id) {
  return file_.rewrite([&](const Table& table) -> Result<std::string> {
    auto sources = table.sources;
    if (std::erase_if(sources, [&](const auto& one) { return one->id == id; }) == 0) return fail(Code::not_found, "there is no source {}", id);
    return print_file(sources);
  });
}

std::vector<WebhookSource> WebhookSources::list() const {
  std::vector<WebhookSource> out;
  for (const auto& source : file_.table()->sources) out.push_back(*source);
  return out;
}

std::shared_ptr<const WebhookSource> WebhookSources::find(std::string_view vendor, std::string_view token, Instant now) {
  const auto known = file_.look(now);
  if (token.size() > limits::id_bytes) return nullptr;
  const auto at = known->by_token.find(sha256(token));  // keyed by a digest nobody can aim at
  if (at == known->by_token.end() || at->second->vendor != vendor || at->second->token.size() != token.size() ||
      sodium_memcmp(at->second->token.data(), token.data(), token.size()) != 0)
    return nullptr;
  return at->second;
}

bool WebhookSources::joins(std::string_view customer) const {
  const auto known = file_.table();
  return known->joining.contains(std::string(customer));
}

bool WebhookSources::has(std::string_view vendor, std::string_view customer) const {
  const auto known = file_.table();
  return std::ranges::any_of(known->sources, [&](const auto& source) { return source->vendor == vendor && source->tenant() == customer; });
}

std::vector<std::string> WebhookSources::customers() const {
  const auto known = file_.table();
  std::unordered_set<std::string> all;
  for (const auto& source : known->sources) all.emplace(source->tenant());
  return {all.begin(), all.end()};
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
