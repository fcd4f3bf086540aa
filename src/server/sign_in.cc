#include "server/sign_in.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cctype>

#include "auth/attempts.h"
#include "auth/signed_value.h"
#include "auth/sign_in_limits.h"
#include "dashboard/reasons.h"
#include "dashboard/sign_in_page.h"
#include "dashboard/web_answers.h"
#include "net/websocket.h"
#include "runtime/worker_pool.h"

namespace aybiza {

using net::Request;
using net::RequestPtr;
using net::Responder;
using net::Response;

namespace {

constexpr std::string_view cookie_name = "aybiza_session";

std::string field(const Request& request, std::string_view name) {
  const auto form = net::parse_query(request.method == net::Method::post ? std::string_view(request.body) : std::string_view(request.query));
  if (form)
    for (const auto& [key, value] : *form)
      if (key == name) return value;
  return "";
}

// Names are the same in any case, so their failures are counted as one.
std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Whoever terminates TLS in front of us says so; we listen on loopback, where nobody else speaks to us.
bool over_tls(const Request& request) { return request.peer.loopback && request.header("x-forwarded-proto") == "https"; }

Response to(std::string_view location) {
  Response out = dashboard::page_response(303, "");
  return std::move(out).with("Location", std::string(location));
}

}  // namespace

std::string local_path(std::string_view wanted) {
  if (wanted.empty() || wanted.size() > 2'000 || wanted[0] != '/') return "/";
  if (wanted.size() > 1 && (wanted[1] == '/' || wanted[1] == '\\')) return "/";
  for (const unsigned char c : wanted)
    if (c <= ' ' || c == 0x7f || c == '\\') return "/";
  if (wanted.starts_with("/sign-") || wanted.starts_with("/setup")) return "/";
  return std::string(wanted);
}

struct SignIn::Inner : std::enable_shared_from_this<SignIn::Inner> {
  explicit Inner(SignInParts given) : parts(std::move(given)), forms(parts.secret.derive("forms")), hashing("sign-in", 1, limits::sign_ins_waiting) {
    if (parts.users->empty(now())) set_up = auth::random_base62(43);
  }
  Instant now() const { return parts.clock->now(); }
  static std::string_view said(const Request& request, std::string_view key) { return dashboard::texts_for(request)(key); }

  // A form is good in the browser that was given it: its token is bound to the page cookie.
  std::string form_token(std::string_view sid) const {
    const auth::KeyBytes bytes = auth::keyed_hash(forms, sid);
    std::string out;
    for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
    return out;
  }
  bool form_is_ours(const Request& request) const {
    const std::string wanted = form_token(dashboard::cookie(request, dashboard::session_cookie)), given = field(request, "csrf");
    return net::origin_allowed(request, {}) && given.size() == wanted.size() && sodium_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
  }
  bool set_up_token_is(const std::string& given) {
    return !set_up.empty() && parts.users->empty(now()) && given.size() == set_up.size() && sodium_memcmp(given.data(), set_up.data(), set_up.size()) == 0;
  }

  // A page with a form: the cookie its token is bound to goes with it.
  template <typename Make>
  Response form_page(const Request& request, int status, Make&& make) const {
    const dashboard::Sid sid = dashboard::sid_of(request);
    Response out = dashboard::page_response(status, make(form_token(sid.value)));
    if (sid.is_new) out.headers.push_back({"Set-Cookie", dashboard::set_cookie(dashboard::session_cookie, sid.value)});
    return out;
  }
  Response sign_in_form(const Request& request, int status = 200, std::string_view error = {}) const {
    return form_page(request, status, [&](const std::string& csrf) {
      return dashboard::sign_in_page({parts.brand, csrf, status == 200 ? "" : field(request, "name"), error, dashboard::texts_for(request)}, local_path(field(request, "next")));
    });
  }
  Response set_up_form(const Request& request, int status = 200, std::string_view error = {}) const {
    return form_page(request, status, [&](const std::string& csrf) {
      return dashboard::set_up_page({parts.brand, csrf, status == 200 ? "" : field(request, "name"), error, dashboard::texts_for(request)}, field(request, "token"));
    });
  }

  Response welcome(const Request& request, const auth::User& user, const std::string& next) {
    const std::string token = parts.sessions->begin(user.id, user.generation, now());
    Response out = to(next);
    out.headers.push_back({"Set-Cookie", auth::session_cookie(cookie_name, token, over_tls(request))});
    return out;
  }

  Response sign_in(const Request& request) {
    if (!form_is_ours(request)) return sign_in_form(request, 403, said(request, "door.expired"));
    const std::string name = field(request, "name"), keys[] = {"name " + lower(name.substr(0, limits::id_bytes)), "address " + request.peer.address};
    Duration wait(0);
    for (const std::string& key : keys) wait = std::max(wait, attempts.wait_of(key, now()));
    if (wait > Duration(0)) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
      return sign_in_form(request, 429, dashboard::texts_for(request)("door.too_many", (seconds + 59) / 60)).with("Retry-After", std::to_string(seconds));
    }
    const auto user = parts.users->check(name, field(request, "password"));
    if (!user) {
      for (const std::string& key : keys) attempts.failed(key, now());
      return sign_in_form(request, 401, said(request, "door.wrong"));
    }
    attempts.succeeded(keys[0]);
    return welcome(request, *user, local_path(field(request, "next")));
  }

  Response make_first(const Request& request) {
    const std::string token = field(request, "token");
    if (!set_up_token_is(token)) return gone(request);
    if (!form_is_ours(request)) return set_up_form(request, 403, said(request, "door.expired"));
    const auto user = parts.users->add({field(request, "name"), field(request, "password"), auth::Role::admin, "*"}, now(), true);
    if (!user) return set_up_form(request, 400, dashboard::reason_of(dashboard::texts_for(request), user.error().message));
    return welcome(request, *user, "/");
  }

  Response sign_out(const Request& request) {
    if (!net::origin_allowed(request, {})) return Response::error(403, "origin", "this form is from elsewhere");
    if (const auto token = auth::cookie_value(request.header("cookie"), cookie_name)) parts.sessions->end(*token);
    Response out = to("/sign-in");
    for (const bool secure : {false, true})
      out.headers.push_back({"Set-Cookie", auth::session_cookie(cookie_name, "", secure) + "; Max-Age=0"});
    return out;
  }

  Response gone(const Request& request) const { return dashboard::page_response(404, dashboard::sign_in_page({parts.brand, "", "", said(request, "door.gone"), dashboard::texts_for(request)}, "/")); }

  const SignInParts parts;
  const auth::KeyBytes forms;
  std::string set_up;  // set once
  auth::Attempts attempts;
  WorkerPool hashing;
};

SignIn::SignIn(SignInParts parts) : inner_(std::make_shared<Inner>(std::move(parts))) {}
SignIn::~SignIn() { stop(); }
void SignIn::stop() { inner_->hashing.stop(); }

std::string SignIn::set_up_path() const { return inner_->set_up.empty() ? "" : "/setup?token=" + inner_->set_up; }

std::optional<SignIn::Somebody> SignIn::who(const Request& request) {
  const auto token = auth::cookie_value(request.header("cookie"), cookie_name);
  if (!token || token->empty()) return std::nullopt;
  const auto session = inner_->parts.sessions->find(*token, inner_->now());
  const auto user = session ? inner_->parts.users->find(session->user_id, inner_->now()) : std::nullopt;
  if (!user || user->disabled || user->generation != session->generation) return std::nullopt;
  return Somebody{user->authz(), user->id, user->name, std::string(*token)};
}

bool SignIn::still(const Somebody& somebody) {
  const Instant now = inner_->now();
  const auto session = inner_->parts.sessions->find(somebody.session, now);  // a page that is looked at is use
  const auto user = session ? inner_->parts.users->find(session->user_id, now) : std::nullopt;
  return user && !user->disabled && user->generation == session->generation;
}

Status SignIn::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string pattern, std::size_t body, net::Handler handler) {
    return router.add({.method = method, .pattern = std::move(pattern), .policy = net::Policy::open, .body_limit = body, .handler = std::move(handler), .websocket = {}});
  };
  const auto hashed = [inner = inner_](Response (Inner::*answer)(const Request&)) {
    return [inner, answer](RequestPtr request, Responder respond) {
      auto shared = std::make_shared<Responder>(std::move(respond));
      const bool taken = inner->hashing.post([inner, answer, request, shared] { (*shared)((inner.get()->*answer)(*request)); });
      if (!taken) (*shared)(Response::error(503, "busy", "too many are signing in; try again").with("Retry-After", "2"));
    };
  };
  AYBIZA_TRY(add(net::Method::get, "/sign-in", 0, [inner = inner_](RequestPtr request, Responder respond) { respond(inner->sign_in_form(*request)); }));
  AYBIZA_TRY(add(net::Method::post, "/sign-in", limits::sign_in_body_bytes, hashed(&Inner::sign_in)));
  AYBIZA_TRY(add(net::Method::post, "/sign-out", limits::sign_in_body_bytes, hashed(&Inner::sign_out)));
  AYBIZA_TRY(add(net::Method::get, "/setup", 0, [inner = inner_](RequestPtr request, Responder respond) {
    respond(inner->set_up_token_is(field(*request, "token")) ? inner->set_up_form(*request) : inner->gone(*request));
  }));
  return add(net::Method::post, "/setup", limits::sign_in_body_bytes, hashed(&Inner::make_first));
}

}  // namespace aybiza
