// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::fakes {

/// A prompt of configs/prompts, as it is shipped.
inline std::string shipped_prompt(const std::string& name) {
  const auto text =
      read_file(std::filesystem::path(SKILLGRAD_SOURCE_DIR) / "configs/prompts" / (name + ".md"));
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

/// The whole request, as a model gets it: messages, then tools with their parameters.
inline std::string rendered(const llm::ChatRequest& request) {
  std::string out = "stage: " + request.stage + "\nscope: " + request.scope + "\n";
  for (const auto& message : request.messages) {
    const char* role = message.role == llm::Role::system ? "system"
                       : message.role == llm::Role::user ? "user"
                                                         : "other";
    out += "\n===== " + std::string(role) + " =====\n" + message.content;
    if (out.back() != '\n') out += "\n";
  }
  for (const auto& tool : request.tools) {
    const auto parameters = parse_json(tool.parameters, tool.name);
    EXPECT_TRUE(parameters) << tool.name;
    out += "\n===== tool " + tool.name + " =====\n" + tool.description + "\n" +
           dump_json(parameters.value_or(Json()), 1) + "\n";
  }
  return out;
}

/// Holds a rendering against tests/data/prompts/NAME.txt. With SKILLGRAD_RENEW_PROMPTS=1 in the
/// environment it writes the file instead (tests/data/prompts/README.md).
inline void expect_golden_prompt(const std::string& name, const std::string& text) {
  const auto path =
      std::filesystem::path(SKILLGRAD_SOURCE_DIR) / "tests/data/prompts" / (name + ".txt");
  if (std::getenv("SKILLGRAD_RENEW_PROMPTS") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    ASSERT_TRUE(write_file_atomic(path, text)) << path;
    return;
  }
  const auto golden = read_file(path);
  ASSERT_TRUE(golden) << path << " is missing; tests/data/prompts/README.md says how to make it";
  if (*golden == text) return;
  std::size_t at = 0, line = 1;
  while (at < golden->size() && at < text.size() && (*golden)[at] == text[at])
    line += text[at++] == '\n' ? 1 : 0;
  const auto line_of = [&](const std::string& of) {
    const std::size_t from = at == 0 ? 0 : of.rfind('\n', at - 1) + 1;
    return from >= of.size() ? std::string("(the end)") : of.substr(from, of.find('\n', at) - from);
  };
  FAIL() << path << ":" << line << " differs\n  golden: " << line_of(*golden)
         << "\n  now:    " << line_of(text)
         << "\nIf that is meant, renew it as tests/data/prompts/README.md says.";
}

}  // namespace skillgrad::fakes
