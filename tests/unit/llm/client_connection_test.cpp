// SPDX-License-Identifier: MIT
// Certificates, proxies, protocol versions: what lies between client and endpoint (R3.9, R3.11; T
// numbers in comments).
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "fault/tls_server.hpp"
#include "unit/llm/client_fixture.hpp"

namespace skillgrad::llm {
namespace {

/// An environment variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

class ConnectionTest : public ClientTest {
 protected:
  ConnectionTest() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                             "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
      ::unsetenv(name);
    }
  }
  ~ConnectionTest() override {
    std::error_code ignored;
    if (!file_.empty()) std::filesystem::remove(file_, ignored);
  }
  std::string write_file(const std::string& text) {
    file_ = ::testing::TempDir() + "skillgrad-ca-" + std::to_string(::getpid()) + ".pem";
    std::ofstream(file_) << text;
    return file_;
  }
  Error error_of_call() {
    const auto reply = client()->complete(request(), {});
    EXPECT_FALSE(reply.has_value());
    return reply ? Error{} : reply.error();
  }
  /// A port where nobody listens any more.
  static std::string dead_origin() { return fault::Server().origin(); }

 private:
  std::string file_;
};

TEST_F(ConnectionTest, AnUntrustedCertificateIsFatalAtTheFirstTry) {
  const fault::TlsServer tls("IP:127.0.0.1", chat_body("fine"));
  options_.base_url = tls.base_url();
  auto model = client();
  for (int i = 0; i < 2; ++i) {
    const auto reply = model->complete(request(), {});
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, ErrorCode::tls);
    EXPECT_THAT(reply.error().mend, HasSubstr("--ca-file"));
  }
  EXPECT_EQ(tls.connections(), 1);
  EXPECT_EQ(tls.requests(), 0);
}

TEST_F(ConnectionTest, ACertificateForAnotherHostIsFatalAtTheFirstTry) {
  const fault::TlsServer tls("DNS:other.example", chat_body("fine"));
  options_.base_url = tls.base_url();
  options_.ca_file = write_file(tls.certificate());
  EXPECT_EQ(error_of_call().code, ErrorCode::tls);
  EXPECT_EQ(tls.connections(), 1);
  EXPECT_EQ(tls.requests(), 0);
}

struct Http2Case {
  const char* name;
  fault::Http2Step first;
  int requests;  ///< that reach the server; libcurl repeats a refused stream by itself (R3.9)
};

class Http2Test : public ConnectionTest, public ::testing::WithParamInterface<Http2Case> {};

TEST_P(Http2Test, SecondTrySucceeds) {  // R3.8
  const fault::TlsServer tls("IP:127.0.0.1", chat_body("fine"),
                             {GetParam().first, fault::Http2Step::answer});
  options_.base_url = tls.base_url();
  options_.ca_file = write_file(tls.certificate());
  const auto reply = client()->complete(request(), {});
  ASSERT_TRUE(reply.has_value()) << reply.error().to_text();
  EXPECT_EQ(reply->message.content, "fine");
  EXPECT_TRUE(tls.offered_http2());
  EXPECT_EQ(tls.requests(), GetParam().requests);
}

INSTANTIATE_TEST_SUITE_P(
    Steps, Http2Test,
    ::testing::Values(Http2Case{"Answer", fault::Http2Step::answer, 1},
                      Http2Case{"ResetStream", fault::Http2Step::reset_stream, 2},
                      Http2Case{"RefusedStream", fault::Http2Step::refuse_stream, 2},
                      Http2Case{"GoAway", fault::Http2Step::go_away, 2},
                      Http2Case{"CutBody", fault::Http2Step::cut_body, 2}),
    [](const auto& given) { return given.param.name; });

