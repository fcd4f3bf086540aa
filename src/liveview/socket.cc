#include "liveview/socket.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza::liveview {

bool Refusals::stale_allowed(const std::string& client, Instant now) {
  if (counts_.size() >= limits::liveview_refusals) {
    std::erase_if(counts_, [&](const auto& held) { return now - held.second.since > limits::liveview_refusal_window; });
    if (counts_.size() >= limits::liveview_refusals) return false;  // so many at once: all of them come back slowly
  }
  Count& count = counts_.try_emplace(client, 0, now).first->second;
  if (now - count.since > limits::liveview_refusal_window || now < count.since) count = {0, now};
  return ++count.answers <= limits::liveview_stale_answers;
}

Socket::Socket(Endpoint& endpoint, Visitor visitor, Instant now)
    : endpoint_(endpoint), visitor_(std::move(visitor)),
      trusted_(endpoint.signer.csrf_valid(visitor_.sid, visitor_.csrf)),
      tokens_(limits::liveview_events_per_second), refilled_(now) {}

void Socket::close(CloseCode code, std::uint64_t& counter) {
  if (close_) return;
  ++counter;
  close_ = code;
  channels_.clear();
}

// A bucket of one second's events. At half a second of debt the transport has ignored read_again_at().
bool Socket::within_rate(Instant now) {
  constexpr double rate = limits::liveview_events_per_second;
  const double passed = std::max(0.0, std::chrono::duration<double>(now - refilled_).count());
  tokens_ = std::min(rate, tokens_ + passed * rate) - 1;
  refilled_ = std::max(refilled_, now);
  read_again_at_.reset();
  if (tokens_ < 0) read_again_at_ = now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-tokens_ / rate));
  return tokens_ >= -rate / 2;
}

void Socket::on_message(std::string_view text, Instant now) {
  if (close_) return;
  if (text.size() > limits::ws_message_bytes) return close(CloseCode::too_big, endpoint_.counters.too_big);
  if (!within_rate(now)) return close(CloseCode::policy, endpoint_.counters.too_fast);
  const auto message = parse_message(text);
  if (!message) {
    return close(message.error().code == Code::corrupt ? CloseCode::bad_data : CloseCode::protocol_error,
                 endpoint_.counters.bad_messages);
  }
  dispatch(*message, now);
  sweep();
  const bool full = out_.size() > limits::liveview_frames_queued ||
                    (out_.size() > 1 && out_.bytes() > limits::liveview_queue_bytes);
  if (full) close(CloseCode::restart, endpoint_.counters.too_slow);
}

void Socket::dispatch(const Message& message, Instant now) {
  if (message.topic == "phoenix") return out_.reply_ok(message);  // heartbeat
  if (message.event == "phx_join") return join(message, now);
  if (message.event == "phx_leave") return leave(message);
  const auto at = channels_.find(message.topic);
  if (at == channels_.end()) {
    ++endpoint_.counters.unknown_topics;
    return out_.push(message.join_ref, message.join_ref, message.topic, "phx_error", R"({"reason":"unknown"})");
  }
  Channel& channel = *at->second;
  if (message.join_ref && message.join_ref != channel.join_ref()) return;  // for a channel that is gone
  channel.handle(message, now);
}

void Socket::leave(const Message& message) {
  const auto at = channels_.find(message.topic);
  if (at != channels_.end() && (!message.join_ref || message.join_ref == at->second->join_ref())) channels_.erase(at);
  out_.reply_ok(message);
}

void Socket::refuse(const Message& message, std::string_view reason, std::uint64_t& counter) {
  ++counter;
  out_.reply(message, false, fmt::format(R"({{"reason":"{}"}})", reason));
}

void Socket::refuse_stale(const Message& message, Instant now) {
  if (endpoint_.refusals.stale_allowed(visitor_.address, now)) {
    return refuse(message, "stale", endpoint_.counters.stale);
  }
  refuse(message, "overloaded", endpoint_.counters.overloaded);  // reloads after seconds instead of at once
}

// The signed session, if it is the one of this topic and this cookie.
std::optional<SessionToken> Socket::session_of(const Message& message, Instant now) const {
  if (!trusted_) return std::nullopt;
  auto session = verify_session(endpoint_.signer, message.payload["session"].text(), now);
  if (!session || message.topic != "lv:" + session->id) return std::nullopt;
  if (session->sid_hash != endpoint_.signer.sid_hash(visitor_.sid) || session->user != visitor_.user) return std::nullopt;
  return session;
}

void Socket::join(const Message& message, Instant now) {
  if (const auto old = channels_.find(message.topic); old != channels_.end()) {
    // The client has joined anew; the goodbye carries the old ref, which it ignores if it has moved on.
    if (old->second->join_ref() != message.join_ref) {
      out_.push(old->second->join_ref(), old->second->join_ref(), message.topic, "phx_close", "{}");
    }
    channels_.erase(old);
  }
  auto session = session_of(message, now);
  if (!session) return refuse_stale(message, now);
  const Json& redirect = message.payload["redirect"];
  const bool live_redirect = redirect.is_text();
  const auto uri = parse_uri(live_redirect ? redirect.text() : message.payload["url"].text());
  const auto match = uri ? endpoint_.router.find(*uri) : std::nullopt;
  if (!match || match->route->live_session != session->live_session ||
      (!live_redirect && match->route->view != session->view)) {
    return refuse(message, "unauthorized", endpoint_.counters.unauthorized);
  }
  if (channels_.size() >= limits::liveview_channels) return refuse(message, "overloaded", endpoint_.counters.overloaded);
  const auto flash = verify_flash(endpoint_.signer, message.payload["flash"].text(), now);
  auto channel = std::make_unique<Channel>(endpoint_, out_, visitor_, message, *match, std::move(*session), now);
  channel->join(message, flash.value_or(""));
  if (!channel->over()) channels_.emplace(message.topic, std::move(channel));
}

void Socket::sweep() {
  std::erase_if(channels_, [](const auto& held) { return held.second->over(); });
}

std::optional<std::string> Socket::next_frame(Instant now) {
  if (close_) return std::nullopt;
  while (out_.size() == 0) {
    const auto at = std::ranges::find_if(channels_, [](const auto& held) { return held.second->dirty(); });
    if (at == channels_.end()) return std::nullopt;
    at->second->flush(now);  // no longer dirty, whatever came of it
    sweep();
  }
  return out_.pop();
}

std::vector<std::string> Socket::drain(Instant now) {
  std::vector<std::string> out;
  while (auto frame = next_frame(now)) out.push_back(std::move(*frame));
  return out;
}

bool Socket::wants_write() const {
  return !close_ && (out_.size() > 0 ||
                     std::ranges::any_of(channels_, [](const auto& held) { return held.second->dirty(); }));
}

void Socket::tick(Instant now) {
  for (auto& [topic, channel] : channels_) channel->tick(now);
  sweep();
}

std::optional<Instant> Socket::next_tick() const {
  std::optional<Instant> first;
  for (const auto& [topic, channel] : channels_) {
    const auto due = channel->next_tick();
    if (due && (!first || *due < *first)) first = due;
  }
  return first;
}

void Socket::inform(std::string_view name, const std::any& value, Instant now) {
  for (auto& [topic, channel] : channels_) channel->inform(name, value, now);
  sweep();
}

void Socket::view_changed(std::string_view topic) {
  if (const auto at = channels_.find(topic); at != channels_.end()) at->second->mark_dirty();
}

void Socket::resync(std::string_view topic) {
  if (const auto at = channels_.find(topic); at != channels_.end()) at->second->resync();
}

}  // namespace aybiza::liveview
