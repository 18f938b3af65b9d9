// SPDX-License-Identifier: MIT
// Which resource a base URL means (R1.1), and what of it may be shown (R4.8).
#include "llm/address/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/address/profile.hpp"

namespace skillgrad::llm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct UrlCase {
  const char *base, *chat, *responses;
  bool api_key_header;
};

TEST(Url, OnlyAzureAddressesMeanADeployment) {
  for (const UrlCase& given : {
           UrlCase{"http://h/v1?api-version=1", "http://h/v1/chat/completions?api-version=1",
                   "http://h/v1/responses?api-version=1", false},
           UrlCase{"http://h?api-version=1", "http://h/v1/chat/completions?api-version=1",
                   "http://h/v1/responses?api-version=1", false},
           UrlCase{"http://h/openai?api-version=1",
                   "http://h/openai/chat/completions?api-version=1",
                   "http://h/openai/responses?api-version=1", false},
           UrlCase{"http://h/gw/openai/deployments/d?api-version=1",
                   "http://h/gw/openai/deployments/d/chat/completions?api-version=1",
                   "http://h/gw/openai/responses?api-version=1", true},
           UrlCase{"http://h/gw/openai/deployments?api-version=1",
                   "http://h/gw/openai/deployments/m/chat/completions?api-version=1",
                   "http://h/gw/openai/responses?api-version=1", true},
           UrlCase{"https://r.openai.azure.com?api-version=1",
                   "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=1",
                   "https://r.openai.azure.com/openai/responses?api-version=1", true},
           UrlCase{"https://r.openai.azure.us/openai?api-version=1",
                   "https://r.openai.azure.us/openai/deployments/m/chat/completions?api-version=1",
                   "https://r.openai.azure.us/openai/responses?api-version=1", true},
           UrlCase{"https://r.openai.azure.com/openai/v1?api-version=preview",
                   "https://r.openai.azure.com/openai/v1/chat/completions?api-version=preview",
                   "https://r.openai.azure.com/openai/v1/responses?api-version=preview", true},
           UrlCase{"https://r.openai.azure.com/v1?api-version=1",
                   "https://r.openai.azure.com/v1/chat/completions?api-version=1",
                   "https://r.openai.azure.com/v1/responses?api-version=1", true},
       }) {
    const auto url = parse_base_url(given.base);
    ASSERT_TRUE(url.has_value()) << given.base;
    EXPECT_EQ(chat_url(*url, "m"), given.chat);
    EXPECT_EQ(responses_url(*url), given.responses);
    EXPECT_EQ(profile_of(*url, "m").api_key_header, given.api_key_header) << given.base;
  }
}

TEST(Url, NoPartOfAPasswordIsShown) {
  for (const char* url :
       {"http://user:p/wSECRET@h/v1", "http://user:p?wSECRET@h/v1", "http://user:p#SECRET@h/v1",
        "http://user:p@SECRET@h/v1", "http://user:80/SECRET@h/v1", "user:p/SECRET@h/v1",
        "http://user:p?key=SECRET&x=1@h/v1", "http://user:://SECRET@h/v1"}) {
    EXPECT_THAT(printable_url(url), Not(HasSubstr("SECRET")));
    EXPECT_THAT(printable_url(url), HasSubstr("***@h/v1"));
    const auto parsed = parse_base_url(url);
    if (!parsed) {
      EXPECT_THAT(parsed.error().to_text(), Not(HasSubstr("SECRET")));
    }
  }
  EXPECT_EQ(printable_url("http://h/v1?route=a&key=SECRET"), "http://h/v1?route=a&key=***");
  for (const char* name : {"api_key", "ApiKey", "subscription-key", "access_token", "sig",
                           "X-Amz-Signature", "client_secret", "code"}) {
    EXPECT_EQ(printable_url(std::string("http://h/v1?") + name + "=SECRET"),
              std::string("http://h/v1?") + name + "=***");
  }
  EXPECT_EQ(printable_url("http://h/v1?monkey=a&max_tokens=1&api-version=2"),
            "http://h/v1?monkey=a&max_tokens=1&api-version=2");
  // A run is resumed at the address that its record shows.
  for (const char* url : {"http://h:80/v1", "https://api.example.com/ai/run/@cf/meta",
                          "http://localhost:80/v1/@x", "https://h.example/v1?user=a@b.example"})
    EXPECT_EQ(printable_url(url), url);
}

TEST(Profile, TheNameOfTheCapFollowsFromAModelOfOpenAiWithoutAProviderBeforeIt) {  // R1.6
  for (const char* model : {"o3", "o4-mini", "gpt-5", "gpt-5.2-codex", "gpt-10"})
    EXPECT_TRUE(wants_completion_cap(model)) << model;
  for (const char* model : {"openai/gpt-5.2", "openai/o3", "gpt-4o", "gpt-35-turbo", "gpt-5-chat",
                            "olmo-2", "my-gpt-5"})
    EXPECT_FALSE(wants_completion_cap(model)) << model;
}

}  // namespace
}  // namespace skillgrad::llm
