// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <httplib.h>

#include <skillgrad/web/private_server.hpp>

namespace skillgrad::web {
namespace {

PrivateServer::Site site() {
  PrivateServer::Site out;
  out.pages[""] = [] { return PrivateServer::Answer{"<p>page", "text/html"}; };
  out.pages["version"] = [] { return PrivateServer::Answer{"{}"}; };
  out.actions["double"] = [](const Json& body) -> Result<Json> {
    if (!body.is_number_integer())
      return fail(ErrorCode::input, "no number", "the request", "send one");
    return Json(2 * body.get<int>());
  };
  return out;
}

class PrivateServerTest : public ::testing::Test {
 protected:
  PrivateServerTest() {
    auto started = PrivateServer::start(site(), 0);
    EXPECT_TRUE(started);
    server_ = std::move(*started);
    const std::string url = server_->url();
    origin_ = url.substr(0, url.find('/', 8));
    path_ = url.substr(origin_.size());
  }
  [[nodiscard]] int get(const std::string& path, const httplib::Headers& headers = {}) const {
    const auto answer = httplib::Client(origin_).Get(path, headers);
    return answer ? answer->status : 0;
  }
  [[nodiscard]] httplib::Result post(const std::string& body, const httplib::Headers& headers,
                                     const std::string& type = "application/json") const {
    return httplib::Client(origin_).Post(path_ + "double", headers, body, type);
  }

  std::unique_ptr<PrivateServer> server_;
  std::string origin_, path_;
};

TEST_F(PrivateServerTest, ServesPagesBelowItsSecretAlone) {
  EXPECT_EQ(get(path_), 200);
  EXPECT_EQ(get(path_ + "version"), 200);
  const std::string other(path_.size() - 2, '0');
  for (const std::string& path :
       {std::string("/"), std::string("/version"), "/" + other + "/", "/" + other + "/version",
        path_ + "nosuch", path_ + "double", path_ + "../version"})
    EXPECT_EQ(get(path), 404) << path;
}

TEST_F(PrivateServerTest, EachHasASecretOfItsOwn) {
  const auto second = PrivateServer::start(site(), 0);
  ASSERT_TRUE(second);
  EXPECT_EQ(path_.size(), 34U);
  const std::string url = (*second)->url();
  EXPECT_NE(url.substr(url.size() - path_.size()), path_);
}

TEST_F(PrivateServerTest, RefusesOtherHostsAndOtherPages) {
  const std::string host = origin_.substr(7);
  EXPECT_EQ(get(path_, {{"Host", host}, {"Origin", origin_}}), 200);
  const httplib::Headers strangers[] = {
      {{"Host", "example.com"}},
      {{"Host", "127.0.0.1:1"}},
      {{"Host", host}, {"Origin", "http://example.com"}},
      {{"Host", host}, {"Origin", "null"}},
      {{"Host", host}, {"Sec-Fetch-Site", "cross-site"}},
      {{"Host", host}, {"Sec-Fetch-Site", "same-site"}},
  };
  for (const auto& headers : strangers) EXPECT_EQ(get(path_, headers), 403);
}

TEST_F(PrivateServerTest, TakesJsonFromItsOwnPageAlone) {
  const httplib::Headers own = {{"Origin", origin_}};
  const auto done = post("21", own);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, 200);
  EXPECT_EQ(done->body, "42");
  EXPECT_EQ(post("21", {})->status, 403);
  EXPECT_EQ(post("21", {{"Origin", "http://example.com"}})->status, 403);
  EXPECT_EQ(post("21", own, "text/plain")->status, 415);
  EXPECT_EQ(post("{", own)->status, 400);
  const auto refused = post("\"x\"", own);
  EXPECT_EQ(refused->status, 422);
  EXPECT_EQ(parse_json(refused->body, "answer").value()["mend"], "send one");
}

TEST_F(PrivateServerTest, APortThatIsTakenIsAnError) {
  const int port = std::stoi(origin_.substr(origin_.rfind(':') + 1));
  const auto second = PrivateServer::start(site(), port);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::io);
}

TEST_F(PrivateServerTest, AnswersNobodyOnceItIsClosed) {
  server_->close();
  EXPECT_EQ(get(path_), 0);
  server_->close();
}

}  // namespace
}  // namespace skillgrad::web
