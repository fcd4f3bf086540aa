// Where webhooks may come from: a vendor, the token of its URL, whose events they are, and the secret that signs them.
//
// Shape    one file, `<data>/webhook_sources`, mode 0600, one line per source. Writers take a lock and replace the file, so
//          that `aybiza source add` beside a running server works; a server looks at the file at most once a second.
//          The secret must be kept in the clear: a signature can only be checked with it.
// Errors   io: the file cannot be read or written, or others may read it; corrupt: a line is not a source, with its number.
//          A reader that meets either keeps the sources it had. find(): null for a token that is nobody's.
// Cost     find is one SHA-256, one hash look-up, one constant-time compare.
// Threads  any; a lock is held to copy a pointer, never during i/o.
// Source   ingest-formats.md 0.1.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/watched_file.h"
#include "auth/webhook_signature.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza::auth {

enum class SignatureScheme : unsigned char {
  vendor,  // the vendor's own: Retell, ElevenLabs, Twilio, LiveKit; of Vapi its HMAC credential
  shared,  // Vapi's X-Vapi-Secret or Bearer token
  none,    // the token of the URL alone: only where nothing else can be had
};
std::string_view to_string(SignatureScheme scheme);
std::optional<SignatureScheme> parse_signature_scheme(std::string_view text);

struct WebhookSource {
  std::string id;        // 12 base62 digits, for lists and removal
  std::string vendor;    // vapi, retell, elevenlabs, twilio, livekit
  std::string token;     // 43 base62 digits: the last part of the URL
  std::string customer;  // "*" is the platform
  std::string secret;
  SignatureScheme scheme = SignatureScheme::vendor;
  std::string url;       // the public address of the server as the vendor knows it, "https://in.example.com"; Twilio signs it
  std::string key;       // LiveKit: the API key (iss); files of older programs may lack it: any
  std::string plan;      // Vapi's HMAC credential (parse_hmac_plan)
  std::string name;
  Instant created;

  std::string_view tenant() const { return customer == "*" ? std::string_view{} : std::string_view(customer); }
};
inline constexpr std::string_view webhook_vendors[] = {"vapi", "retell", "elevenlabs", "twilio", "livekit"};

class WebhookSources {
 public:
  // A directory without the file has no sources.
  static Result<std::unique_ptr<WebhookSources>> open(const std::filesystem::path& data_dir);
  ~WebhookSources();
  WebhookSources(const WebhookSources&) = delete;  // share a reference
  WebhookSources& operator=(const WebhookSources&) = delete;

  // Id, token and time are made here; the answer is the source as it is kept.
  Result<WebhookSource> add(WebhookSource wanted, Instant now);
  Status remove(std::string_view id);
  std::vector<WebhookSource> list() const;

  std::shared_ptr<const WebhookSource> find(std::string_view vendor, std::string_view token, Instant now);
  // Whether sources of two vendors tell of the customer's calls: then one call may come under two names.
  bool joins(std::string_view customer) const;
  bool has(std::string_view vendor, std::string_view customer) const;  // a source of his, or of the platform
  std::vector<std::string> customers() const;  // with any source; "" is the platform

 private:
  struct Table;
  explicit WebhookSources(const std::filesystem::path& data_dir);

  WatchedFile<Table> file_;
};

// Whether the request is signed as the source says. `target` is path and query as sent; for Twilio the source's url goes before.
struct WebhookMessageParts {
  std::string_view method, target, body, host;
  const SignedForm* form = nullptr;
  std::function<std::string_view(std::string_view)> header;
};
Verdict verify_webhook(const WebhookSource& source, const WebhookMessageParts& parts, Instant now);

}  // namespace aybiza::auth
