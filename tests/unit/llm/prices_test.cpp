// SPDX-License-Identifier: MIT
// Price tables of five formats, and which price a model gets. The tables here are made up.
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/prices.hpp>

namespace skillgrad::llm {
namespace {

constexpr const char* kOpenAi = "https://api.openai.com/v1";
constexpr const char* kLocal = "http://localhost:8000/v1";

const char* const kOwn = R"({"schema":"skillgrad.prices/1","date":"2026-02-03","models":[
  {"id":"alpha","input":2,"cached":0.5,"output":8,"cache_write":2.5,"context_tokens":64000,
   "above":[{"prompt_tokens":1000,"input":4,"cached":1,"output":16},
            {"prompt_tokens":5000,"input":6,"output":20}]},
  {"id":"lab-","prefix":true,"input":0,"output":0}]})";

const char* const kLiteLlm = R"({
  "sample_spec":{"input_cost_per_token":0.0,"output_cost_per_token":0.0,
    "litellm_provider":"one of these","max_input_tokens":"max input tokens, if it is known"},
  "alpha":{"input_cost_per_token":2e-06,"output_cost_per_token":"8e-06",
    "cache_read_input_token_cost":5e-07,"cache_creation_input_token_cost":"0.0000025",
    "input_cost_per_token_above_200k_tokens":4e-06,
    "output_cost_per_token_above_200k_tokens":1.6e-05,
    "cache_read_input_token_cost_above_200k_tokens":1e-06,
    "input_cost_per_token_above_272k_tokens":5e-06,
    "input_cost_per_token_batches":1e-06,"cache_creation_input_token_cost_above_1hr":9e-06,
    "max_input_tokens":128000,"max_output_tokens":"16384",
    "supports_vision":true,"litellm_provider":"openai","mode":"chat","new_key":{"a":1}},
  "azure/alpha":{"input_cost_per_token":3e-06,"output_cost_per_token":9e-06,
    "litellm_provider":"azure"},
  "steps":{"litellm_provider":"dashscope","tiered_pricing":[
    {"range":[0,32000.0],"input_cost_per_token":1e-06,"output_cost_per_token":2e-06,
     "output_cost_per_reasoning_token":4e-06},
    {"range":[32000.0,1000000.0],"input_cost_per_token":3e-06,"output_cost_per_token":5e-06}]},
  "embed":{"input_cost_per_token":1e-07,"litellm_provider":"openai","mode":"embedding"},
  "broken":{"input_cost_per_token":"cheap","output_cost_per_token":1e-06,
    "litellm_provider":"openai"}})";

const char* const kLlmPrices = R"({"updated_at":"2026-03-04","prices":[
  {"id":"alpha","vendor":"openai","name":"Alpha","input":2,"output":8,"input_cached":0.5},
  {"id":"beta","vendor":"google","name":"Beta","input":1.0,"output":3.0,"input_cached":null}]})";

const char* const kModelsDev = R"({
  "openai":{"id":"openai","name":"OpenAI","models":{"alpha":{"id":"alpha",
     "cost":{"input":2,"output":8,"cache_read":0.5,"cache_write":2.5,
             "context_over_200k":{"input":4,"output":16,"cache_read":1}},
     "limit":{"context":400000,"output":128000},"temperature":false},
     "free":{"id":"free","limit":{"context":10}}}},
  "togetherai":{"id":"togetherai","api":"https://api.together.xyz/v1","models":{
     "alpha":{"cost":{"input":1,"output":12}}, "acme/gamma":{"cost":{"input":3,"output":4}}}},
  "acme":{"models":{"gamma":{"cost":{"input":5,"output":2}}}}})";

const char* const kOpenRouter = R"({"data":[
  {"id":"openai/alpha","context_length":128000,"top_provider":{"max_completion_tokens":4096},
   "pricing":{"prompt":"0.000002","completion":"0.000008","input_cache_read":"0.0000005",
              "request":"0.01","image":"0"}},
  {"id":"router/auto","pricing":{"prompt":"-1","completion":"-1"}}]})";

