// SPDX-License-Identifier: MIT
#include <chrono>

#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad {
namespace {

TEST(Secret, PrintsAsStars) {
  EXPECT_STREQ(Secret("k").to_string(), "***");
  EXPECT_STREQ(Secret().to_string(), "");
  EXPECT_EQ(Secret("k").reveal(), "k");
}

TEST(Redactor, RemovesEveryFormOfASecret) {
  const Redactor redactor({Secret("p@ss/w\"rd ü1")});
  struct Case {
    std::string in, out;
  };
  const std::vector<Case> cases = {
      {"x p@ss/w\"rd ü1 y", "x *** y"},
      {"q=p%40ss%2Fw%22rd%20%C3%BC1;", "q=***;"},
      {"q=p%40ss%2fw%22rd%20%c3%bc1;", "q=***;"},
      {"q=p%40ss%2Fw%22rd+%C3%BC1;", "q=***;"},
      {R"({"k":"p@ss/w\"rd ü1"})", R"({"k":"***"})"},
      {R"({"k":"p@ss\/w\"rd ü1"})", R"({"k":"***"})"},
      {R"({"k":"p@ss/w\"rd \u00fc1"})", R"({"k":"***"})"},
      {R"({"args":"{\"k\":\"p@ss/w\\\"rd ü1\"}"})", R"({"args":"{\"k\":\"***\"}"})"},
      {"nothing here", "nothing here"},
  };
  for (const Case& c : cases) EXPECT_EQ(redactor.redact(c.in), c.out) << c.in;
}

TEST(Redactor, FindsASecretInsideLargerBase64Text) {
  const std::string secret = "topsecret-value-123";
  const Redactor redactor({Secret(secret)});
  // base64 of PREFIX + secret + SUFFIX with 0, 2, 3, 1 and 4 bytes before the secret.
  const std::vector<std::string> texts = {
      "dG9wc2VjcmV0LXZhbHVlLTEyMw==", "dTp0b3BzZWNyZXQtdmFsdWUtMTIz",
      "dXM6dG9wc2VjcmV0LXZhbHVlLTEyMyE=", "YXRvcHNlY3JldC12YWx1ZS0xMjNi",
      "YWI6Y3RvcHNlY3JldC12YWx1ZS0xMjM="};
  for (const std::string& text : texts) {
    const std::string out = redactor.redact(text);
    EXPECT_NE(out.find("***"), std::string::npos) << text;
    EXPECT_LT(out.size(), 16U) << "only what encodes the neighbours may stay: " << out;
  }
}

TEST(Redactor, LongerSecretWinsOverItsPart) {
  const Redactor redactor({Secret("abcdef"), Secret("abcdefghi")});
  EXPECT_EQ(redactor.redact("<abcdefghi> <abcdef>"), "<***> <***>");
}

TEST(Redactor, PlaceholderKeysOfLocalEndpointsDoNotSpoilText) {
  const Redactor redactor({Secret("x"), Secret("none"), Secret("")});
  EXPECT_EQ(redactor.redact("{\"cached\":none x}"), "{\"cached\":none x}");
}

TEST(Redactor, KnownKeyPatternsAreRemovedWithoutRegistration) {
  struct Case {
    std::string in, out;
  };
  const std::vector<Case> cases = {
      {"key sk-abcdEFGH12345678 end", "key *** end"},
      {"Incorrect API key provided: sk-ab***************6789.", "Incorrect API key provided: ***."},
      {"sk-or-v1-0123456789abcdef, sk-ant-api03-AbC_d-123", "***, ***"},
      {"gsk_a1b2c3d4e5 xai-a1b2c3d4e5 hf_abcdefgh12 ghp_0123456789abc", "*** *** *** ***"},
      {"AIzaSyA1234567890abcdefghijklmnop", "***"},
      {R"({"k":"sk-abcdEFGH12345678\n"})", R"({"k":"***\n"})"},
      {"Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"},
      {"authorization: Basic dXNlcjpwYXNz\r\nnext: 1", "authorization: Basic ***\r\nnext: 1"},
      {R"("x-api-key": "0a1b2c3d4e")", R"("x-api-key": "***")"},
      {R"({\"api-key\":\"0a1b2c3d4e\"})", R"({\"api-key\":\"***\"})"},
      {"Set-Cookie: sid=abc; Path=/\r\n", "Set-Cookie: ***\r\n"},
      {"said Bearer tok123 twice", "said Bearer *** twice"},
      {"GET /v1?key=abc&x=1&token=t%20u#f", "GET /v1?key=***&x=1&token=***#f"},
      {"https://user:pa55@host/v1", "https://***@host/v1"},
  };
  for (const Case& c : cases) EXPECT_EQ(Redactor().redact(c.in), c.out) << c.in;
}

TEST(Redactor, OrdinaryTextStays) {
  for (const std::string text :
       {"use sk-learn and risk-assessment-models", "the bearer of news", "https://host/a@b",
        "cookie: mix sugar and flour", "authorization: see below", "hf_hub", "a=b?c=d&e=f",
        "write to me@example.org", "mask-sk-abcdEFGH12345678"}) {
    EXPECT_EQ(Redactor().redact(text), text);
  }
}

TEST(Redactor, LeavesJsonParseable) {
  const Redactor redactor({Secret("s3cr\"et\\key")});
  const Json value = {{"a", "Bearer s3cr\"et\\key"}, {"b", "https://u:p@h?key=1\"2"}, {"c", 1}};
  const std::string out = redactor.redact(dump_json(value));
  EXPECT_TRUE(parse_json(out, "x")) << out;
  EXPECT_EQ(out.find("s3cr"), std::string::npos);
}

TEST(Redactor, LargeTextTakesLinearTime) {
  const Redactor redactor({Secret("0123456789abcdef")});
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "sk-://?&authorization ";
  EXPECT_EQ(redactor.redact(text).size(), text.size());
  const std::string run = "https://" + std::string(1'000'000, 'a');
  EXPECT_EQ(redactor.redact(run), run);
}

TEST(Redactor, TextInsideTextIsFoundHoweverOftenItWasEscaped) {
  const Redactor redactor({Secret("can/ary\"7391\\zq")});
  std::string text = "key can/ary\"7391\\zq end";
  for (int depth = 0; depth < 6; ++depth) {
    const std::string shown = redactor.redact(text);
    EXPECT_EQ(shown.find("7391"), std::string::npos) << shown;
    EXPECT_NE(shown.find(" end"), std::string::npos) << shown;
    text = replace_all(Json(text).dump(), "/", "\\/");
  }
  EXPECT_EQ(redactor.redact("can/ary \"7391\\zq"), "can/ary \"7391\\zq");
  EXPECT_EQ(redactor.redact("can/ar"), "can/ar");
}

}  // namespace
}  // namespace skillgrad
