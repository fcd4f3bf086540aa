#include "picture/page_picture.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <thread>

#include "codec/json_writer.h"
#include "picture/browser_process.h"
#include "picture/devtools.h"
#include "picture/picture_limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr auto look_again = 60ms;  // between two looks at a page that is being drawn
constexpr int measured_most = 4;   // times a page may become another height as its charts come into view

// Drawn: connected, nothing busy or still a skeleton, and no chart with data and without ink, on two frames one after the other.
constexpr std::string_view look = R"((async () => {
  const status = performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0;
  const waits = () => {
    if (document.readyState !== "complete") return "loading";
    if (!document.querySelector("[data-phx-main]")) return status >= 400 ? "" : "page";
    if (!document.querySelector("[data-phx-main].phx-connected")) return "connection";
    if ([...document.querySelectorAll("[aria-busy=true], .tile.loading")].some(el => el.clientWidth > 0)) return "figures";
    return window.chartsWaiting?.() ? "charts" : "";
  };
  const frame = () => new Promise(done => requestAnimationFrame(done));
  let found = waits();
  if (!found) { await document.fonts.ready; await frame(); await frame(); found = waits(); }
  return `${status} ${found || "ready"} ${Math.ceil(document.documentElement.scrollHeight)}`;
})())";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

// What stands above and below each page of a PDF; its own small document, in points.
std::string edge(std::string_view left, std::string_view right) {
  return fmt::format("<div style=\"width:100%;padding:0 10.5mm;display:flex;justify-content:space-between;font:7.5pt 'DejaVu Sans',Arial,sans-serif;color:#555\"><span>{}</span><span>{}</span></div>", escaped(left), right);
}

template <typename Fill>
std::string object(Fill&& fill) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  fill(json);
  json.end_object();
  return out;
}

class Tab {
 public:
  Tab(BrowserProcess& browser, Patience patience) : browser_(browser), patience_(std::move(patience)) {}

  // The value that `pointer` names in the reply; events in between say nothing that we wait for.
  Result<std::string> call(std::string_view method, std::string_view params = "{}", const char* pointer = "") {
    const std::int64_t id = ++last_;
    AYBIZA_TRY(browser_.send(to_json({.id = id, .method = method, .params = params, .session = session_}), patience_));
    for (;;) {
      const auto text = browser_.receive(patience_);
      if (!text) return std::unexpected(text.error());
      auto message = parse_devtools(*text, pointer);
      if (!message) return std::unexpected(message.error());
      if (message->id != id) continue;
      if (!message->error.empty()) return fail(Code::conflict, "the browser refused {}: {}", method, message->error);
      return std::move(message->value);
    }
  }

  Status open(const PictureWish& wish) {
    const auto target = call("Target.createTarget", R"({"url":"about:blank"})", "/result/targetId");
    if (!target) return std::unexpected(target.error());
    const auto session = call("Target.attachToTarget", object([&](JsonWriter& json) { json.member("targetId", *target).member("flatten", true); }), "/result/sessionId");
    if (!session) return std::unexpected(session.error());
    session_ = *session;
    AYBIZA_TRY(size(limits::picture_height_least));
    AYBIZA_TRY(look_like("screen", wish.dark));
    if (!wish.cookie_name.empty())
      AYBIZA_TRY(call("Network.setCookie", object([&](JsonWriter& json) { json.member("name", wish.cookie_name).member("value", wish.cookie_value).member("url", wish.url).member("httpOnly", true).member("sameSite", "Strict"); })));
    const auto error = call("Page.navigate", object([&](JsonWriter& json) { json.member("url", wish.url); }), "/result/errorText");
    if (!error) return std::unexpected(error.error());
    if (!error->empty()) return fail(Code::unavailable, "the browser could not open the page: {}", *error);
    return {};
  }

  Status look_like(std::string_view medium, bool dark) {
    const auto done = call("Emulation.setEmulatedMedia", object([&](JsonWriter& json) {
      json.member("media", medium).key("features").begin_array();
      json.begin_object().member("name", "prefers-color-scheme").member("value", dark ? "dark" : "light").end_object();
      json.begin_object().member("name", "prefers-reduced-motion").member("value", "reduce").end_object().end_array();
    }));
    return done ? Status() : std::unexpected(done.error());
  }

  // As high as the page is when all of its charts are in view and drawn.
  Result<int> drawn() {
    const Duration until = std::min<Duration>(patience_.until, patience_.clock.elapsed() + limits::picture_page_time);
    int height = 0;
    for (int measured = 0; measured < measured_most;) {
      const auto said = looked();
      if (!said) return std::unexpected(said.error());
      if (said->waits.empty()) {
        if (said->status >= 400) return fail(said->status == 404 ? Code::not_found : Code::unavailable, "the page answered {}", said->status);
        const int wanted = std::clamp(said->height, limits::picture_height_least, limits::picture_height_most);
        if (wanted == height || ++measured == measured_most) return wanted;
        AYBIZA_TRY(size(height = wanted));
        continue;
      }
      if (patience_.clock.elapsed() > until) return fail(Code::unavailable, "the page was not drawn within {} s: it waits for its {}", limits::picture_page_time.count(), said->waits);
      std::this_thread::sleep_for(look_again);
    }
    return height;
  }

