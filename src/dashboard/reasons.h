// Why something was refused, in the reader's language.
//
// Shape    those who refuse say it in English, for they do not know who reads. reason_of() finds the text of data/texts whose English
//          is that reason ("'{}' is not a mail address"), and says it in the other language with the same figures and names.
// Errors   a reason that no text has stays English: the program's inside speaks no other language (docs/pages.md).
// Threads  pure.
#pragma once

#include <string>
#include <string_view>

#include "dashboard/texts.h"

namespace aybiza::dashboard {

std::string reason_of(const Texts& t, std::string_view english);

}  // namespace aybiza::dashboard
