// The short definitions behind every ⓘ and of /api/v1/definitions: in English the table of docs/metrics.md, in other languages their own.
//
// Shape    name and format are here, the words in data/texts: figure.<name> is the title, figure.<name>.text the definition, .formula, .source,
//          .unit and .counted the rest.
// Threads  constant after the first use; any.
// Source   docs/metrics.md.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dashboard/texts.h"

namespace aybiza::dashboard {

enum class Format : unsigned char { count, share, milliseconds, minutes, score, usd, rating, rate, bytes, span };  // span: ms, as 5 h

struct Definition {
  std::string_view name;     // as in /api/v1/live, or of a chart
  std::string_view title;
  std::string_view text, formula, source;
  std::string_view unit;     // after the number; empty when the number carries it
  Format format;
  std::string_view counted;  // what n counts: "calls"
  int number;                // its place in the table, from 1
};

inline int number_of(const Definition& definition) { return definition.number; }
int number_of_moving(const Definition& definition);  // beyond all places: of the part of its tile that moves with every tick
int number_of_table(const Definition& definition);   // and of its figures as a table
const Definition& definition_of(const Texts& t, std::string_view name);  // an unknown name gets a definition that says so
const Definition& definition_of(std::string_view name);                  // in English
std::span<const Definition> all_definitions(const Texts& t);
std::string_view to_string(Format format);  // what a figure is written as: "share"
std::string definitions_json(const Texts& t);  // all of them

}  // namespace aybiza::dashboard
