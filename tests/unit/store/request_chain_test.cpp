// SPDX-License-Identifier: MIT
// How requests are kept in replies.jsonl (docs/endpoints.md, "Ledger").
#include "store/request_chain.hpp"

#include <gmock/gmock.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "unit/store/run_folder.hpp"

namespace skillgrad::store {
namespace {

class RequestChainTest : public RunFolder {
 protected:
  static Json message(const std::string& role, const std::string& content) {
    return {{"role", role}, {"content", content}};
  }
  static Json body(const Json& messages, const char* list = "messages") {
    return {{"model", "m"}, {list, messages}, {"tools", {{{"name", "shell"}}}}};
  }
  /// A conversation of so many turns; each tool result has `bytes`.
  static std::vector<Json> conversation(int turns, std::size_t bytes, const std::string& task) {
    Json messages = {message("system", "You {work}. [\"\\\\\","), message("user", task)};
    std::vector<Json> out;
    for (int turn = 0; turn < turns; ++turn) {
      out.push_back(messages);
      messages.push_back(message("assistant", "turn " + std::to_string(turn)));
      messages.push_back(message("tool", std::string(bytes, 'x') + "\"]},{" + task));
    }
    return out;
  }
  static void finish(RunStore& store, const std::string& key, const Json& request) {
    ASSERT_TRUE(store.calls().finish(row(key), dump_json(request), reply_to(key)));
  }
  [[nodiscard]] std::map<std::string, Json> lines() const {
    std::map<std::string, Json> out;
    for (const auto& line : split_lines(text_of(replies())))
      if (!line.empty()) {
        const Json json = Json::parse(line);
        out[json["key"]] = json;
      }
    return out;
  }
  /// As the documentation says that a line is read.
  static Json request_of(const std::map<std::string, Json>& lines, const std::string& key) {
    const Json& line = lines.at(key);
    if (line.contains("request")) return line["request"];
    const Json& after = line["request_after"];
    Json request = request_of(lines, after["key"]);
    Json& list = request.contains("messages") ? request["messages"] : request["input"];
    list.erase(list.begin() + after["keep"].get<int>(), list.end());
    for (const auto& item : after["add"]) list.push_back(item);
    return request;
  }
};

TEST_F(RequestChainTest, AConversationGrowsByWhatIsNewInATurnAndEveryRequestCanBeReadBack) {
  for (const char* list : {"messages", "input"}) {
    SCOPED_TRACE(list);
    const auto size_after = [&](int turns) {
      std::filesystem::remove_all(dir());
      const auto store = open();
      const auto requests = conversation(turns, 4'000, "sum");
      for (int i = 0; i < turns; ++i)
        finish(*store, "k" + std::to_string(i), body(requests[static_cast<std::size_t>(i)], list));
      const auto kept = lines();
      for (int i = 0; i < turns; ++i)
        EXPECT_EQ(request_of(kept, "k" + std::to_string(i)),
                  body(requests[static_cast<std::size_t>(i)], list));
      return text_of(replies()).size();
    };
    const std::size_t ten = size_after(10), forty = size_after(40);
    EXPECT_LT(forty, 5 * ten) << "it grows with the square of the turns";
    EXPECT_LT(forty, std::size_t{40} * 6'000);
  }
}

TEST_F(RequestChainTest, ConversationsThatBeginAlikeShareThatAndAreNotMixedUp) {
  const auto store = open();
  std::map<std::string, Json> sent;
  const auto turns = [](const std::string& task) { return conversation(3, 50, task); };
  for (std::size_t turn = 0; turn < 3; ++turn)
    for (const std::string task : {"sum", "count", "sort"}) {
      const std::string key = task + std::to_string(turn);
      sent[key] = body(turns(task)[turn]);
      finish(*store, key, sent[key]);
    }
  // Another model, a setting more, fewer messages than before, none, and no list at all.
  sent["other"] = body(turns("sum")[2]);
  sent["other"]["model"] = "n";
  sent["warm"] = body(turns("sum")[2]);
  sent["warm"]["temperature"] = 1;
  sent["back"] = body(turns("sum")[0]);
  sent["none"] = body(Json::array());
  sent["text"] = body("hello");
  sent["odd"] = {{"a", {{"messages", {1, 2}}}}, {"b", "\"messages\":[1,2]"}};
  for (const char* key : {"other", "warm", "back", "none", "text", "odd"})
    finish(*store, key, sent[key]);
  const auto kept = lines();
  for (const auto& [key, request] : sent) EXPECT_EQ(request_of(kept, key), request) << key;
  EXPECT_EQ(kept.at("count0")["request_after"]["keep"], 1) << "the system message is the same";
  EXPECT_FALSE(kept.at("other").contains("request_after"));
  EXPECT_FALSE(kept.at("warm").contains("request_after"));
}

TEST_F(RequestChainTest, ALaterSessionGoesOnAndFilesOfEarlierVersionsAreRead) {
  const auto requests = conversation(4, 100, "sum");
  {
    const auto store = open();
    finish(*store, "a", body(requests[0]));
  }
  // Earlier versions kept each request whole.
  ASSERT_TRUE(append_file(replies(), R"({"key":"old","session":1,"row":)" +
                                         dump_json(Json{{"key", "old"}, {"outcome", "ok"}}) +
                                         R"(,"request":)" + dump_json(body(requests[1])) +
                                         R"(,"reply":)" + reply_to("old") + "}\n"));
  const auto store = open();
  EXPECT_EQ(store->calls().find("old").value(), reply_to("old"));
  finish(*store, "b", body(requests[2]));
  finish(*store, "c", body(requests[3]));
  const auto kept = lines();
  EXPECT_EQ(request_of(kept, "b"), body(requests[2]));
  EXPECT_EQ(request_of(kept, "c"), body(requests[3]));
  EXPECT_EQ(kept.at("c")["request_after"]["key"], "b");
  for (const char* key : {"a", "old", "b", "c"})
    EXPECT_EQ(store->calls().find(key).value(), reply_to(key)) << key;
}

TEST(HashIds, AreTheFirstDigitsOfAHashOrThoseOfTheHashOfAnyOtherText) {
  const std::string hash = "00112233445566778899aabbccddeeff" + std::string(32, '0');
  EXPECT_EQ(hash_id(hash).high, 0x0011223344556677U);
  EXPECT_EQ(hash_id(hash).low, 0x8899aabbccddeeffU);
  EXPECT_NE(hash_id("a"), hash_id("b"));
  EXPECT_NE(hash_id(std::string(64, 'x')), hash_id(std::string(64, 'y')));
}

}  // namespace
}  // namespace skillgrad::store
