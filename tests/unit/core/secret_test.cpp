// SPDX-License-Identifier: MIT
#include <chrono>

#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>

#include "fakes/large.hpp"

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
      {"https://gw.host/t/9f8e7d6c5b4a39281706f5e4d3c2b1a0/v1", "https://gw.host/t/***/v1"},
      {"(http://h:80/Zx81kQp0Vb72mNc4Lr9T?x=1)", "(http://h:80/***?x=1)"},
      {"https://h/bot123456:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K/send", "https://h/***/send"},
  };
  for (const Case& c : cases) EXPECT_EQ(Redactor().redact(c.in), c.out) << c.in;
}

TEST(Redactor, OrdinaryTextStays) {
  for (const std::string text :
       {"use sk-learn and risk-assessment-models", "the bearer of news", "https://host/a@b",
        "cookie: mix sugar and flour", "authorization: see below", "hf_hub", "a=b?c=d&e=f",
        "https://h/openai/deployments/my-gpt4-deployment-2024-07-18/chat/completions",
        "https://h/models/Meta-Llama-3.1-405B-Instruct-Turbo-FP8/x",
        "/tmp/9f8e7d6c5b4a39281706f5e4d3c2b1a0/x", "write to me@example.org",
        "mask-sk-abcdEFGH12345678"}) {
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
  const int size = fakes::large(1'000'000, 100'000);
  for (int i = 0; i < size / 10; ++i) text += "sk-://?&authorization ";
  EXPECT_EQ(redactor.redact(text).size(), text.size());
  const std::string run = "https://" + std::string(static_cast<std::size_t>(size), 'a');
  EXPECT_EQ(redactor.redact(run), run);
  for (const std::string part : {"\\", "%", "%25", "://a:b/", "0123456789abcde"}) {
    std::string row;
    while (row.size() < static_cast<std::size_t>(size)) row += part;
    EXPECT_EQ(redactor.redact(row), row);
  }
}

TEST(Redactor, EveryCharacterMayBeWrittenInItsOwnWay) {
  const Redactor redactor({Secret("can/ary+7391=zq")});
  for (const std::string form :
       {"can/ary%2B7391%3Dzq", "can%2fary+7391=zq", "can%2Fary%2b7391%3Dzq",
        "can%252Fary%252B7391%253Dzq", R"(can\u002fary\u002B7391\u003dzq)",
        R"(can\\u002Fary\\u002b7391\\u003Dzq)", R"(can\/ary\x2b7391=zq)", R"(can\/ary\+7391\=zq)",
        "%63%61%6e%2f%61%72%79%2b%37%33%39%31%3d%7a%71", R"(\u0063an/ary+7391=z\u0071)",
        "63616e2f6172792b373339313d7a71", "63616E2F6172792B373339313D7A71", "Y2FuL2FyeSs3MzkxPXpx",
        R"(Y2FuL2FyeSs3MzkxPXpx\n)"}) {
    const std::string shown = redactor.redact_content("a " + form + " z");
    EXPECT_EQ(shown, form.ends_with("\\n") ? "a ***\\n z" : "a *** z") << form;
  }
  EXPECT_EQ(Redactor({Secret("100%25 a%b")}).redact("x 100%25 a%b 100%2525%20a%25b"), "x *** ***");
  EXPECT_EQ(Redactor({Secret("schl\xC3\xBCssel\xF0\x9F\x94\x91!")})
                .redact(R"(x schl\u00FCssel\ud83d\uDD11! schl%C3%BCssel%f0%9f%94%91%21)"),
            "x *** ***");
}

TEST(Redactor, ASecretBesideAnEscapeLeavesJsonWhole) {
  const Redactor redactor({Secret("nkey-123456"), Secret("41bcdef-99")});
  for (const std::string text :
       {R"({"a":"x\nkey-123456"})", R"({"a":"\u0041bcdef-99"})", R"({"a":"x\\nkey-123456"})"}) {
    const std::string shown = redactor.redact_content(text);
    EXPECT_TRUE(parse_json(shown, "x")) << shown;
    EXPECT_NE(shown.find("***"), std::string::npos) << shown;
  }
}

TEST(Redactor, TextOfModelsLosesOnlyWhatIsAKeyForCertain) {
  const Redactor redactor({Secret("canary7391zq")});
  struct Case {
    std::string in, out;
  };
  const std::vector<Case> cases = {
      {"u canary7391zq", "u ***"},
      {"sk-proj-1234567890abcdef", "***"},
      {"x\nsk-proj-1234567890abcdef", "x\n***"},
      {R"(x\\nsk-proj-1234567890abcdef\\n)", R"(x\\n***\\n)"},
      {R"(\u0022sk-proj-1234567890abcdef\u0022)", R"(\u0022***\u0022)"},
      {"AIzaSyA1234567890abcdefghijklmnop", "***"},
      {"Bearer eyJhbGciOi.abc123.def456", "Bearer ***"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(redactor.redact_content(c.in), c.out) << c.in;
    EXPECT_EQ(redactor.redact_content(c.out), c.out) << "again: " << c.in;
  }
  for (const std::string text :
       {"u='http://x/?code=200&key=42'", "curl -H 'authorization: Basic dXNlcjpwYXNz'",
        "Cookie: a=b", "git clone https://user:pa55@host/x", "part sk-10023456", "Bearer tok123",
        "sk-learn-1-5-migration-notes-2024", "sk-ab***************6789",
        "Bearer ***eyJhbGciOiabc123", "sk-***1234567890abcdefgh"}) {
    EXPECT_EQ(redactor.redact_content(text), text);
  }
}

TEST(Redactor, APasswordOfAUrlEndsAtItsLastAtSign) {
  struct Case {
    std::string in, out;
  };
  const std::vector<Case> cases = {
      {"'http://user:canary/p@w1234@127.0.0.1:1'", "'http://***@127.0.0.1:1'"},
      {"http://u:p@w@host/x", "http://***@host/x"},
      {"http://u:p?1#2@host/a@b", "http://***@b"},
      {"https://host:8080/a@b", "https://host:8080/a@b"},
      {"https://[::1]:80/a@b", "https://[::1]:80/a@b"},
  };
  for (const Case& c : cases) EXPECT_EQ(Redactor().redact(c.in), c.out) << c.in;
}

TEST(Redactor, ARefusalShowsNoPartOfTheKey) {
  const Redactor redactor({Secret("canary-7391-wxyzzy"), Secret("Bearer canary-7391-wxyzzy")});
  EXPECT_EQ(redactor.redact_refusal("the key canary****&x=Q, \"canary-73\" or ...wxyzzy is wrong"),
            "the key ***, \"***\" or *** is wrong");
  EXPECT_EQ(redactor.redact_refusal("Bearer? none"), "Bearer? none");
  EXPECT_EQ(redactor.redact("a canary bird"), "a canary bird");
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
