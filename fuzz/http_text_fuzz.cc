// The texts of a request that we read ourselves: path, query, Origin, Accept-Encoding, bearer, cookie, signed value, key line.
#include "auth/api_key.h"
#include "auth/signed_value.h"
#include "base/check.h"
#include "net/content_coding.h"
#include "net/router.h"

namespace {

aybiza::net::Router table() {
  aybiza::net::Router router;
  for (const char* pattern : {"/", "/a", "/a/:x", "/a/:x/b", "/files/*"}) {
    CHECK(router.add({.method = aybiza::net::Method::get, .pattern = pattern, .policy = aybiza::net::Policy::open,
                      .handler = [](aybiza::net::RequestPtr, aybiza::net::Responder) {}, .websocket = {}}).has_value());
  }
  return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace aybiza;
  static const net::Router router = table();
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)router.match(net::Method::get, text);
  (void)router.match(net::Method::post, "/" + text);
  (void)net::parse_query(text);
  (void)net::accepts_gzip(text);
  (void)net::parse_content_encoding(text);
  (void)auth::bearer_token(text);
  (void)auth::cookie_value(text, "sid");
  net::Request request;
  request.headers = {{"Origin", text}, {"Host", "127.0.0.1:80"}};
  (void)net::origin_allowed(request, {});
  CHECK(!auth::verify_value({}, text, from_micros(0)) || text.size() > 43);
  if (const auto key = auth::parse_key_line(text)) CHECK(auth::parse_key_line(auth::to_line(*key)).has_value());
  return 0;
}
