// Figures and times as people read them, in the notation of their language.
//
// Units    wire units in (shares 0..1, ms, USD). Unknown is a dash, never a zero. Thin spaces group English thousands, points
//          German ones (Texts::notation). Whatever a program reads (attributes, files, the API) is not written here.
// Threads  pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dashboard/definitions.h"
#include "dashboard/texts.h"
#include "model/rows.h"
#include "query/zone.h"

namespace aybiza::dashboard {

inline constexpr std::string_view dash = "–";

std::string show(const Texts& t, Format format, std::optional<double> value);
std::string show_number(const Texts& t, double value, int decimals);            // 71.5
std::string in_notation(const Texts& t, std::string plain);                     // the same of what fmt wrote
std::string show_interval(const Texts& t, std::string_view low, std::string_view high);  // [71.5, 73.0]
std::string show_bound(const Texts& t, std::optional<double> relative);         // ± 0.5 %; "" for none
std::string show_count(const Texts& t, double value);
std::string show_ms(const Texts& t, double milliseconds);                 // 84 ms, 1.35 s, 3:05 min
std::string show_duration(Duration length);               // 3:05, 1:02:07
std::string show_us(const Texts& t, const Number& microseconds);          // as show_ms
std::string show_usd(const Texts& t, std::optional<double> usd);
std::string show_rate(const Texts& t, double value);                      // 4.2, 1 204
std::string show_bytes(const Texts& t, double bytes);                     // 1.4 GB
std::string show_span(const Texts& t, double milliseconds);               // 84 ms, 3.2 s, 12 min, 5 h, 3 d
std::string show_score(const Texts& t, double value);                     // +0.31
std::string show_share(const Texts& t, double share);                     // 92.4 %
std::string what_of(const ChangeRow& change, const Texts& t);  // "Prompt 7"
std::string title_case(std::string_view word);            // "not_resolved" -> "Not resolved"; "" -> "Unknown"
std::string show_word(const Texts& t, std::string_view word);          // the same in the reader's language, where it has the word
std::string how_many(const Texts& t, std::string_view key, std::size_t n);  // "1 region", "7 regions": the text of `key`, or of `key`.one
std::string_view show_name(const Texts& t, std::string_view name);     // "Speech to text": a name of ours; one it lacks stays
std::string or_unknown(const Texts& t, std::string_view name);         // somebody's own name; "" and "__other__" are said

std::string show_time(Instant t, const Zone& zone);       // 14:03:07
std::string show_moment(Instant t, const Zone& zone, const Texts& texts = texts_of("en"));  // 21 Nov 14:03:07
std::string show_day(Instant t, const Zone& zone, const Texts& texts);     // 21 Nov
std::string local_text(Instant t, const Zone& zone);      // 2026-11-21T14:03, for an input
std::optional<Instant> from_local(std::string_view text, const Zone& zone);
Zone zone_or_utc(const std::string& name);

}  // namespace aybiza::dashboard
