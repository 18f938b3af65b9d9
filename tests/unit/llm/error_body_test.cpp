// SPDX-License-Identifier: MIT
// Every shape in which endpoints write their errors (R3.1).
#include "llm/errors/error_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

using ::testing::HasSubstr;

struct Shape {
  const char* name;
  const char* body;
  const char *message, *type, *code, *param;
};

class ErrorBodyTest : public ::testing::TestWithParam<Shape> {};

TEST_P(ErrorBodyTest, GivesMessageTypeCodeAndParameter) {
  const Shape& shape = GetParam();
  const ErrorBody error = parse_error_body(shape.body);
  EXPECT_EQ(error.message, shape.message);
  EXPECT_EQ(error.type, shape.type);
  EXPECT_EQ(error.code, shape.code);
  EXPECT_EQ(error.param, shape.param);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ErrorBodyTest,
    ::testing::Values(
        Shape{"OpenAi", R"({"error":{"message":"m","type":"t","param":"p","code":"c"}})", "m", "t",
              "c", "p"},
        Shape{"CodeIsANumber", R"({"error":{"message":"m","type":"t","param":null,"code":400}})",
              "m", "t", "400", ""},
        Shape{"CodeIsNull", R"({"error":{"message":"m","type":null,"code":null}})", "m", "", "",
              ""},
        Shape{"ErrorIsText", R"({"error":"m"})", "m", "", "", ""},
        Shape{"Vllm", R"({"object":"error","message":"m","type":"t","param":null,"code":"3280"})",
              "m", "t", "3280", ""},
        Shape{"DetailIsText", R"({"detail":"m"})", "m", "", "", ""},
        Shape{"DetailIsAList",
              R"({"detail":[{"loc":["body","seed"],"msg":"m","type":"extra_forbidden"}]})",
              "seed: m", "extra_forbidden", "", "seed"},
        Shape{"DetailIsJsonAsText", R"({"detail":"{\"error\":\"m\"}"})", "m", "", "", ""},
        Shape{"MessageAlone", R"({"message":"m"})", "m", "", "", ""},
        Shape{"GeminiList",
              R"([{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[]}}])",
              "m", "INVALID_ARGUMENT", "400", ""},
        Shape{"Anthropic",
              R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})", "m",
              "invalid_request_error", "", ""},
        Shape{"Errors", R"({"errors":[{"message":"m","code":"c"}]})", "m", "", "c", ""},
        Shape{"MessageIsJsonAsText",
              R"({"error":{"message":"{\"error\":{\"message\":\"m\",\"code\":\"c\"}}"}})", "m", "",
              "c", ""},
        Shape{"MessageIsAPythonDict",
              R"({"error":{"message":"litellm.BadRequestError: {'error': {'message': 'it\\'s', )"
              R"('code': None, 'param': 'p'}}","type":"None","code":"400"}})",
              "litellm.BadRequestError: it's", "", "400", "p"},
        Shape{"TypeNone", R"({"error":{"message":"m","type":"None","param":"None","code":"401"}})",
              "m", "", "401", ""},
        Shape{"Html", "<!doctype html>\n<html><head><TITLE>502 Bad\nGateway</TITLE></head></html>",
              "HTML page \"502 Bad\nGateway\"", "", "", ""},
        Shape{"HtmlWithoutATitle", "<html></html>", "an HTML page", "", "", ""},
        Shape{"PlainText", "upstream went away", "upstream went away", "", "", ""},
        Shape{"TextInQuotes", "\"m\"", "m", "", "", ""},
        Shape{"BrokenJson", R"({"error":{"message":"m")", R"({"error":{"message":"m")", "", "", ""},
        Shape{"MarkAndBlanks", "\xEF\xBB\xBF \n {\"error\":\"m\"}", "m", "", "", ""},
        Shape{"UnknownMembers", R"({"oops":true})", R"({"oops":true})", "", "", ""}),
    [](const auto& given) { return given.param.name; });

TEST(ErrorBody, TheInnermostReadableMessageIsTaken) {
  for (
      const char* body :
      {R"({"error":{"message":"{'error': '{\"error\": {\"message\": \"inner\"}}'}"}})",
       R"({"error":{"message":"{\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":\\\"inner\\\"}}\"}}"}})",
       R"({"detail":[{"msg":"{'detail': {'error': {'message': 'inner'}}}"}]})",
       R"({"message":"{\"errors\":[{\"message\":\"inner\"}]}"})",
       R"({"base_resp":{"status_code":1000,"status_msg":"inner"}})"}) {
    EXPECT_EQ(parse_error_body(body).message, "inner") << body;
  }
  std::string deep = "inner";
  // Each wrap doubles the backslashes of all before it.
  for (int i = 0; i < 15; ++i) deep = dump_json({{"error", {{"message", deep}}}});
  EXPECT_FALSE(parse_error_body(deep).message.empty()) << "bounded, and never silent";
}

TEST(ErrorBody, AnEmptyOneSaysSo) {
  for (const char* body : {"", "  \n", "\xEF\xBB\xBF"}) {
    const ErrorBody error = parse_error_body(body);
    EXPECT_TRUE(error.empty) << body;
    EXPECT_EQ(error.text(), "an empty reply");
  }
}

TEST(ErrorBody, TheProviderBehindARouterIsNamed) {
  const ErrorBody error = parse_error_body(
      R"({"error":{"code":402,"message":"m","metadata":{"provider_name":"P","raw":"R",)"
      R"("provider_code":"pc","limit_source":"openrouter_in_flight_budget"}}})");
  EXPECT_EQ(error.provider_name, "P");
  EXPECT_EQ(error.raw, "R");
  EXPECT_EQ(error.limit_source, "openrouter_in_flight_budget");
  EXPECT_THAT(error.text(), HasSubstr("m (provider P): R"));
}

TEST(ErrorBody, ADelayAndTokenCountsAreTakenOut) {
  EXPECT_EQ(parse_error_body(R"([{"error":{"code":429,"message":"m","details":[{"@type":"x"},)"
                             R"({"retryDelay":"34s"}]}}])")
                .retry_delay,
            "34s");
  const ErrorBody counts =
      parse_error_body(R"({"error":{"message":"m","n_prompt_tokens":13392,"n_ctx":8192}})");
  EXPECT_EQ(counts.prompt_tokens, 13392);
  EXPECT_EQ(counts.context_tokens, 8192);
}

TEST(ErrorBody, NothingMakesItThrowOrGrow) {
  const std::string deep = std::string(3000, '[') + std::string(3000, ']');
  const std::string stringified =
      R"({"error":{"message":"{\"error\":{\"message\":\"{\\\"error\\\":)"
      R"({\\\"message\\\":\\\"deep\\\"}}\"}}"}})";
  for (const std::string& body :
       {deep, std::string(R"({"error":[]})"), std::string(R"({"error":{}})"),
        std::string(R"({"error":null})"), std::string(R"({"error":7})"), std::string("[]"),
        std::string("{}"), std::string("null"), std::string("7"), std::string("\xFF\xFE\0x", 4),
        std::string(R"({"detail":[1,null,{"loc":7}]})"),
        std::string(R"({"message":{"message":[]}})"), stringified,
        "{\"error\":\"" + std::string(100'000, 'x') + "\"}"}) {
    EXPECT_LE(parse_error_body(body).text().size(), 2200U) << body.substr(0, 60);
  }
  EXPECT_THAT(parse_error_body(stringified).text(), HasSubstr("deep"));
}

}  // namespace
}  // namespace skillgrad::llm
