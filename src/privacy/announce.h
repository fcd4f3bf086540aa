// What the words before a number say of it: "call me at", "order number".
//
// Shape    the last words are compared with two short lists; '_' parts words, so that names of fields count.
// Cost     about 50 ns; allocates nothing.
// Threads  pure functions.
#pragma once

#include <string_view>

namespace aybiza::privacy {

bool announces_phone(std::string_view before);  // among the last five words
bool announces_other(std::string_view before);  // order, ticket, flight, ... among the last four, or "#"
bool announces_social(std::string_view before);  // "social" or "ssn" anywhere

}  // namespace aybiza::privacy
