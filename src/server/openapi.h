// The description of the API for machines: /api/v1/openapi.json, built from the tables that the server itself reads.
//
// Threads  a pure function.
// Source   OpenAPI 3.1.
#pragma once

#include <string>

namespace aybiza {

std::string openapi_document();

}  // namespace aybiza
