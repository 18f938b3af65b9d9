// SPDX-License-Identifier: MIT
#include "fault/tls_server.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace skillgrad::fault {

namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freed<SSL_free>>;

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error("TLS server: bad extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate self_signed(EVP_PKEY* key, const std::string& names) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
  X509_set_pubkey(certificate.get(), key);
  const std::string name = "skillgrad test";
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), NID_subject_alt_name, names);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) {
    throw std::runtime_error("TLS server: no certificate");
  }
  return certificate;
}

std::string to_pem(X509* certificate) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

using Protocols = const unsigned char*;

struct Negotiation {
  std::atomic<bool> offered_http2{false};
  bool speaks_http2 = false;
};

/// Notes whether the client offers HTTP/2, and agrees to it if we speak it.
int choose_protocol(SSL*, Protocols* chosen, unsigned char* length, Protocols offered,
                    unsigned size, void* negotiation) {
  static constexpr unsigned char kHttp2[] = {'h', '2'};
  auto* ours = static_cast<Negotiation*>(negotiation);
  const std::string names(reinterpret_cast<const char*>(offered), size);
  ours->offered_http2 = names.find("\x02h2") != std::string::npos;
  if (!ours->offered_http2 || !ours->speaks_http2) return SSL_TLSEXT_ERR_NOACK;
  *chosen = kHttp2;
  *length = sizeof kHttp2;
  return SSL_TLSEXT_ERR_OK;
}

bool agreed_on_http2(SSL* session) {
  Protocols name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(session, &name, &length);
  return length == 2;
}

}  // namespace

struct TlsServer::State {
  Context context;
  std::string pem, body;
  int listener = -1, wake = -1, port = 0;
  std::atomic<int> connections{0}, requests{0};
  Negotiation negotiation;
  std::vector<Http2Step> steps;
  std::thread thread;

  void listen_on_loopback();
  void accept_loop();
  void serve(int fd);
};

void TlsServer::State::listen_on_loopback() {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  wake = ::eventfd(0, EFD_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (listener < 0 || wake < 0 || ::bind(listener, generic, length) != 0 ||
      ::listen(listener, 64) != 0 || ::getsockname(listener, generic, &length) != 0) {
    throw std::runtime_error("TLS server: no loopback socket");
  }
  port = ntohs(address.sin_port);
}

void TlsServer::State::accept_loop() {
  while (true) {
    pollfd watch[] = {{listener, POLLIN, 0}, {wake, POLLIN, 0}};
    ::poll(watch, 2, -1);
    if (watch[1].revents != 0) return;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections;
    // A client that falls silent must not hold the test.
    const timeval limit{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    serve(fd);
    ::close(fd);
  }
}

void TlsServer::State::serve(int fd) {
  const Session session(SSL_new(context.get()));
  SSL_set_fd(session.get(), fd);
  if (SSL_accept(session.get()) != 1) return;
  if (agreed_on_http2(session.get())) {
    const auto next = [this] {
      return steps[std::min(static_cast<std::size_t>(requests++), steps.size() - 1)];
    };
    serve_http2(session.get(), next, body);
    return;
  }
  std::string request;
  std::size_t wanted = std::string::npos;
  while (request.size() < wanted) {
    char bytes[4096];
    const int got = SSL_read(session.get(), bytes, sizeof bytes);
    if (got <= 0) return;
    request.append(bytes, static_cast<std::size_t>(got));
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const auto length = request.find("Content-Length: ");
    wanted = head + 4 + (length < head ? std::stoul(request.substr(length + 16)) : 0);
  }
  ++requests;
  const std::string reply =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  SSL_write(session.get(), reply.data(), static_cast<int>(reply.size()));
  SSL_shutdown(session.get());
}

TlsServer::TlsServer(const std::string& names, std::string body, std::vector<Http2Step> steps)
    : state_(std::make_unique<State>()) {
  // A client that ends the handshake must not end the test program; OpenSSL writes without
  // MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  State& s = *state_;
  s.body = std::move(body);
  s.steps = std::move(steps);
  s.negotiation.speaks_http2 = !s.steps.empty();
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = self_signed(key.get(), names);
  s.pem = to_pem(certificate.get());
  s.context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(s.context.get(), certificate.get());
  SSL_CTX_use_PrivateKey(s.context.get(), key.get());
  SSL_CTX_set_alpn_select_cb(s.context.get(), choose_protocol, &s.negotiation);
  s.listen_on_loopback();
  s.thread = std::thread([&s] { s.accept_loop(); });
}

TlsServer::~TlsServer() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(state_->wake, &one, sizeof one);
  state_->thread.join();
  ::close(state_->listener);
  ::close(state_->wake);
}

std::string TlsServer::base_url() const {
  return "https://127.0.0.1:" + std::to_string(state_->port) + "/v1";
}
std::string TlsServer::certificate() const { return state_->pem; }
int TlsServer::connections() const { return state_->connections; }
bool TlsServer::offered_http2() const { return state_->negotiation.offered_http2; }
int TlsServer::requests() const { return state_->requests; }

}  // namespace skillgrad::fault
