#include "dashboard/sign_in_page.h"

#include "auth/sign_in_limits.h"
#include "liveview/html.h"
#include "liveview/diff.h"
#include "web_assets.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

std::string door(std::string_view title, const DoorInput& in, Node form) {
  std::optional<Node> error;
  if (!in.error.empty()) error = html<"<p class=\"error\" id=\"why\" role=\"alert\">{}</p>">(in.error);
  return to_html(html<"<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                      "<meta name=\"color-scheme\" content=\"light dark\"><title>{} · {}</title><link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"><script src=\"{}\"></script></head>"
                      "<body><main class=\"door\" id=\"main\"><p class=\"brand\"><svg class=\"logo\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M3 13v-2M7.5 17V7M12 21V3M16.5 17V7M21 13v-2\"/></svg><span>{}</span></p>"
                      "<h1>{}</h1>{}{}</main></body></html>">(
      in.texts.language(), title, in.brand, web::path_of("icon.svg"), web::path_of("app.css"), web::path_of("theme.js"), in.brand, title, error, std::move(form)));
}

}  // namespace

std::string sign_in_page(const DoorInput& in, std::string_view next) {
  const Texts& t = in.texts;
  return door(t("door.sign_in"), in,
              html<"<form class=\"stack\" method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"csrf\" value=\"{}\"><input type=\"hidden\" name=\"next\" value=\"{}\">"
                   "<label class=\"field\"><span>{}</span><input name=\"name\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required autofocus></label>"
                   "<label class=\"field\"><span>{}</span><input type=\"password\" name=\"password\" autocomplete=\"current-password\" required></label>"
                   "<button class=\"primary\">{}</button></form><p class=\"hint\">{} <code>aybiza user add NAME</code></p>">(
                  in.csrf, next, t("board.name"), in.name, t("door.password"), t("door.sign_in"), t("door.no_password")));
}

std::string set_up_page(const DoorInput& in, std::string_view token) {
  const Texts& t = in.texts;
  return door(t("door.first_user"), in,
              html<"<p class=\"muted\">{} <code>aybiza user add</code></p>"
                   "<form class=\"stack\" method=\"post\" action=\"/setup\"><input type=\"hidden\" name=\"csrf\" value=\"{}\"><input type=\"hidden\" name=\"token\" value=\"{}\">"
                   "<label class=\"field\"><span>{}</span><input name=\"name\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required autofocus></label>"
                   "<label class=\"field\"><span>{}</span><input type=\"password\" name=\"password\" autocomplete=\"new-password\" minlength=\"{}\" required></label>"
                   "<p class=\"hint\">{}</p><button class=\"primary\">{}</button></form>">(
                  t("door.first"), in.csrf, token, t("board.name"), in.name, t("door.password"), limits::password_least, t("door.least", limits::password_least), t("door.make")));
}

}  // namespace aybiza::dashboard
