// From a vendor's reason for the end of a call, and its judgement if there is one, to the words of ours.
//
// Shape    the rows of data/outcomes.tsv, read once; the first that matches decides. The raw reason stays in end_reason.
// Errors   a reason that no row names is `unknown`, never an error.
// Cost     a walk over at most forty rows; once a call.
// Threads  constant after the first use; any.
// Source   ingest-formats.md 0.6.
#pragma once

#include <optional>
#include <string_view>

namespace aybiza {

extern const std::string_view outcomes_built_in;  // data/outcomes.tsv

enum class Vendor : unsigned char { vapi, retell, elevenlabs, twilio, livekit };
inline constexpr std::size_t vendor_count = 5;
std::string_view to_string(Vendor vendor);
std::optional<Vendor> parse_vendor(std::string_view text);

struct CallEnd {
  std::string_view call_outcome, resolution_status;  // words of model/field.h
  bool error = false;
};
// `reason` empty: not told. `successful`: what an analysis says, when there is one.
CallEnd call_end_of(Vendor vendor, std::string_view reason, std::optional<bool> successful);

}  // namespace aybiza
