// SPDX-License-Identifier: MIT
#include "agent/unknown_arguments.hpp"

#include <gtest/gtest.h>

namespace skillgrad::agent {
namespace {

TEST(UnknownArguments, AreNamedBesideThoseThatTheToolTakes) {
  llm::ToolSpec spec;
  spec.name = "shell";
  spec.parameters = R"({"type":"object","properties":{"command":{"type":"string"}}})";
  EXPECT_EQ(note_on_arguments(spec, R"({"command":"ls"})"), "");
  EXPECT_EQ(note_on_arguments(spec, R"({"command":"ls","timeout":5,"cwd":"/"})"),
            "\n[not used: timeout, cwd; shell takes command]");
  for (const char* other : {"", "[]", "nonsense"}) EXPECT_EQ(note_on_arguments(spec, other), "");
  spec.parameters = "{}";
  EXPECT_EQ(note_on_arguments(spec, R"({"x":1})"), "") << "nothing is known of its parameters";
}

}  // namespace
}  // namespace skillgrad::agent
