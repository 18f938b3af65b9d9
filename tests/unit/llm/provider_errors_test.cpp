// SPDX-License-Identifier: MIT
// Error bodies as providers, gateways and servers send them, and the class of each (R3.1,
// R3.2). Add a line to provider_errors.jsonl for each new one that is met.
#include <fstream>

#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>

#include "llm/errors/classify.hpp"
#include "llm/errors/delays.hpp"
#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {
namespace {

std::vector<Json> rows() {
  std::ifstream file(SKILLGRAD_SOURCE_DIR "/tests/unit/llm/provider_errors.jsonl");
  std::vector<Json> out;
  for (std::string line; std::getline(file, line);) out.push_back(Json::parse(line));
  return out;
}

TEST(ProviderErrors, GetTheirClass) {
  ASSERT_FALSE(rows().empty());
  for (const Json& row : rows()) {
    Headers headers;
    const Json given = row.value("headers", Json::object());
    for (const auto& [name, value] : given.items()) headers[name] = value.get<std::string>();
    const Json& body = row.at("body");
    const std::string text = body.is_string() ? body.get<std::string>() : body.dump();
    const ErrorBody error = parse_error_body(text);
    const FailureClass cls =
        classify_status(row.at("status").get<int>(), error, delays_of(headers, error));
    EXPECT_EQ(name_of(cls), row.at("class").get<std::string>()) << row.at("name");
  }
}

TEST(ProviderErrors, DelaysInWords) {
  const std::vector<std::pair<const char*, double>> cases = {
      {"Please try again in 2 hours.", 7200},
      {"Please try again in 976ms.", 0.976},
      {"Please try again in 1m2s. Visit https://x", 62},
      {"please wait 3 seconds before retrying", 3},
      {"Try again in 1 minute and 30 seconds", 90},
      {"Please retry after 20 sec", 20},
      {"Try again after about 5 min.", 300},
      {"Retry in 0.5 s", 0.5},
      {"Please retry in 17", 17},
      {"please wait a moment, then try again in 4 s", 4},
  };
  for (const auto& [text, wanted] : cases) {
    ErrorBody error;
    error.message = text;
    const auto delay = requested_delay({}, error, WallTime{});
    ASSERT_TRUE(delay.has_value()) << text;
    EXPECT_NEAR(std::chrono::duration<double>(*delay).count(), wanted, 1e-9) << text;
  }
  for (const char* text : {"try again later", "please wait", "try again in a moment",
                           "retry after the reset", "try again in -5 s", "try again in NaN"}) {
    ErrorBody error;
    error.message = text;
    EXPECT_FALSE(requested_delay({}, error, WallTime{}).has_value()) << text;
  }
}

}  // namespace
}  // namespace skillgrad::llm