TEST_F(ConnectionTest, ATrustedCertificateIsTakenFromFileOrEnvironment) {
  const fault::TlsServer tls("IP:127.0.0.1", chat_body("fine"));
  options_.base_url = tls.base_url();
  const std::string file = write_file(tls.certificate());
  for (const char* variable : {"", "SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
    SCOPED_TRACE(variable);
    options_.ca_file = *variable == '\0' ? file : "";
    const Variable set(*variable == '\0' ? "SKILLGRAD_NOTHING" : variable, file);
    EXPECT_TRUE(client()->complete(request(variable), {}).has_value());
  }
  const Variable first("SSL_CERT_FILE", "/nonexistent.pem");
  options_.ca_file = file;
  EXPECT_TRUE(client()->complete(request("own file first"), {}).has_value());
  EXPECT_EQ(tls.requests(), 4);
}

TEST_F(ConnectionTest, ChecksAreOnlyLeftOutOnDemandAndWithAWarning) {
  const fault::TlsServer tls("DNS:other.example", chat_body("fine"));
  options_.base_url = tls.base_url();
  options_.insecure_tls = true;
  EXPECT_TRUE(client()->complete(request(), {}).has_value());
  EXPECT_THAT(warnings(), ::testing::Contains(HasSubstr("insecure_tls")));
}

TEST_F(ConnectionTest, AListOfAuthoritiesThatIsMissingIsNamed) {
  const fault::TlsServer tls("IP:127.0.0.1", chat_body("fine"));
  options_.base_url = tls.base_url();
  options_.ca_file = "/nonexistent/authorities.pem";
  const Error error = error_of_call();
  EXPECT_EQ(error.code, ErrorCode::tls);
  EXPECT_THAT(error.mend, HasSubstr("ca-certificates"));
}

TEST_F(ConnectionTest, TlsToASilentPlainPortEndsAtTheConnectTimeout) {
  server_.accept_silently();
  options_.base_url = "https://127.0.0.1:" + std::to_string(server_.port()) + "/v1";
  // A machine without a list of authorities would not get as far as the handshake.
  const fault::TlsServer any("IP:127.0.0.1", "{}");
  options_.ca_file = write_file(any.certificate());
  options_.connect_timeout = std::chrono::milliseconds(150);
  options_.max_attempts_transient = 1;
  const Error error = error_of_call();
  EXPECT_EQ(error.code, ErrorCode::transient);
  EXPECT_THAT(error.mend, HasSubstr("write http://"));
}

TEST_F(ConnectionTest, AProxyThatAsksForAPasswordIsNamed) {
  fault::Server proxy;
  proxy.script({json_step(407, "{}", {{"Proxy-Authenticate", "Basic realm=\"x\""}})});
  for (const char* scheme : {"http", "https"}) {
    SCOPED_TRACE(scheme);
    const Variable set(std::string(scheme) == "http" ? "http_proxy" : "HTTPS_PROXY",
                       proxy.origin());
    options_.base_url = std::string(scheme) + "://model.example/v1";
    const std::size_t before = proxy.hit_count();
    const Error error = error_of_call();
    EXPECT_EQ(error.code, ErrorCode::auth);
    EXPECT_THAT(error.message, HasSubstr("407"));
    EXPECT_THAT(error.mend, HasSubstr("proxy asks for a user and password"));
    EXPECT_EQ(proxy.hit_count() - before, 1U);
  }
}

TEST_F(ConnectionTest, AProxyThatRefusesOrIsDownIsNamed) {
  options_.max_attempts_transient = 2;
  options_.base_url = "https://model.example/v1";
  fault::Server proxy;
  proxy.script({json_step(403, "{}")});
  {
    const Variable set("HTTPS_PROXY", proxy.origin());
    const Error error = error_of_call();
    EXPECT_EQ(error.code, ErrorCode::wrong_url);
    EXPECT_THAT(error.message, HasSubstr("proxy refused"));
  }
  for (const char* scheme : {"http", "https"}) {
    SCOPED_TRACE(scheme);
    const std::string name = std::string(scheme) + "_proxy";
    const Variable set(name.c_str(), dead_origin());
    options_.base_url = std::string(scheme) + "://model.example/v1";
    const Error error = error_of_call();
    EXPECT_EQ(error.code, ErrorCode::transient);
    EXPECT_THAT(error.mend, HasSubstr("the proxy that " + name + " names"));
  }
}

TEST_F(ConnectionTest, LoopbackAndNoProxyHostsBypassTheProxy) {
  server_.script({kGood});
  const Variable set("http_proxy", dead_origin());
  const Variable all("ALL_PROXY", dead_origin());
  EXPECT_TRUE(client()->complete(request("as it is"), {}).has_value());
  const Variable bypass("NO_PROXY", "127.0.0.1");
  EXPECT_TRUE(client()->complete(request("named"), {}).has_value());
}

TEST_F(ConnectionTest, APlainProxyIsUsedAndUpperCaseHttpProxyIsNot) {
  fault::Server proxy;
  proxy.script({kGood});
  options_.base_url = "http://model.example/v1";
  options_.max_attempts_transient = 1;
  {
    const Variable set("http_proxy", proxy.origin());
    ASSERT_TRUE(client()->complete(request("through"), {}).has_value());
    EXPECT_EQ(proxy.hits().at(0).target, "http://model.example/v1/chat/completions");
  }
  const Variable upper("HTTP_PROXY", proxy.origin());
  options_.base_url = "http://model.invalid/v1";
  EXPECT_EQ(error_of_call().code, ErrorCode::transient);
  EXPECT_EQ(proxy.hit_count(), 1U);
}

TEST_F(ConnectionTest, CookiesAndNetrcAreNeverUsed) {
  server_.script({json_step(200, chat_body("fine"), {{"Set-Cookie", "id=1; Path=/"}})});
  auto model = client();
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(model->complete(request(text), {}).has_value());
    EXPECT_EQ(server_.hits().back().header("cookie"), "");
    EXPECT_EQ(server_.hits().back().header("authorization"), "");
  }
}

TEST_F(ConnectionTest, HttpVersionCanBeHeldAt11) {
  const fault::TlsServer tls("IP:127.0.0.1", chat_body("fine"));
  options_.base_url = tls.base_url();
  options_.ca_file = write_file(tls.certificate());
  EXPECT_TRUE(client()->complete(request("either"), {}).has_value());
  EXPECT_TRUE(tls.offered_http2());
  options_.http_version = "1.1";
  EXPECT_TRUE(client()->complete(request("1.1"), {}).has_value());
  EXPECT_FALSE(tls.offered_http2());
}

}  // namespace
}  // namespace skillgrad::llm