WallTime day(int days_since_epoch) { return WallTime(std::chrono::hours(24 * days_since_epoch)); }
const WallTime kDay = day(20'400);  // in November 2025

PriceTable table(const char* json) {
  auto parsed = PriceTable::parse(json, "table.json");
  EXPECT_TRUE(parsed) << parsed.error().to_line();
  return parsed ? std::move(*parsed) : PriceTable{};
}

/// The entry, whose absence fails the test.
FoundPrice find(const PriceTable& prices, const std::string& model,
                const std::string& url = kOpenAi) {
  auto found = prices.find(model, url, kDay);
  EXPECT_TRUE(found) << found.error().to_line();
  EXPECT_TRUE(found && *found) << model << " was not found";
  return found && *found ? std::move(**found) : FoundPrice{};
}

void expect_price(const Price& price, double input, double cached, double output) {
  EXPECT_EQ(price.input, input);
  EXPECT_EQ(price.cached, cached);
  EXPECT_EQ(price.output, output);
}

TEST(PriceTable, ReadsEveryFormatByItsShape) {
  struct Case {
    const char* json;
    const char* format;
    const char* date;
    std::optional<double> cache_write;
    std::int64_t context, output;
  };
  const std::vector<Case> cases = {
      {kOwn, "skillgrad.prices/1", "2026-02-03", 2.5, 64'000, 0},
      {kLiteLlm, "LiteLLM", "", 2.5, 128'000, 16'384},
      {kLlmPrices, "llm-prices", "2026-03-04", std::nullopt, 0, 0},
      {kModelsDev, "models.dev", "", 2.5, 400'000, 128'000},
      {kOpenRouter, "OpenRouter", "", std::nullopt, 128'000, 4'096},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.format);
    const PriceTable prices = table(item.json);
    EXPECT_EQ(prices.format(), item.format);
    EXPECT_EQ(prices.date(), item.date);
    const auto found = find(prices, "alpha");
    EXPECT_EQ(found.warning, "");
    expect_price(found.entry.base, 2, 0.5, 8);
    EXPECT_EQ(found.entry.cache_write, item.cache_write);
    EXPECT_EQ(found.entry.context_tokens, item.context);
    EXPECT_EQ(found.entry.max_output_tokens, item.output);
  }
}

TEST(PriceTable, LeavesOutWhatHasNoPrice) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {kLiteLlm, "sample_spec"}, {kLiteLlm, "embed"},          {kModelsDev, "free"},
      {kOpenRouter, "auto"},     {kOpenRouter, "router/auto"}, {kLlmPrices, "delta"},
  };
  for (const auto& [json, model] : cases) {
    const auto found = table(json).find(model, kOpenAi, kDay);
    ASSERT_TRUE(found) << found.error().to_line();
    EXPECT_FALSE(*found) << model;
  }
}

