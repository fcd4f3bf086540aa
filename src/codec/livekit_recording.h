// LiveKit's upload at the end of a session (multipart: header, chat_history, audio) as the OTLP log record that its report is.
//
// Shape    the room of the header and the text of the chat history become one record `session recording`, in OTLP's JSON,
//          for the same way in as every other; SpanAssembler reads the items out of it. The audio is not read.
// Errors   Code::invalid: no multipart/form-data, or no header part with a room. An upload without a chat history is an
//          empty request of records.
// Threads  pure; any.
// Source   ingest-formats.md 4.1 route A; MetricsRecordingHeader of livekit/protocol (room_id = 1); RFC 7578; RFC 2046 5.1.1.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/units.h"

namespace aybiza {

Result<std::string> logs_of_recording(std::string_view content_type, std::string_view body, Instant received);

}  // namespace aybiza
