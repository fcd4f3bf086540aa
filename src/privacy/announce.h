// What the words before a number say of it: "call me at", "order number".
//
// Shape    the last words are compared with two short lists; '_' parts words, so that names of fields count. Names that say
//          phone as a whole only ("to", "ani") are a list of their own, for numbers of JSON.
// Cost     about 50 ns; allocates nothing.
// Threads  pure functions.
#pragma once

#include <string_view>

namespace aybiza::privacy {

bool announces_phone(std::string_view before);  // among the last five words
bool announces_other(std::string_view before);  // order, ticket, flight, ... among the last four, or "#"
bool announces_social(std::string_view before);  // "social" or "ssn" anywhere

// Whether a member of this name with this whole number holds a phone: "callee", "msisdn", and "from" and "to" unless the
// number is a time of 2000 to 2100 in seconds, milliseconds or microseconds. `digits` are ASCII.
bool names_phone(std::string_view member, std::string_view digits);

}  // namespace aybiza::privacy
