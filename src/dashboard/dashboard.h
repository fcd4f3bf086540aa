// The pages of the product on a router: first pages over HTTP, the socket that keeps them alive, and their files.
//
// Shape    Dashboard(options, source, live).add_routes(router). A first page is rendered on a live thread, where its
//          figures are computed; the socket that follows lives on the page thread.
// Errors   nobody signed in: to /sign-in and back; without rights 403, a page that is not there 404, while starting or stopping 503: each a readable page.
// Threads  construct, add_routes and destroy from one thread. Destroy it after the HTTP server has stopped and before the
//          live thread goes.
// Source   liveview-protocol notes; decisions.md 25, 33.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/authz.h"
#include "auth/secret.h"
#include "dashboard/page_pass.h"
#include "dashboard/source.h"
#include "dashboard/viewer.h"
#include "live/live_thread.h"
#include "net/router.h"

namespace aybiza::dashboard {

// Somebody with a session.
struct SignedIn {
  auth::Authz authz;
  std::string id, name;         // of the user
  std::function<bool()> still;  // any thread: the session has not ended, and their rights are what they were
};

struct DashboardOptions {
  std::string brand = "AYBIZA";
  bool insecure_loopback = false;            // whoever comes from this machine sees everything
  std::vector<std::string> allowed_origins;  // "https://host:port"; empty: the host of the request
  auth::Secret secret;                       // signs sessions: it must outlive restarts
  std::function<std::optional<SignedIn>(const net::Request&)> signed_in;  // none: there is no sign-in, and strangers are refused
  Keeping keeping = {};                      // where preferences and boards are; what is null is not kept
  ScreenLatency* latency = nullptr;          // how long events wait for their pages is noted here; null: nowhere
  PagePasses* passes = nullptr;              // of those who take pictures; null: there are none
};

class Dashboard {
 public:
  Dashboard(DashboardOptions options, Source& source, LiveThread& live);
  ~Dashboard();
  Dashboard(const Dashboard&) = delete;  // one per program
  Dashboard& operator=(const Dashboard&) = delete;

  [[nodiscard]] Status add_routes(net::Router& router);
  // What whoever asks may see, for a pass; nullopt: they may see no pages. `refusal` is what they are answered then.
  std::optional<PagePass> pass_of(const net::Request& request) const;
  net::Response refusal(const net::Request& request) const;
  // At an address that no page has: the page of a board that is not there. nullopt: a program asks, or the address is one of programs.
  std::optional<net::Response> nothing_here(const net::Request& request) const;
  void stop();  // closes the sockets with 1012

 private:
  struct Web;
  std::shared_ptr<Web> web_;
};

}  // namespace aybiza::dashboard
