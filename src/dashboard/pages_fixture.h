// What tests of pages share: pages over a Source in memory, asked for over HTTP and joined over a socket; and all pages of figures so.
//
// Threads  none: owned by one test.
#pragma once

#include <gtest/gtest.h>

#include "dashboard/agents_page.h"
#include "dashboard/call_page.h"
#include "dashboard/calls_page.h"
#include "dashboard/conversations_page.h"
#include "dashboard/costs_page.h"
#include "dashboard/learning_page.h"
#include "dashboard/overview_page.h"
#include "dashboard/sample_source.h"
#include "dashboard/system_page.h"
#include "liveview/dead_render.h"
#include "liveview/socket.h"

namespace aybiza::dashboard {

using namespace std::chrono_literals;

class PageTest : public testing::Test {
 protected:
  template <typename Page>
  void add(std::string pattern, std::string view) {
    router_.add({std::move(pattern), std::move(view), "app", [](const liveview::Visitor& v) { return std::make_unique<Page>(v); }});
  }
  virtual Viewer viewer() = 0;
  liveview::Visitor visitor() { return {"sid", signer_.csrf("sid"), "", "127.0.0.1", std::make_shared<Viewer>(viewer())}; }
  std::string get(std::string_view target) {
    *status_ = 200;
    const auto page = liveview::dead_render(router_, signer_, {target, visitor(), "x", now_, ""});
    return page ? page->html : page.error().message;
  }
  std::string join(std::string_view target, std::string_view view) {
    socket_ = std::make_unique<liveview::Socket>(endpoint_, visitor(), now_);
    const std::string session = liveview::sign_session(signer_, {"x", std::string(view), "app", signer_.sid_hash("sid"), "", now_});
    return say(fmt::format(R"(["4","4","lv:x","phx_join",{{"url":"http://h{}","params":{{"_mounts":0}},"session":"{}","flash":null}}])", target, session));
  }
  std::string say(const std::string& text) {
    socket_->on_message(text, now_);
    return drained();
  }
  std::string event(std::string_view type, std::string_view name, std::string_view value) {
    return say(fmt::format(R"(["4","8","lv:x","event",{{"type":"{}","event":"{}","value":{}}}])", type, name, value));
  }
  std::string drained() { return fmt::format("{}", fmt::join(socket_->drain(now_), "\n")); }

  Instant now_ = from_micros(1'800'000'000'000'000);
  SampleSource source_{now_, 120};
  std::shared_ptr<int> status_ = std::make_shared<int>(200);
  liveview::Router router_;
  liveview::Signer signer_{std::string(32, 'k')};
  liveview::Endpoint endpoint_{router_, signer_};
  std::unique_ptr<liveview::Socket> socket_;
};

class PagesTest : public PageTest {
 protected:
  PagesTest() {
    add<OverviewPage>("/", "overview");
    add<AgentsPage>("/agents", "agents");
    add<AgentPage>("/agents/:id", "agent");
    add<CallsPageView>("/calls", "calls");
    add<CallPageView>("/calls/:id", "call");
    add<CostsPage>("/costs", "costs");
    add<ConversationsPage>("/conversations", "conversations");
    add<SystemPage>("/system", "system");
    add<LearningPage>("/learning", "learning");
  }
  ~PagesTest() override { socket_.reset(); }  // its pages end their watches, which are noted here
  Viewer viewer() override {
    Viewer out;
    out.source = &source_;
    out.customers = customers_;
    out.now = [this](const TopicPlan& plan) { return plan.compute(now_); };
    out.watch = [this](const TopicPlan& plan, std::string name) {
      watched_.insert_or_assign(name, plan);
      return Watch(plan.compute(now_), [this, name] { watched_.erase(name); });
    };
    out.status = status_;
    out.screen = screen_;
    out.sees_changes = admin_;
    return out;
  }
  // All topics computed anew and handed over, as the hub does.
  std::string tick() {
    const auto watched = watched_;
    for (const auto& [name, plan] : watched) socket_->inform(name, std::any(plan.compute(now_)), now_);
    return drained();
  }

  std::vector<std::string> customers_;
  bool admin_ = false;
  int serial_ = 0;
  std::shared_ptr<OnScreen> screen_;  // null: nobody measures
  std::map<std::string, TopicPlan> watched_;
};

}  // namespace aybiza::dashboard