TEST(PriceTable, PromptsAboveEachThresholdCostItsPrice) {
  struct Case {
    const char* json;
    const char* model;
    std::int64_t prompt;
    double usd;  ///< of a million such tokens, none cached, and as many written
  };
  const std::vector<Case> cases = {
      {kOwn, "alpha", 1'000, 10},
      {kOwn, "alpha", 1'001, 20},
      {kOwn, "alpha", 5'001, 26},
      {kLiteLlm, "alpha", 200'000, 10},
      {kLiteLlm, "alpha", 200'001, 20},
      {kLiteLlm, "alpha", 272'001, 21},
      {kLiteLlm, "steps", 32'000, 5},
      {kLiteLlm, "steps", 32'001, 8},
      {kModelsDev, "alpha", 200'000, 10},
      {kModelsDev, "alpha", 200'001, 20},
      {kLiteLlm, "azure/alpha", 300'000, 12},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.model + (" " + std::to_string(item.prompt)));
    Usage usage;
    usage.input_tokens = usage.output_tokens = item.prompt;
    const double usd = cost_of(find(table(item.json), item.model).entry, usage, 0);
    EXPECT_NEAR(usd / static_cast<double>(item.prompt) * 1e6, item.usd, 1e-9);
  }
}

TEST(PriceTable, CachedAndWrittenTokensAndCallsHaveTheirOwnPrices) {
  Usage usage;
  usage.input_tokens = 1'000;
  usage.cached_tokens = 400;
  usage.output_tokens = 100;
  // 300 at 2, 400 at 0.5, 300 written at 2.5, 100 at 8
  EXPECT_NEAR(cost_of(find(table(kOwn), "alpha").entry, usage, 300), (600 + 200 + 750 + 800) / 1e6,
              1e-12);
  EXPECT_NEAR(cost_of(find(table(kOpenRouter), "openai/alpha").entry, usage, 0),
              (1200 + 200 + 800) / 1e6 + 0.01, 1e-12);
  // Without a cached price, cached tokens cost as much as others.
  EXPECT_NEAR(cost_of(find(table(kLlmPrices), "beta").entry, usage, 0), (1000 + 300) / 1e6, 1e-12);
}

TEST(PriceTable, FindsTheExactNameThenWithoutProviderThenWithoutDate) {
  struct Case {
    const char* json;
    const char* model;
    double input;
  };
  const std::vector<Case> cases = {
      {kLiteLlm, "alpha", 2},
      {kLiteLlm, "Alpha ", 2},
      {kLiteLlm, "azure/alpha", 3},
      {kLiteLlm, "openai/alpha", 2},  // VENDOR/ID
      {kLlmPrices, "proxy/google/beta", 1},
      {kLlmPrices, "beta-2026-01-31", 1},
      {kLlmPrices, "models/beta-20260131", 1},
      {kLlmPrices, "beta@20260131", 1},
      {kOpenRouter, "alpha-2026-01-31", 2},
      {kModelsDev, "acme/gamma", 5},
      {kOwn, "lab-anything", 0},
  };
  for (const auto& item : cases) {
    const char* url = std::string(item.model) == "acme/gamma" ? "https://api.acme.com/v1" : kOpenAi;
    EXPECT_EQ(find(table(item.json), item.model, url).entry.base.input, item.input) << item.model;
  }
}

TEST(PriceTable, TheEndpointTellsTheVendor) {
  struct Case {
    const char* url;
    const char* model;
    double input, output;
    bool warned;
  };
  const std::vector<Case> cases = {
      {kOpenAi, "alpha", 2, 8, false},
      {"https://api.together.xyz/v1", "alpha", 1, 12, false},
      {"https://api.together.xyz/v1", "acme/gamma", 3, 4, false},
      {"https://api.acme.com", "gamma", 5, 2, false},
      // Nobody knows who answers here: no price of either kind may be too low.
      {kLocal, "alpha", 2, 12, true},
      {kLocal, "acme/gamma", 5, 4, true},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(std::string(item.url) + " " + item.model);
    const auto found = find(table(kModelsDev), item.model, item.url);
    EXPECT_EQ(found.entry.base.input, item.input);
    EXPECT_EQ(found.entry.base.output, item.output);
    EXPECT_EQ(!found.warning.empty(), item.warned) << found.warning;
  }
  const auto found = find(table(kModelsDev), "alpha", kLocal);
  EXPECT_NE(found.warning.find("alpha at openai"), std::string::npos) << found.warning;
  EXPECT_NE(found.warning.find("alpha at togetherai"), std::string::npos) << found.warning;
  // The dearer step of one vendor stays in the common price.
  Usage usage;
  usage.input_tokens = 300'000;
  EXPECT_NEAR(cost_of(found.entry, usage, 0), 0.3 * 4, 1e-9);
}

TEST(PriceTable, OfAnAzureHostTheVendorIsAzure) {
  const auto prices = table(R"({
    "alpha":{"input_cost_per_token":1e-06,"output_cost_per_token":1e-06,"litellm_provider":"openai"},
    "x/alpha":{"input_cost_per_token":3e-06,"output_cost_per_token":3e-06,"litellm_provider":"azure"},
    "y/alpha":{"input_cost_per_token":9e-06,"output_cost_per_token":9e-06,"litellm_provider":"acme"}})");
  const auto found = find(prices, "team/alpha", "https://me.openai.azure.com/openai/v1");
  EXPECT_EQ(found.entry.base.input, 3);
  EXPECT_EQ(found.warning, "");
}

TEST(PriceTable, VendorsThatAgreeNeedNoWarning) {
  const auto prices = table(R"({"prices":[
    {"id":"m","vendor":"a","name":"M","input":1,"output":2},
    {"id":"m","vendor":"b","name":"M","input":1,"output":2}]})");
  EXPECT_EQ(find(prices, "m", kLocal).warning, "");
}

TEST(PriceTable, DatesDecideWhichPriceHolds) {
  const auto prices = table(R"({"schema":"skillgrad.prices/1","models":[
    {"id":"m","until":"2026-08-31","input":2,"output":1},
    {"id":"m","from":"2026-09-01","input":3,"output":1}]})");
  const auto at = [&](int days) {
    const auto found = prices.find("m", kOpenAi, day(days));
    return found && *found ? (*found)->entry.base.input : -1;
  };
  EXPECT_EQ(at(20'696), 2);  // 2026-08-31
  EXPECT_EQ(at(20'697), 3);
}

TEST(PriceTable, AnUnreadablePriceIsAnErrorOfItsModelOnly) {
  const auto prices = table(kLiteLlm);
  const auto found = prices.find("broken", kOpenAi, kDay);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::config);
  EXPECT_NE(found.error().message.find("input_cost_per_token is \"cheap\""), std::string::npos)
      << found.error().to_line();
  EXPECT_NE(found.error().mend.find("--price"), std::string::npos);
}

TEST(PriceTable, RefusesAnythingElseAndSaysWhatItFoundAndAccepts) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"[1,2]", "got a JSON array"},
      {"3", "got a JSON number"},
      {"{}", "an empty object"},
      {R"({"model":"m","price":3})", R"(an object with the keys "model", "price")"},
      {R"({"a":{"b":1}})", "an object with the keys"},
      {R"({"data":[]})", "OpenRouter"},
      {R"({"prices":[{"id":"x"}]})", "llm-prices"},
      {R"({"sample_spec":{"litellm_provider":"x"}})", "LiteLLM"},
      {R"({"schema":"skillgrad.prices/2","models":[]})", "skillgrad.prices/2"},
      {R"({"schema":"skillgrad.prices/1","models":[{"id":"m","input":-1,"output":2}]})", "input"},
      {R"({"schema":"skillgrad.prices/1","models":[{"id":"m","inputs":1,"output":2}]})", "input"},
      {"{", "table.json"},
  };
  for (const auto& [json, part] : cases) {
    const auto parsed = PriceTable::parse(json, "table.json");
    ASSERT_FALSE(parsed) << json;
    const std::string text = parsed.error().to_line() + " " + parsed.error().mend;
    EXPECT_NE(text.find(part), std::string::npos) << json << ": " << text;
  }
  const auto foreign = PriceTable::parse("[]", "table.json");
  for (const char* name :
       {"skillgrad.prices/1", "LiteLLM", "llm-prices", "models.dev", "OpenRouter"})
    EXPECT_NE(foreign.error().mend.find(name), std::string::npos) << name;
}

TEST(EffectivePriceTest, TheOptionBeatsTheFileAndTheFileTheBuiltInTable) {
  EndpointOptions options;
  options.base_url = kOpenAi;
  options.model = "gpt-4o-mini";
  auto found = effective_price(options, kDay);
  ASSERT_TRUE(found && found->price);
  EXPECT_EQ(found->price->base.input, 0.15);
  EXPECT_NE(found->source.find("built-in table of 2026-08-05"), std::string::npos);

  const auto dir = TempDir::create("prices-test");
  ASSERT_TRUE(dir);
  const auto path = dir->path() / "my.txt";
  ASSERT_TRUE(write_file_atomic(path, R"({"gpt-4o-mini":{"input_cost_per_token":7e-06,
    "output_cost_per_token":8e-06,"max_input_tokens":99,"litellm_provider":"openai"}})"));
  auto loaded = PriceTable::load(path);
  ASSERT_TRUE(loaded) << loaded.error().to_line();
  EXPECT_EQ(loaded->date().size(), 10U) << "a table without a date has that of its file";
  EXPECT_FALSE(loaded->says_date());
  options.price_table = std::make_shared<PriceTable>(std::move(*loaded));
  found = effective_price(options, kDay);
  ASSERT_TRUE(found && found->price);
  EXPECT_EQ(found->price->base.input, 7);
  EXPECT_EQ(found->context_tokens, 99);
  EXPECT_NE(found->source.find("LiteLLM, last changed 20"), std::string::npos) << found->source;

  options.price_in = 1;
  EXPECT_FALSE(effective_price(options, kDay)) << "half a price";
  options.price_out = 2;
  found = effective_price(options, kDay);
  ASSERT_TRUE(found && found->price);
  EXPECT_EQ(found->price->base.input, 1);
  EXPECT_EQ(found->context_tokens, 99) << "the table still tells the context";

  // A model that the file does not have is looked up in the built-in table.
  EndpointOptions other = options;
  other.price_in = other.price_out = std::nullopt;
  other.model = "gpt-4.1-mini";
  found = effective_price(other, kDay);
  ASSERT_TRUE(found && found->price);
  EXPECT_EQ(found->price->base.input, 0.40);
  other.model = "nobody-knows";
  found = effective_price(other, kDay);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->price);
}

TEST(PriceTable, TheBuiltInTableIsReadable) {
  EXPECT_GT(PriceTable::built_in().entries().size(), 10U);
  EXPECT_EQ(find(PriceTable::built_in(), "sim:/some/folder").entry.base.output, 0);
}

}  // namespace
}  // namespace skillgrad::llm
