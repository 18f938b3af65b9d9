// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <sys/random.h>

#include <skillgrad/web/private_server.hpp>

namespace skillgrad::web {
namespace {

constexpr unsigned kThreads = 16;
constexpr std::size_t kMostBody = std::size_t{2} << 20;

Result<std::string> random_name() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return tl::unexpected(errno_error(errno, "cannot get random bytes", "getrandom"));
  std::string out;
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

/// In a time that does not tell how much of it is right.
bool same_secret(const std::string& a, const std::string& b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

void put_json(httplib::Response& response, int status, const Json& value) {
  response.status = status;
  response.set_content(dump_json(value), "application/json");
}

Json problem(const std::string& what, const std::string& mend = {}) {
  return {{"ok", false}, {"error", what}, {"mend", mend}};
}

}  // namespace

PrivateServer::PrivateServer(Site site) : site_(std::move(site)), http_(kThreads) {}

PrivateServer::~PrivateServer() { close(); }

void PrivateServer::close() { http_.close(); }

Result<std::unique_ptr<PrivateServer>> PrivateServer::start(Site site, int port) {
  std::unique_ptr<PrivateServer> out(new PrivateServer(std::move(site)));
  SKILLGRAD_TRY(out->secret_, random_name());
  PrivateServer& self = *out;
  self.http_.set_payload_max_length(kMostBody);
  self.http_.set_default_headers(
      {{"Cache-Control", "no-store"},
       {"X-Content-Type-Options", "nosniff"},
       {"X-Frame-Options", "DENY"},
       {"Referrer-Policy", "no-referrer"},
       {"Cross-Origin-Resource-Policy", "same-origin"},
       {"Cross-Origin-Opener-Policy", "same-origin"},
       {"Content-Security-Policy", "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}});
  self.refuse_strangers();
  self.http_.Get(
      ".*", [&self](const auto& request, auto& response) { self.serve_page(request, response); });
  self.http_.Post(
      ".*", [&self](const auto& request, auto& response) { self.take_action(request, response); });
  {
    // The first request waits for the port that it is held against.
    const std::lock_guard lock(self.mutex_);
    SKILLGRAD_TRY(self.port_, self.http_.open(port));
  }
  return out;
}

std::string PrivateServer::url() const {
  return fmt::format("http://127.0.0.1:{}/{}/", port_, secret_);
}

bool PrivateServer::is_ours(const httplib::Request& request) const {
  const std::string host = request.get_header_value("Host");
  const bool named =
      host == fmt::format("127.0.0.1:{}", port_) || host == fmt::format("localhost:{}", port_);
  if (!named || request.get_header_value_count("Host") != 1) return false;
  if (request.has_header("Origin") && request.get_header_value("Origin") != "http://" + host)
    return false;
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  return site.empty() || site == "same-origin" || site == "none";
}

bool PrivateServer::has_secret(const httplib::Request& request, const std::string& name) const {
  const std::string& path = request.path;
  const std::size_t end = path.find('/', 1);
  if (path.empty() || path.front() != '/' || end == std::string::npos) return false;
  return same_secret(path.substr(1, end - 1), secret_) && path.substr(end + 1) == name;
}

void PrivateServer::refuse_strangers() {
  http_.set_pre_routing_handler([this](const httplib::Request& request,
                                       httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    if (is_ours(request)) return httplib::Server::HandlerResponse::Unhandled;
    put_json(response, 403, problem("this request comes from another page, or names another host"));
    return httplib::Server::HandlerResponse::Handled;
  });
}

void PrivateServer::serve_page(const httplib::Request& request, httplib::Response& response) const {
  for (const auto& [name, page] : site_.pages) {
    if (!has_secret(request, name)) continue;
    const Answer answer = page();
    response.set_content(answer.body, answer.type);
    return;
  }
  put_json(response, 404, problem("no such page; the program that serves it printed its address"));
}

void PrivateServer::take_action(const httplib::Request& request,
                                httplib::Response& response) const {
  for (const auto& [name, action] : site_.actions) {
    if (!has_secret(request, name)) continue;
    if (!request.has_header("Origin"))
      return put_json(response, 403, problem("this request comes from no page of ours"));
    if (request.get_header_value("Content-Type") != "application/json")
      return put_json(response, 415, problem("expected application/json"));
    const auto body = parse_json(request.body, "the request");
    if (!body) return put_json(response, 400, problem(body.error().message));
    const auto done = action(*body);
    if (done) return put_json(response, 200, *done);
    return put_json(response, 422, problem(done.error().message, done.error().mend));
  }
  put_json(response, 404, problem("no such page"));
}

}  // namespace skillgrad::web
