// What callers and agents of the simulated fleet say, by subject and step of the conversation.
//
// Shape    a Subject has lines for each Step; "{}" in a line is filled with a small number or amount.
// Threads  constant data.
#pragma once

#include <span>
#include <string_view>

namespace aybiza {

struct Subject {
  std::string_view topic, intent, agent_type;
  std::span<const std::string_view> opening, detail, offer, accept, refuse;
};
std::span<const Subject> subjects();

std::span<const std::string_view> greetings();       // agent
std::span<const std::string_view> clarifications();  // agent
std::span<const std::string_view> thanks();          // caller, content
std::span<const std::string_view> complaints();      // caller, discontent
std::span<const std::string_view> farewells();       // agent
std::span<const std::string_view> repairs();         // agent, after a misunderstanding

}  // namespace aybiza