  Result<std::string> png(int height) {
    return picture("Page.captureScreenshot", object([&](JsonWriter& json) {
      json.member("format", "png").key("clip").begin_object().member("x", 0).member("y", 0).member("width", limits::picture_width).member("height", height).member("scale", 1).end_object();
    }));
  }

  // The sheet is 297 mm wide; at this scale what is between its margins is as wide as the screen was, so that no chart is cut or stretched.
  Result<std::string> pdf(const PictureWish& wish) {
    constexpr double inch_mm = 25.4, margin = 10 / inch_mm, wide = 297 / inch_mm, high = 210 / inch_mm, css_inch = 96;
    return picture("Page.printToPDF", object([&](JsonWriter& json) {
      json.member("landscape", true).member("printBackground", true).member("displayHeaderFooter", true).member("paperWidth", high).member("paperHeight", wide);
      json.member("marginLeft", margin).member("marginRight", margin).member("marginTop", 14 / inch_mm).member("marginBottom", 12 / inch_mm);
      json.member("scale", (wide - 2 * margin) * css_inch / limits::picture_width);
      json.member("headerTemplate", edge(wish.heading, "")).member("footerTemplate", edge(wish.moment, "<span class=\"pageNumber\"></span> / <span class=\"totalPages\"></span>"));
    }));
  }

 private:
  // A document that is just being replaced by the next answers with an error, or with nothing of ours: it is loading.
  Result<PageSaid> looked() {
    const auto text = call("Runtime.evaluate", object([&](JsonWriter& json) { json.member("expression", look).member("awaitPromise", true).member("returnByValue", true); }), "/result/result/value");
    if (!text && text.error().code != Code::conflict) return std::unexpected(text.error());
    const auto said = text ? parse_page_said(*text) : Result<PageSaid>(PageSaid{0, "loading", 0});
    return said ? *said : PageSaid{0, "loading", 0};
  }

  Status size(int height) {
    const auto done = call("Emulation.setDeviceMetricsOverride", object([&](JsonWriter& json) {
      json.member("width", limits::picture_width).member("height", height).member("deviceScaleFactor", 1).member("mobile", false);
    }));
    return done ? Status() : std::unexpected(done.error());
  }

  Result<std::string> picture(std::string_view method, const std::string& params) {
    const auto text = call(method, params, "/result/data");
    if (!text) return std::unexpected(text.error());
    auto bytes = from_base64(*text, limits::picture_bytes);
    if (!bytes) return wrap(bytes.error(), "the picture");
    if (bytes->empty()) return fail(Code::corrupt, "the browser gave no picture");
    return bytes;
  }

  BrowserProcess& browser_;
  const Patience patience_;
  std::string session_;
  std::int64_t last_ = 0;
};

}  // namespace

Result<PageSaid> parse_page_said(std::string_view text) {
  PageSaid out;
  const std::size_t first = text.find(' '), second = text.rfind(' ');
  const auto number = [](std::string_view digits, int& into) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
    return error == std::errc() && end == digits.data() + digits.size() && into >= 0;
  };
  const bool three = first != text.npos && second > first;
  if (!three || !number(text.substr(0, first), out.status) || !number(text.substr(second + 1), out.height)) return fail(Code::corrupt, "the page said '{}' of itself", text.substr(0, 100));
  out.waits = text.substr(first + 1, second - first - 1);
  if (out.waits == "ready") out.waits.clear();
  return out;
}

Result<PagePictures> take_pictures(const std::filesystem::path& program, const PictureWish& wish, const Clock& clock, std::function<bool()> called_off) {
  auto browser = BrowserProcess::start(program, clock);
  if (!browser) return std::unexpected(browser.error());
  Tab tab(**browser, {clock, clock.elapsed() + limits::picture_time, std::move(called_off)});
  AYBIZA_TRY(tab.open(wish));
  PagePictures out;
  auto height = tab.drawn();
  if (!height) return std::unexpected(height.error());
  if (wish.png) {
    auto taken = tab.png(*height);
    if (!taken) return std::unexpected(taken.error());
    out.png = std::move(*taken);
  }
  if (wish.pdf) {
    AYBIZA_TRY(tab.look_like("print", false));
    if (height = tab.drawn(); !height) return std::unexpected(height.error());
    auto taken = tab.pdf(wish);
    if (!taken) return std::unexpected(taken.error());
    out.pdf = std::move(*taken);
  }
  return out;
}

}  // namespace aybiza
