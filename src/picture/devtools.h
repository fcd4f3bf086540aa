// The two sides of the DevTools protocol that a picture needs: a command as text, and what came back.
//
// Shape    a message is one JSON object; on the browser's pipe a zero byte ends it. Of a reply, the one value that a JSON pointer
//          names is kept: a picture is hundreds of times larger than all the rest.
// Errors   corrupt for what is no message of the protocol. A reply that says the command failed is a reply: `error` has its words.
// Threads  pure.
// Source   chromedevtools.github.io/devtools-protocol, JSON-RPC 2.0 without its version member.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace aybiza {

struct DevtoolsCommand {
  std::int64_t id = 0;
  std::string_view method;
  std::string_view params = "{}";  // JSON
  std::string_view session = {};   // of the page; empty: to the browser itself
};
std::string to_json(const DevtoolsCommand& command);

struct DevtoolsMessage {
  std::int64_t id = 0;  // of the command it answers; 0: it is an event
  std::string value;    // a text as it is, anything else as JSON; empty: the pointer leads to nothing
  std::string error;
};
Result<DevtoolsMessage> parse_devtools(std::string_view message, const char* pointer);

// The bytes of base64 without line breaks; invalid for anything else, too_large beyond `most`.
Result<std::string> from_base64(std::string_view text, std::size_t most);

}  // namespace aybiza
