// Whatever a client may send over its LiveView socket: never a crash, every frame valid JSON, every close code allowed.
//
// Shape    the input is messages separated by NUL. "@SESSION" in them is replaced by a good token, so that joins succeed.
#include <simdjson.h>

#include <cstdlib>

#include "liveview/socket.h"

namespace {

using namespace aybiza;
using namespace aybiza::liveview;

class Everything final : public View {
  void handle_params(Context& context, const Location& at) override {
    const auto go = at.uri.query.get("go");
    if (go) context.push_patch(*go);
    id_ = at.param("id");
  }
  void handle_event(Context& context, const Event& event) override {
    last_ = std::string(event.name) + to_json(event.value) + to_json(event.form.nested()) + std::string(event.component);
    items_.push_back(std::string(event.form.text("item")));
    if (event.name == "go") context.push_navigate(event.value["to"].text());
    if (event.name == "reply") context.reply(to_json(event.value));
    if (event.name == "push") context.push_event(event.value["name"].text(), to_json(event.value));
    if (event.name == "title") context.set_title(event.value.text());
    if (event.name == "part") part_ = !part_;
  }
  Node render(const Context& context) override {
    std::size_t n = 0;
    const Node list = each(items_, [&](const std::string&) { return n++; },
                           [](const std::string& item) { return html<"<li title=\"{}\">{}</li>">(item, item); });
    std::optional<Node> part;
    if (part_) part = component("part", html<"<i>{}</i>">(last_));
    return html<"<p>{}</p>{}{}{}{}">(id_, last_, list, part, context.flash("info"));
  }
  std::string id_, last_;
  std::vector<std::string> items_;
  bool part_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const Router router = [] {
    Router made;
    made.add({"/p/:id", "page", "app", [](const Visitor&) { return std::make_unique<Everything>(); }});
    return made;
  }();
  static const Signer signer(std::string(32, 'k'));
  static const Instant start = from_micros(1'800'000'000'000'000);
  static const std::string session = sign_session(signer, {"x", "page", "app", signer.sid_hash("sid"), "", start});

  Endpoint endpoint{router, signer};
  Instant now = start;
  Socket socket(endpoint, {"sid", signer.csrf("sid"), "", "client", nullptr}, now);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    std::string message(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(std::min(rest.size(), message.size() + 1));
    if (const std::size_t at = message.find("@SESSION"); at != message.npos) message.replace(at, 8, session);
    now += std::chrono::milliseconds(30);
    socket.on_message(message, now);
    socket.tick(now);
    for (const std::string& frame : socket.drain(now)) {
      simdjson::dom::parser parser;  // valid UTF-8 and JSON, whatever was put in
      if (parser.parse(frame).error() != simdjson::SUCCESS) std::abort();
    }
  }
  if (socket.close_code() && static_cast<int>(*socket.close_code()) <= 1000) std::abort();
  return 0;
}
