// What a masked turn mentions: phone numbers, e-mails and the like as masking left them, amounts of money, dates.
//
// Shape    reads the masked form ("[phone:...00]" is a phone), so it can be asked at any time, of anything kept, and cannot
//          find what masking hid. Amounts and dates are kept as said; they are nobody's identity.
// Units    spans are bytes of the text given.
// Errors   none: any bytes have an answer; at most `entities_max` of a text.
// Cost     about 0.7 us for a spoken sentence; no allocation before a find.
// Threads  any: pure functions.
// Source   issue "Meaning": phone, e-mail, amount, date with class, span and masked form; the mission's extract_entities.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aybiza {

enum class EntityClass : std::uint8_t { phone, email, card, iban, ssn, address, amount, date };
std::string_view to_string(EntityClass value);  // "phone", "email", ...

struct TextEntity {
  EntityClass entity = EntityClass::phone;
  std::uint32_t start = 0, end = 0;
  friend bool operator==(const TextEntity&, const TextEntity&) = default;
};

inline constexpr std::size_t entities_max = 64;

// Ascending, none within another.
std::vector<TextEntity> entities_of(std::string_view masked);

// [{"class":"phone","start":11,"end":23,"text":"[phone:...00]"}], or nothing when there is none. Appends.
void append_entities_json(std::string_view masked, std::string& out);
// The same without "text", for a turn whose words are not kept.
void append_entity_classes_json(std::string_view masked, std::string& out);

}  // namespace aybiza
