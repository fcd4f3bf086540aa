#include "server/source_commands.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "auth/file.h"
#include "auth/webhook_sources.h"
#include "base/clock.h"

namespace aybiza {
namespace {

Result<std::unique_ptr<auth::WebhookSources>> open_sources(const std::filesystem::path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) return fail(Code::io, "cannot make {}: {}", data.string(), error.message());
  return auth::WebhookSources::open(data);
}

int complain(const Error& error) {
  fmt::print(stderr, "aybiza source: {}\n", error.message);
  return 1;
}

// The secret: the flag's, or a file's or standard input's first line, where no list of processes shows it.
Result<std::string> secret_of(const NewSourceOptions& options) {
  if (options.secret_file.empty()) return options.secret;
  std::string text;
  if (options.secret_file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    auto read = auth::read_file(options.secret_file);
    if (!read) return std::unexpected(read.error());
    text = std::move(*read);
  }
  const std::size_t end = text.find_first_of("\r\n");
  return end == std::string::npos ? text : text.substr(0, end);
}

std::string path_of(const auth::WebhookSource& source) { return fmt::format("/v1/webhooks/{}/{}", source.vendor, source.token); }

}  // namespace

int run_source_add(const NewSourceOptions& options) {
  const auto scheme = auth::parse_signature_scheme(options.scheme);
  if (!scheme) {
    fmt::print(stderr, "aybiza source: '{}' is not a scheme: give vendor, shared or none\n", options.scheme);
    return 2;
  }
  auto secret = secret_of(options);
  if (!secret) return complain(secret.error());
  auto sources = open_sources(options.data);
  if (!sources) return complain(sources.error());
  auth::WebhookSource wanted;
  wanted.vendor = options.vendor, wanted.customer = options.customer, wanted.secret = std::move(*secret), wanted.scheme = *scheme;
  wanted.url = options.url, wanted.key = options.key, wanted.plan = options.plan, wanted.name = options.name;
  const auto made = (*sources)->add(std::move(wanted), SystemClock().now());
  if (!made) return complain(made.error());
  // The path alone goes to stdout, so that a script can use it.
  fmt::print(stderr, "source {} for {} ({}); its webhook goes to {}:\n", made->id, made->customer == "*" ? "the platform" : made->customer,
             made->vendor, made->url.empty() ? "this path of your server" : made->url);
  fmt::print("{}\n", path_of(*made));
  return 0;
}

int run_source_list(const std::filesystem::path& data) {
  auto sources = open_sources(data);
  if (!sources) return complain(sources.error());
  for (const auth::WebhookSource& source : (*sources)->list())
    fmt::print("{}  {:<10} {:<20} {:<6} {}  {}{}  {}\n", source.id, source.vendor, source.customer, auth::to_string(source.scheme),
               format_rfc3339(source.created), source.url, path_of(source), source.name);
  return 0;
}

int run_source_remove(const std::filesystem::path& data, const std::string& id) {
  auto sources = open_sources(data);
  if (!sources) return complain(sources.error());
  if (const auto done = (*sources)->remove(id); !done) return complain(done.error());
  fmt::print("source {} is removed; a running server notices within a second\n", id);
  return 0;
}

}  // namespace aybiza
