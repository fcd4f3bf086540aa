#include "server/give_api.h"

#include "dashboard/frame.h"
#include "dashboard/web_answers.h"
#include "picture/picture_limits.h"

namespace aybiza {
namespace {

using dashboard::PagePass;
using dashboard::PictureOf;
using net::Response;

constexpr auto pass_slack = std::chrono::seconds(10);

// Answers in what the asker reads: a page for a browser, JSON for programs.
Response refused(const net::Request& request, const Error& error) {
  int status = 500;
  std::string_view code = "failed", title = "give.failed";
  if (error.code == Code::unsupported) status = 501, code = "no_browser", title = "give.no_browser";
  if (error.code == Code::unavailable || error.code == Code::too_large) status = 503, code = "unavailable";
  if (error.code == Code::not_found) status = 404, code = "not_found", title = "door.no_page";
  if (error.code == Code::invalid) status = 400, code = "invalid", title = "door.no_page";
  if (!request.header("accept").contains("text/html")) {
    Response out = Response::error(status, code, error.message);
    return status == 503 ? std::move(out).with("Retry-After", "5") : std::move(out);
  }
  const dashboard::Texts& t = dashboard::texts_for(request);
  return dashboard::page_response(status, dashboard::plain_page(t, t(title), error.message, "/"));
}

}  // namespace

void GiveApi::take(const PictureOf& of, Kinds kinds, PagePass pass, Camera::Gone gone, Camera::Answer answer) {
  pass.preferences.theme = kinds.dark ? dashboard::Theme::dark : dashboard::Theme::light;
  auto token = std::make_shared<std::string>();
  auto prepare = [parts = parts_, of, kinds, pass = std::move(pass), token]() mutable {
    const Instant now = parts.clock->now();
    *token = parts.passes->grant(std::move(pass), now, now + limits::picture_time + pass_slack);
    return PictureWish{.url = parts.url() + of.target, .cookie_name = std::string(dashboard::pass_cookie), .cookie_value = *token, .png = kinds.png, .pdf = kinds.pdf, .dark = kinds.dark,
                       .heading = of.heading, .moment = of.moment};
  };
  parts_.camera->take(std::move(prepare), std::move(gone), [passes = parts_.passes, token, answer = std::move(answer)](Result<PagePictures> taken) mutable {
    passes->end(*token);
    answer(std::move(taken));
  });
}

void GiveApi::answer(net::RequestPtr request, net::Responder respond, bool pdf) {
  const std::string_view site = request->header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return respond(Response::error(403, "origin", "another site's page may not ask for pictures"));
  auto pass = parts_.pages->pass_of(*request);
  if (!pass) return respond(parts_.pages->refusal(*request));
  std::string of;
  Kinds kinds{.png = !pdf, .pdf = pdf};
  for (const auto& [name, value] : net::parse_query(request->query).value_or(std::vector<std::pair<std::string, std::string>>())) {
    if (name == "of") of = value;
    else if (name == "theme") kinds.dark = value == "dark";
    else return respond(refused(*request, {Code::invalid, fmt::format("'{}' is not a parameter here; known are of and theme", name)}));
  }
  auto what = dashboard::picture_of(of, pass->preferences, parts_.brand, parts_.clock->now());
  if (!what) return respond(refused(*request, what.error()));
  auto shared = std::make_shared<net::Responder>(std::move(respond));
  const std::string disposition = fmt::format("{}; filename=\"{}.{}\"", pdf ? "inline" : "attachment", what->name, pdf ? "pdf" : "png");
  take(*what, kinds, std::move(*pass), [shared] { return shared->client_gone(); }, [shared, request, pdf, disposition](Result<PagePictures> taken) {
    if (!taken) return (*shared)(refused(*request, taken.error()));
    Response out = Response::text(200, pdf ? std::move(taken->pdf) : std::move(taken->png), pdf ? "application/pdf" : "image/png");
    (*shared)(std::move(out).with("Content-Disposition", disposition).with("Cache-Control", "no-store").with("X-Content-Type-Options", "nosniff"));
  });
}

Status GiveApi::add_routes(net::Router& router) {
  for (const bool pdf : {false, true})
    AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = pdf ? "/give/page.pdf" : "/give/page.png", .policy = net::Policy::page, .body_limit = 0,
                           .handler = [this, pdf](net::RequestPtr request, net::Responder respond) { answer(std::move(request), std::move(respond), pdf); }, .websocket = {}}));
  return {};
}

}  // namespace aybiza
