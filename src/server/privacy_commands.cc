#include "server/privacy_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "net/http_client.h"
#include "privacy/tokenizer.h"
#include "server/privacy.h"

namespace aybiza {
namespace {

int complain_of(const Error& error) {
  fmt::print(stderr, "aybiza: {}\n", error.message);
  return 1;
}

struct Opened {
  auth::Secret secret;
  std::unique_ptr<Privacy> privacy;

  // One line of the audit, as the command line.
  Status note(std::string_view action, std::string_view customer, std::string_view about, std::size_t count = 0) const {
    return privacy->note({.time = SystemClock().now(), .who = "command line", .action = std::string(action), .customer = std::string(customer),
                          .about = std::string(about), .count = count});
  }
};

Result<Opened> open_privacy(const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) return fail(Code::io, "cannot make {}: {}", data.string(), error.message());
  auto secret = auth::Secret::load_or_create(data);
  if (!secret) return std::unexpected(secret.error());
  auto privacy = Privacy::open(data, *secret);
  if (!privacy) return std::unexpected(privacy.error());
  return Opened{*secret, std::move(*privacy)};
}

}  // namespace

CLI::App* PrivacyCommands::add_verb(CLI::App& to, const char* name, const char* help) {
  CLI::App* verb = to.add_subcommand(name, help);
  verb->add_option("--data", data_, "directory of everything the server keeps")->envname("AYBIZA_DATA")->capture_default_str();
  return verb;
}

void PrivacyCommands::add_to(CLI::App& app) {
  CLI::App* masking = app.add_subcommand("masking", "what becomes of the words of each customer's calls (docs/privacy.md)");
  masking->require_subcommand(1);
  list_ = add_verb(*masking, "list", "all policies; who has none is masked");
  set_ = add_verb(*masking, "set", "one customer's policy, from the next event on");
  set_->add_option("--customer", customer_, "whose calls; * is events of platform keys that name no customer")->required();
  set_->add_option("--policy", policy_, "mask, drop_content or keep_encrypted")->required();
  set_->add_option("--classes", classes_, "what is hidden in texts: all, none, or some of phone,email,card,iban,ssn,address")->capture_default_str();
  remove_ = add_verb(*masking, "remove", "masked like everybody else again");
  remove_->add_option("--customer", customer_, "as in the list")->required();
  forget_ = add_verb(app, "forget", "destroy the keys of a caller: what was kept encrypted of them can never be read again");
  forget_->add_option("--caller", caller_, "the phone number, or its token as calls show it")->required();
  forget_->add_option("--customer", customer_, "only of this customer's calls");
  unmask_ = app.add_subcommand("unmask", "the words of a call as they were said, where its customer keeps them encrypted; audited");
  unmask_->add_option("--call", call_, "our id or the sender's")->required();
  unmask_->add_option("--url", url_, "server")->envname("AYBIZA_URL")->capture_default_str();
  unmask_->add_option("--key", key_, "a key with scope admin")->envname("AYBIZA_KEY");
}

std::optional<int> PrivacyCommands::run() const {
  if (*list_) return list();
  if (*set_) return set();
  if (*remove_) return remove();
  if (*forget_) return forget();
  if (*unmask_) return unmask();
  return std::nullopt;
}

int PrivacyCommands::list() const {
  const auto opened = open_privacy(data_);
  if (!opened) return complain_of(opened.error());
  for (const auto& entry : opened->privacy->policies().look(SystemClock().now())->entries())
    fmt::print("{:<24} {:<14} {:<10} {}\n", entry.customer, to_string(entry.rule.policy), classes_text(entry.rule.classes), format_rfc3339(entry.set));
  return 0;
}

int PrivacyCommands::set() const {
  const auto policy = parse_masking_policy(policy_);
  if (!policy) {
    fmt::print(stderr, "aybiza masking: '{}' is not a policy: give mask, drop_content or keep_encrypted\n", policy_);
    return 2;
  }
  const auto classes = parse_classes(classes_);
  if (!classes) {
    fmt::print(stderr, "aybiza masking: '{}' are not classes: give all, none, or some of phone,email,card,iban,ssn,address\n", classes_);
    return 2;
  }
  const auto opened = open_privacy(data_);
  if (!opened) return complain_of(opened.error());
  const std::string about = fmt::format("{} {}", to_string(*policy), classes_text(*classes));
  if (const Status done = opened->privacy->policies().set({customer_, {*policy, *classes}, SystemClock().now()}); !done) return complain_of(done.error());
  if (const Status noted = opened->note("masking", customer_, about); !noted) return complain_of(noted.error());
  fmt::print("{}: {}; a running server follows within a second, for events that come from then on\n", customer_, about);
  return 0;
}

int PrivacyCommands::remove() const {
  const auto opened = open_privacy(data_);
  if (!opened) return complain_of(opened.error());
  if (const Status done = opened->privacy->policies().remove(customer_); !done) return complain_of(done.error());
  if (const Status noted = opened->note("masking", customer_, "removed"); !noted) return complain_of(noted.error());
  fmt::print("{}: masked like everybody else\n", customer_);
  return 0;
}

int PrivacyCommands::forget() const {
  const auto opened = open_privacy(data_);
  if (!opened) return complain_of(opened.error());
  const auto key = opened->secret.derive("pii");
  const std::string token = Tokenizer(std::string_view(reinterpret_cast<const char*>(key.data()), key.size())).phone_field(caller_);
  // The intention first, so that no key is destroyed of which the audit knows nothing.
  if (const Status noted = opened->note("forget", customer_, token); !noted) return complain_of(noted.error());
  const auto destroyed = opened->privacy->keys().forget(token, customer_);
  if (!destroyed) return complain_of(destroyed.error());
  if (const Status noted = opened->note("forgotten", customer_, token, *destroyed); !noted) return complain_of(noted.error());
  fmt::print("{}: {} keys destroyed{}\n", token, *destroyed, *destroyed == 0 ? "; nothing of this caller was kept encrypted" : "");
  return 0;
}

int PrivacyCommands::unmask() const {
  auto server = net::parse_http_url(url_);
  if (!server) {
    fmt::print(stderr, "aybiza unmask: '{}' is not a server: give --url http://HOST:PORT\n", url_);
    return 2;
  }
  if (!key_.empty()) server->headers.push_back({"Authorization", "Bearer " + key_});
  std::string target = "/api/v1/calls/";
  for (const char c : call_) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    target += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  net::HttpClient client(*server);
  const auto answer = client.request({.method = net::Method::post, .target = target + "/unmask", .body = {}, .content_type = {}, .headers = {}});
  if (!answer) return complain_of(answer.error());
  fmt::print(answer->status == 200 ? stdout : stderr, "{}\n", answer->body);
  return answer->status == 200 ? 0 : 1;
}

}  // namespace aybiza
