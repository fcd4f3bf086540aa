// One message of the Phoenix channel protocol, in and out.
//
// Shape    [join_ref, ref, topic, event, payload]; refs are texts or null.
// Errors   parse answers whom to blame: not JSON (close 1007), not a message (close 1002).
// Threads  values; none.
// Source   Phoenix channels, serializer version 2.0.0.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "liveview/json.h"

namespace aybiza::liveview {

using Ref = std::optional<std::string>;

struct Message {
  Ref join_ref, ref;
  std::string topic, event;
  Json payload;
};
Result<Message> parse_message(std::string_view text);  // Code::corrupt: not JSON; Code::invalid: not a message

// Frames in the order they leave. Bounded by whoever fills it (Socket).
class Outbox {
 public:
  void push(const Ref& join_ref, const Ref& ref, std::string_view topic, std::string_view event,
            std::string_view payload);
  void reply(const Message& to, bool ok, std::string_view response);
  void reply_ok(const Message& to) { reply(to, true, "{}"); }

  std::optional<std::string> pop();
  std::size_t size() const { return frames_.size(); }
  std::size_t bytes() const { return bytes_; }
  void clear();

 private:
  std::deque<std::string> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace aybiza::liveview
