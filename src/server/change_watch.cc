#include "server/change_watch.h"

#include "server/answering.h"

namespace aybiza {
namespace {

class RecordingSink final : public net::Responder::Sink {
 public:
  RecordingSink(net::Responder inner, auth::ChangeRecord change, const auth::ChangeLog& log, const Clock& clock)
      : inner_(std::move(inner)), change_(std::move(change)), log_(log), clock_(clock) {}
  void deliver(net::Response response) override {
    change_.time = clock_.now();
    if (response.status < 400) static_cast<void>(log_.record(change_));
    inner_(std::move(response));
  }
  bool client_gone() const override { return inner_.client_gone(); }

 private:
  net::Responder inner_;
  auth::ChangeRecord change_;
  const auth::ChangeLog& log_;
  const Clock& clock_;
};

std::string who_asks(const net::Request& request) {
  const auth::Authz& authz = authz_of(request);
  if (authz.key_id().empty() || authz.key_id() == auth::Authz::insecure_loopback().key_id()) return "local";
  const bool by_key = auth::bearer_token(request.header("authorization")).has_value();
  return fmt::format("{} {}", by_key ? "key" : "user", authz.key_name().empty() ? authz.key_id() : authz.key_name());
}

auth::ChangeRecord change_of(const net::Request& request) {
  const bool personal = request.path.starts_with("/api/v1/privacy/");
  return {.time = {}, .who = who_asks(request), .what = fmt::format("{} {}", net::to_string(request.method), request.path), .target = personal ? std::string() : request.body.empty() ? request.query : request.body,
          .customer = std::string(authz_of(request).customer())};
}

}  // namespace

Result<net::Router> watched_for_changes(const net::Router& router, const auth::ChangeLog& log, const Clock& clock) {
  net::Router out;
  for (net::Route route : router.routes()) {
    if (route.handler && route.policy == net::Policy::admin && route.method != net::Method::get)
      route.handler = [inner = std::move(route.handler), &log, &clock](net::RequestPtr request, net::Responder respond) {
        auth::ChangeRecord change = change_of(*request);
        inner(std::move(request), net::Responder(std::make_shared<RecordingSink>(std::move(respond), std::move(change), log, clock)));
      };
    AYBIZA_TRY(out.add(std::move(route)));
  }
  return out;
}

}  // namespace aybiza
