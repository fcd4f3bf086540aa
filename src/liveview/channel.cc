#include "liveview/channel.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "liveview/socket.h"
#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

std::string braced(std::string fields) { return "{" + fields + "}"; }

void append_field(std::string& fields, std::string_view key, std::string_view json) {
  if (!fields.empty()) fields += ',';
  append_json_string(fields, key);
  fields += ':';
  fields += json;
}

std::string navigation_json(std::string_view to, Address how) {
  return JsonWriter().begin_object().field("to", to).field("kind", how == Address::push ? "push" : "replace")
      .end_object().str();
}

}  // namespace

Channel::Channel(Endpoint& endpoint, Outbox& out, const Visitor& visitor, const Message& join, const Match& match,
                 SessionToken session, Instant now)
    : endpoint_(endpoint), out_(out), topic_(join.topic), join_ref_(join.join_ref), session_(std::move(session)),
      route_(match.route), location_(match.location), context_(visitor, true, now) {}

// Runs what calls into the view; nothing it throws goes further.
template <typename Body>
void Channel::guarded(Instant now, Body body) {
  context_.now_ = now;
  try {
    body();
  } catch (const std::exception& error) {
    crash(error.what());
  } catch (...) {
    crash("unknown exception");
  }
}

void Channel::crash(std::string_view why) {
  ++endpoint_.counters.exceptions;
  if (endpoint_.on_exception) endpoint_.on_exception(route_->view, why);
  over_ = true;
  if (joined_) out_.push(join_ref_, join_ref_, topic_, "phx_error", R"({"reason":"crashed"})");
}

void Channel::join(const Message& message, std::string_view flash_json) {
  guarded(context_.now_, [&] {
    if (const auto flash = parse_json(flash_json); flash && flash->object() != nullptr) {
      for (const auto& [kind, text] : *flash->object()) context_.put_flash(kind, text.text());
    }
    view_ = route_->make(context_.visitor());
    const Json& params = message.payload["params"];
    view_->mount(context_, {params, static_cast<int>(params["_mounts"].integer().value_or(0))});
    if (!context_.navigation_) view_->handle_params(context_, location_);
    const std::string patched = take_patches(false);
    if (leave(&message)) return;
    const std::string rendered = braced(changes(false));
    std::string response;
    append_field(response, "rendered", rendered);
    if (!patched.empty()) append_field(response, "live_patch", patched);
    append_field(response, "liveview_version", fmt::format("\"{}\"", client_version));
    joined_ = true;
    ++endpoint_.counters.joins;
    out_.reply(message, true, braced(response));
  });
  if (over_ && !joined_ && !leaving_) out_.reply(message, false, R"({"reason":"join crashed"})");
}

void Channel::handle(const Message& message, Instant now) {
  if (leaving_) return out_.reply_ok(message);
  guarded(now, [&] { dispatch(message); });
}

void Channel::dispatch(const Message& message) {
  if (message.event == "event") return event(message);
  if (message.event == "live_patch") return live_patch(message);
  if (message.event == "cids_destroyed") return cids_destroyed(message);
  out_.reply_ok(message);  // cids_will_destroy, and whatever a newer client may ask: nothing stays unanswered
}

void Channel::event(const Message& message) {
  ++endpoint_.counters.events;
  const Json& payload = message.payload;
  const std::string_view type = payload["type"].text();
  const auto* cid = std::get_if<std::int64_t>(&payload["cid"].value());
  if (cid != nullptr && (*cid < 1 || *cid > std::numeric_limits<int>::max() || !cids_.known(static_cast<int>(*cid)))) {
    return out_.reply_ok(message);  // it has just left the page
  }
  if (payload["event"].text() == "lv:clear-flash") {
    context_.clear_flash(payload["value"]["key"].text());
    return finish(&message);
  }
  static const Json null;
  Form form;
  if (type == "form") {
    form = Form::decode(payload["value"].text());
    if (const Json::Object* meta = payload["meta"].object()) {
      for (const auto& [name, value] : *meta) form.set(name, value.text());
    }
  }
  context_.unchanged_ = false;
  const std::optional<int> component = cid ? std::optional(static_cast<int>(*cid)) : std::nullopt;
  view_->handle_event(context_, {payload["event"].text(), type, type == "form" ? null : payload["value"], form,
                                 component, component ? cids_.key(*component) : std::string_view()});
  finish(&message);
}

