#include "liveview/dead_render.h"

#include "liveview/diff.h"

namespace aybiza::liveview {

class DeadRender {
 public:
  DeadRender(const Router& router, const Signer& signer, const PageRequest& request, const Match& match)
      : router_(router), signer_(signer), request_(request), match_(match),
        context_(request.visitor, false, request.now) {}

  PageResponse run() {
    read_flash();
    const auto view = match_.route->make(request_.visitor);
    static const Json no_params;
    view->mount(context_, {no_params, 0});
    if (!context_.navigation_) view->handle_params(context_, match_.location);
    if (context_.navigation_) return {302, context_.navigation_->to, ""};
    return {200, "", page(view->render(context_))};
  }

 private:
  void read_flash() {
    const auto body = verify_flash(signer_, request_.flash_token, request_.now);
    const auto json = body ? parse_json(*body) : Result<Json>(Json());
    if (!json || json->object() == nullptr) return;
    for (const auto& [kind, text] : *json->object()) context_.put_flash(kind, text.text());
  }

  std::string page(const Node& content) const {
    const Route& route = *match_.route;
    const std::string session =
        sign_session(signer_, {std::string(request_.page_id), route.view, route.live_session,
                               signer_.sid_hash(request_.visitor.sid), request_.visitor.user, request_.now});
    const Node main = html<"<div id=\"{}\" data-phx-main data-phx-session=\"{}\" data-phx-static=\"\">{}</div>">(
        request_.page_id, session, content);
    const Layout* layout = router_.layout_of(route.live_session);
    if (layout == nullptr) return to_html(main);
    const std::string csrf = signer_.csrf(request_.visitor.sid), title = context_.title_.value_or("");
    return to_html((*layout)({title, csrf, route.live_session, route.view, match_.location.uri.path,
                              request_.visitor, main}));
  }

  const Router& router_;
  const Signer& signer_;
  const PageRequest& request_;
  const Match& match_;
  Context context_;
};

Result<PageResponse> dead_render(const Router& router, const Signer& signer, const PageRequest& request) {
  const auto uri = parse_uri(request.target);
  const auto match = uri ? router.find(*uri) : std::nullopt;
  if (!match) return fail(Code::not_found, "no page at {}", request.target);
  try {
    return DeadRender(router, signer, request, *match).run();
  } catch (const std::exception& error) {
    return fail(Code::unavailable, "page {} failed: {}", match->route->view, error.what());
  }
}

}  // namespace aybiza::liveview
