// UTF-8 and control characters: which bytes a text may hold here.
//
// Shape    a text is well formed UTF-8 without control characters (C0, DEL, C1). clean_text() removes them; tab, line
//          feed and carriage return become one space, so that words on two lines do not grow together.
// Cost     needs_cleaning() reads eight bytes at a time.
// Threads  pure functions; any.
// Source   RFC 3629 section 4; Unicode general category Cc; events.md "Checks".
#pragma once

#include <cstddef>
#include <string_view>

#include "codec/arena.h"

namespace aybiza {

// Length of the multi-byte sequence at text[at]; 0 when it is not well formed. REQUIRES: text[at] >= 0x80.
std::size_t utf8_sequence(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

// Whether a backslash, a control character or the lead byte of C1 is in `text`: false means it can stay as it is.
bool needs_cleaning(std::string_view text);

// `text` itself when nothing has to change, else a copy in the arena.
std::string_view clean_text(std::string_view text, Arena& arena);

// At most so many bytes of `text`, no half character, and no half number or address at its end: what was cut in two cannot be
// recognised as personal any more. Up to 64 bytes more go for it.
std::string_view cut_text(std::string_view text, std::size_t bytes);

}  // namespace aybiza