void Channel::live_patch(const Message& message) {
  const auto uri = parse_uri(message.payload["url"].text());
  const auto match = uri ? endpoint_.router.find(*uri) : std::nullopt;
  if (!match || match->route->view != route_->view) return out_.reply(message, true, R"({"link_redirect":true})");
  location_ = match->location;
  view_->handle_params(context_, location_);
  finish(&message);
}

// Those asked for that are really gone; one that has come back meanwhile must stay with the client.
void Channel::cids_destroyed(const Message& message) {
  JsonWriter gone;
  gone.begin_object().key("cids").begin_array();
  if (const Json::Array* asked = message.payload["cids"].array()) {
    for (const Json& cid : *asked) {
      const auto* number = std::get_if<std::int64_t>(&cid.value());
      if (number == nullptr || *number < 1 || *number > std::numeric_limits<int>::max()) continue;
      if (!cids_.known(static_cast<int>(*number))) gone.integer(*number);
    }
  }
  out_.reply(message, true, gone.end_array().end_object().str());
}

// Follows push_patch until the view is content. Returns the last as JSON; `push` sends each as it is followed.
std::string Channel::take_patches(bool push_each) {
  std::string last;
  for (int n = 0; context_.navigation_ && context_.navigation_->go == Context::Go::patch; ++n) {
    if (n == limits::liveview_patches) throw TreeError("push_patch from handle_params does not come to an end");
    const Context::Navigation patch = *std::exchange(context_.navigation_, std::nullopt);
    const auto uri = parse_uri(patch.to);
    const auto match = uri ? endpoint_.router.find(*uri) : std::nullopt;
    if (!match || match->route->view != route_->view) {
      throw TreeError(fmt::format("push_patch to '{}', which is another view: use push_navigate", patch.to));
    }
    last = navigation_json(patch.to, patch.how);
    if (push_each) push("live_patch", last);
    location_ = match->location;
    context_.unchanged_ = false;
    view_->handle_params(context_, location_);
  }
  return last;
}

// Hands the client over to another page. The channel stays, deaf, until the client leaves it: closing it here would make
// the client reload.
bool Channel::leave(const Message* asked) {
  if (!context_.navigation_) return false;
  const Context::Navigation& to = *context_.navigation_;
  const bool live = to.go == Context::Go::navigate;
  JsonWriter target;
  target.begin_object().field("to", to.to);
  if (live) target.field("kind", to.how == Address::push ? "push" : "replace");
  if (!context_.flash_.empty()) {
    JsonWriter flash;
    flash.begin_object();
    for (const auto& [kind, text] : context_.flash_) flash.field(kind, text);
    target.field("flash", sign_flash(endpoint_.signer, flash.end_object().str(), context_.now()));
  }
  target.end_object();
  leaving_ = true;
  const std::string_view kind = live ? "live_redirect" : "redirect";
  std::string effects;
  append_effects(effects, joined_);
  if (!joined_) {  // the join itself is refused with the new address
    over_ = true;
    std::string response;
    append_field(response, kind, target.str());
    out_.reply(*asked, false, braced(response));
  } else if (asked != nullptr) {
    std::string response;
    if (!effects.empty()) append_field(response, "diff", braced(effects));
    append_field(response, kind, target.str());
    out_.reply(*asked, true, braced(response));
  } else {
    if (!effects.empty()) push("diff", braced(effects));
    push(kind, target.str());
  }
  return true;
}

// After a handler: navigation first, then what changed, as the reply to `asked` or as a push.
void Channel::finish(const Message* asked) {
  take_patches(true);
  if (leave(asked)) return;
  std::string fields;
  if (asked && std::exchange(context_.unchanged_, false)) {
    dirty_ |= context_.changed_beside_;
    if (context_.reply_) append_field(fields, "r", *context_.reply_);
    context_.reply_.reset();
  } else {
    fields = asked ? changes(true) : next_changes();
  }
  ++(fields.empty() ? endpoint_.counters.empty_renders : endpoint_.counters.diffs);
  if (asked == nullptr) {
    if (!fields.empty()) push("diff", braced(fields));
  } else if (fields.empty()) {
    out_.reply_ok(*asked);
  } else {
    out_.reply(*asked, true, R"({"diff":)" + braced(fields) + "}");
  }
}

Page Channel::rendered() {
  dirty_ = context_.unchanged_ = false;
  return cids_.number(view_->render(context_));
}

