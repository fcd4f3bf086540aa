// Passwords as they are stored: Argon2id, a salt of its own each, in the encoded form that names its parameters.
//
// Shape    "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>".
// Errors   hash_password: invalid for a password shorter than limits::password_least or longer than password_most bytes,
//          unavailable when there is no memory for it. verify: false for anything that is not such a hash.
// Cost     19 MiB and about 20 ms of one core each: call them on a thread that may be slow, one at a time.
// Threads  functions of their arguments; none.
// Source   RFC 9106; OWASP Password Storage Cheat Sheet (m = 19 MiB, t = 2, p = 1).
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace aybiza::auth {

Result<std::string> hash_password(std::string_view password);
bool verify_password(const std::string& hash, std::string_view password);
// As long as verify_password takes, always false: what is done for a name nobody has, so that its answer comes no sooner.
bool verify_nobody(std::string_view password);

}  // namespace aybiza::auth
