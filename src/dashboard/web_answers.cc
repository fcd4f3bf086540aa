#include "dashboard/web_answers.h"

#include <algorithm>

#include "base/ids.h"
#include "web_assets.h"

namespace aybiza::dashboard {

std::string_view cookie(const net::Request& request, std::string_view name) {
  for (const net::Header& header : request.headers) {
    if (!net::equals_ignoring_case(header.name, "cookie")) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
    }
  }
  return {};
}

// Accept-Language, RFC 9110 section 12.5.4: browsers send their first choice first, so weights are not read.
const Texts& texts_for(const net::Request& request) {
  for (std::string_view rest = request.header("accept-language"); !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string_view wanted = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (wanted.starts_with(' ')) wanted.remove_prefix(1);
    wanted = wanted.substr(0, wanted.find_first_of("-; "));
    for (const Texts* texts : all_texts())
      if (texts->language() == wanted) return *texts;
  }
  return *all_texts().front();
}

Sid sid_of(const net::Request& request) {
  const std::string_view held = cookie(request, session_cookie);
  if (parse_uuid(held)) return {std::string(held), false};
  return {to_string(random_id()), true};
}

// No Secure: behind loopback there is plain HTTP. Whoever terminates TLS adds it.
std::string set_cookie(std::string_view name, std::string_view value) {
  return std::string(name) + "=" + std::string(value) + "; Path=/; HttpOnly; SameSite=Lax";
}

net::Response page_response(int status, std::string html) {
  return net::Response::html(status, std::move(html))
      .with("Cache-Control", "no-store")
      .with("Content-Security-Policy", std::string(content_security_policy))
      .with("X-Content-Type-Options", "nosniff")
      .with("Referrer-Policy", "same-origin")
      .with("Cross-Origin-Opener-Policy", "same-origin");
}

void allow_embedding(net::Response& response, const std::string& origins) {
  constexpr std::string_view nobody = "frame-ancestors 'none'";
  if (origins.empty()) return;
  for (net::Header& header : response.headers)
    if (const std::size_t at = header.value.find(nobody); header.name == "Content-Security-Policy" && at != std::string::npos)
      header.value.replace(at, nobody.size(), "frame-ancestors " + origins);
}

net::Response asset_response(const net::Request& request) {
  const web::Asset* asset = web::find(request.path);
  if (!asset) return net::Response::error(404, "not_found", "no such file");
  if (request.header("if-none-match") == asset->etag) {
    net::Response unchanged;
    unchanged.status = 304;
    return std::move(unchanged).with("ETag", std::string(asset->etag)).with("Cache-Control", std::string(web::cache_control));
  }
  const web::Choice choice = web::choose(*asset, request.header("accept-encoding"));
  net::Response response = net::Response::text(200, std::string(choice.body), std::string(asset->content_type))
                               .with("Cache-Control", std::string(web::cache_control))
                               .with("ETag", std::string(asset->etag))
                               .with("X-Content-Type-Options", "nosniff")
                               .with("Vary", "Accept-Encoding");
  if (!choice.encoding.empty()) response.headers.push_back({"Content-Encoding", std::string(choice.encoding)});
  return response;
}

}  // namespace aybiza::dashboard