// All that is new, whatever it takes.
std::string Channel::changes(bool with_reply) {
  std::string fields;
  Page page = rendered();
  append_diff(fields, {sent_ && !anew_ ? &*sent_ : nullptr, page, cids_, between_ ? nullptr : &endpoint_.cache});
  sent_ = std::move(page);
  target_.reset();
  anew_ = between_ = false;
  append_effects(fields, with_reply);
  return fields;
}

// The next message of what nobody asked for.
std::string Channel::next_changes() {
  if (anew_) return changes(false);
  std::string fields;
  if (!target_ && waiting_.empty()) {
    Page page = rendered();
    append_diff(fields, {&*sent_, page, cids_, &endpoint_.cache});
    if (fields.size() <= diff_bytes) sent_ = std::move(page);
    else target_ = Node{page.root}, fields.clear();
    append_title(fields);
    take_events();
  }
  if (target_) step(fields);
  append_events(fields, diff_bytes);
  return fields;
}

void Channel::step(std::string& fields) {
  constexpr std::size_t other = 300;  // what goes with each message, and what the measure of a step leaves out
  Page page = cids_.number(step_towards(Node{sent_->root}, *target_, diff_bytes - other));
  append_diff(fields, {&*sent_, page, cids_, nullptr});
  between_ = page.root != *target_->as_template();
  if (!between_) target_.reset();
  sent_ = std::move(page);
}

void Channel::append_title(std::string& fields) {
  if (!context_.title_ || *context_.title_ == sent_title_) return;
  append_field(fields, "t", JsonWriter().text(*context_.title_).str());
  sent_title_ = *context_.title_;
}

// Events follow what they were told with: a chart has to be on the page before it is drawn.
void Channel::append_events(std::string& fields, std::size_t most) {
  JsonWriter events;
  events.begin_array();
  const auto put = [&events](std::string_view name, std::string_view json, bool before_patch) {
    events.begin_array().text(name).json(json);
    if (before_patch) events.boolean(true);
    events.end_array();
  };
  std::size_t bytes = fields.size();
  while (!target_ && !waiting_.empty()) {
    const Context::Pushed& next = waiting_.front();
    const std::size_t more = next.name.size() + next.json.size() + 6;
    if (bytes > 0 && bytes + more > most) break;  // what fits into no message is one of its own
    put(next.name, next.json, next.before_patch);
    bytes += more;
    waiting_.pop_front();
  }
  if (with_) put(with_->name, more_waits() ? with_->while_more : with_->json, false);
  if (!more_waits()) with_.reset();
  if (const std::string& json = events.end_array().str(); json != "[]") append_field(fields, "e", json);
}

// All there is, whatever it takes.
void Channel::append_effects(std::string& fields, bool with_reply) {
  target_.reset();
  append_title(fields);
  take_events();
  append_events(fields, std::numeric_limits<std::size_t>::max());
  if (with_reply && context_.reply_) append_field(fields, "r", *context_.reply_);
  context_.reply_.reset();
}

void Channel::take_events() {
  std::ranges::move(context_.events_, std::back_inserter(waiting_));
  context_.events_.clear();
  if (context_.with_) with_ = std::exchange(context_.with_, std::nullopt);
}

void Channel::inform(std::string_view name, const std::any& value, Instant now) {
  if (context_.subscriptions_.contains(name)) inform_now(name, value, now);
}

void Channel::inform_now(std::string_view name, const std::any& value, Instant now) {
  if (over_ || leaving_) return;
  guarded(now, [&] {
    const bool changed = view_->handle_info(context_, {name, value});
    dirty_ |= changed || context_.navigation_ || !context_.events_.empty() || context_.title_.value_or("") != sent_title_;
  });
}

// Ticks that were missed are not made up for.
void Channel::tick(Instant now) {
  const auto due = next_tick();
  if (!due || now < *due) return;
  context_.tick_due_ = now + context_.tick_period_;
  inform_now("tick", std::any(), now);
}

std::optional<Instant> Channel::next_tick() const {
  if (context_.tick_period_ <= Duration(0) || over_ || leaving_) return std::nullopt;
  return context_.tick_due_;
}

void Channel::flush(Instant now) {
  if (!dirty()) return;
  guarded(now, [&] { finish(nullptr); });
}

}  // namespace aybiza::liveview
