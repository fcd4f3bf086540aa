// What tests of sockets share: a view with a bit of everything, and a socket that is spoken to in the client's own words.
//
// Threads  none: owned by one test.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "liveview/socket.h"

namespace aybiza::liveview {

using namespace std::chrono_literals;

// One view with a bit of everything.
class Dash final : public View {
 public:
  void mount(Context& context, const MountInfo& info) override {
    mounts_ = info.mounts;
    context.set_title("Dash");
    context.subscribe("news");
  }
  void handle_params(Context& context, const Location& at) override {
    tab_ = at.uri.query.text("tab");
    if (tab_ == "old") context.push_patch("/dash?tab=new", Address::replace);
    if (tab_ == "loop") context.push_patch("/dash?tab=loop");
    if (tab_ == "away") context.push_navigate("/other");
    if (tab_ == "login") context.redirect("/login");
    if (tab_ == "throw") throw std::runtime_error("no");
  }
  void handle_event(Context& context, const Event& event) override {
    if (event.name == "inc") n_ += event.value["by"].integer().value_or(1);
    if (event.name == "val") typed_ = event.form.text("name");
    if (event.name == "ping") context.reply(R"({"pong":42})");
    if (event.name == "both") context.reply(R"({"pong":6})"), ++n_;
    if (event.name == "throw") throw std::runtime_error("no");
    if (event.name == "throw_int") throw 7;
    if (event.name == "patch") context.push_patch("/dash?tab=two");
    if (event.name == "patch_away") context.push_patch("/other");
    if (event.name == "go") context.push_event("bye", "{}"), context.push_navigate("/other");
    if (event.name == "leave") context.put_flash("info", "Saved"), context.redirect("/plain");
    if (event.name == "evil") context.redirect("//evil.example");
    if (event.name == "points") context.push_event("points", R"({"ys":[1]})");
    if (event.name == "pre") context.push_event("b", "{}", true), context.set_title("Three");
    if (event.name == "drop") part_ = false;
    if (event.name == "add") part_ = true;
    if (event.name == "bump") part_n_ += event.component == "part" ? 1 : 0;
    if (event.name == "ticks") context.tick_every(1s);
    if (event.name == "seen") context.reply("{}"), context.unchanged();
    if (event.name == "seen_and_gone") context.push_patch("/dash?tab=two"), context.unchanged();
  }
  bool handle_info(Context& context, const Info& info) override {
    if (info.name == "tick") return ++n_, true;
    const int news = std::any_cast<int>(info.value);
    if (news == 13) throw std::runtime_error("no");
    if (news == 7) return context.push_event("points", "{}"), false;
    if (news == 8) return context.push_latest("chart", "a", fmt::format("{}", ++latest_)), false;
    if (news == 9) return context.push_patch("/dash?tab=nine"), false;
    if (news == 10) return context.push_navigate("/other"), false;
    n_ = news;
    return news != 0;
  }
  Node render(const Context&) override {
    ++renders;
    std::optional<Node> part;
    if (part_) part = component("part", html<"<i>{}</i>">(part_n_));
    return html<"<b>{}</b><p>{}</p><u>{}</u>{}">(n_, tab_, typed_, part);
  }
  static inline int renders = 0;

 private:
  std::int64_t n_ = 0, part_n_ = 0, latest_ = 0;
  int mounts_ = 0;
  std::string tab_, typed_;
  bool part_ = false;
};

class Other final : public View {
  Node render(const Context& context) override { return html<"<main>{}</main>">(context.flash("info")); }
};

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    for (const auto& [pattern, view, session] : {std::array{"/dash", "dash", "app"}, std::array{"/other", "other", "app"},
                                                 std::array{"/admin", "other", "admin"}}) {
      const bool dash = std::string_view(view) == "dash";
      router_.add({pattern, view, session, [dash](const Visitor&) -> std::unique_ptr<View> {
                     if (dash) return std::make_unique<Dash>();
                     return std::make_unique<Other>();
                   }});
    }
    socket_ = open(visitor());
  }

  Visitor visitor() const { return {"sid-1", signer_.csrf("sid-1"), "", "127.0.0.1", nullptr}; }
  std::unique_ptr<Socket> open(Visitor who) { return std::make_unique<Socket>(endpoint_, std::move(who), now_); }
  std::string session(std::string id = "x", std::string view = "dash", std::string live_session = "app") const {
    return sign_session(signer_, {id, view, live_session, signer_.sid_hash("sid-1"), "", now_});
  }
  std::string join_text(std::string_view ref = "4", std::string_view url = "http://h/dash", std::string token = "",
                        std::string_view key = "url", std::string_view flash = "") const {
    return fmt::format(R"(["{0}","{0}","lv:x","phx_join",{{"{1}":"{2}","params":{{"_mounts":0}},"session":"{3}","flash":"{4}"}}])",
                       ref, key, url, token.empty() ? session() : token, flash);
  }
  std::vector<std::string> say(const std::string& text) {
    socket_->on_message(text, now_);
    return socket_->drain(now_);
  }
  std::vector<std::string> click(std::string_view event, std::string_view more = R"("value":{})", std::string_view ref = "8") {
    return say(fmt::format(R"(["4","{}","lv:x","event",{{"type":"click","event":"{}",{}}}])", ref, event, more));
  }
  void joined() { ASSERT_THAT(say(join_text()), testing::ElementsAre(testing::HasSubstr(R"("status":"ok")"))); }

  Instant now_ = from_micros(1'800'000'000'000'000);
  Router router_;
  Signer signer_{std::string(32, 'k')};
  Endpoint endpoint_{router_, signer_};
  std::unique_ptr<Socket> socket_;
};

#define OK_DIFF(fields) R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{"diff":{)" fields R"(}}}])"
#define OK_EMPTY R"(["4","8","lv:x","phx_reply",{"status":"ok","response":{}}])"
#define ERROR(reason) R"(["4","4","lv:x","phx_reply",{"status":"error","response":{"reason":")" reason R"("}}])"

}  // namespace aybiza::liveview
