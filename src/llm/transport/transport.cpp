// SPDX-License-Identifier: MIT
#include "llm/transport/transport.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "llm/transport/sink.hpp"
#include "llm/wire/curl_library.hpp"

namespace skillgrad::llm {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// For those who have a handle: there is none without the library.
const CurlLibrary& curl() { return *curl_library(); }

/// Loopback never goes through a proxy; what the user excluded stays excluded.
std::string no_proxy_list() {
  std::string list = "localhost,127.0.0.1,127.0.0.0/8,::1";
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    // Read before any thread of ours could change the environment; nothing here ever does.
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr || *value == '\0') continue;
    if (std::string_view(value) == "*") return "*";
    list += ',';
    list += value;
    break;
  }
  return list;
}

/// The variable that names the proxy for this URL, by libcurl's rules, or "".
std::string proxy_variable(const std::string& url) {
  const bool tls = url.starts_with("https://");
  // HTTP_PROXY in upper case can be set by a client of a CGI program: it never counts.
  const std::array<const char*, 4> names = {tls ? "https_proxy" : "http_proxy",
                                            tls ? "HTTPS_PROXY" : "", "all_proxy", "ALL_PROXY"};
  for (const char* name : names) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && *value != '\0') return name;
  }
  return {};
}

/// libcurl tells a proxy that is down from an endpoint that is down by the host in its text alone.
bool blames_proxy(int code, const std::string& text, const std::string& url) {
  if (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY) return true;
  static constexpr std::string_view kMarker = "Failed to connect to ";
  if (!text.starts_with(kMarker)) return false;
  const auto host = text.substr(kMarker.size(), text.find(' ', kMarker.size()) - kMarker.size());
  const auto mark = url.find("://") + 3;
  return url.compare(mark, host.size(), host) != 0;
}

std::string certificate_file(const std::string& configured) {
  if (!configured.empty()) return configured;
  for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* sink) {
  static_cast<ReplySink*>(sink)->header_line({data, size * count});
  return size * count;
}

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* sink) {
  const std::size_t bytes = size * count;
  return static_cast<ReplySink*>(sink)->bytes({data, bytes}) ? bytes : 0;
}

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

}  // namespace

struct Transport::Handle {
  CURL* easy = curl().easy_init();
  CURLM* multi = curl().multi_init();
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};

  Handle() = default;
  ~Handle() {
    curl().easy_cleanup(easy);
    curl().multi_cleanup(multi);
    curl().slist_free_all(headers);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void configure(const TransportOptions& options) {
    for (const std::string& line : options.headers) {
      headers = curl().slist_append(headers, line.c_str());
    }
    curl().easy_setopt(easy, CURLOPT_URL, options.url.c_str());
    curl().easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl().easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data());
    curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl().easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl().easy_setopt(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
    curl().easy_setopt(easy, CURLOPT_NOPROXY, no_proxy_list().c_str());
    curl().easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl().easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl().easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl().easy_setopt(easy, CURLOPT_MAXAGE_CONN, 30L);
    curl().easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl().easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a stop does not wait for the resolver
    curl().easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl().easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                       static_cast<long>(options.connect_timeout.count()));
    curl().easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    const std::string ca = certificate_file(options.ca_file);
    if (!ca.empty()) curl().easy_setopt(easy, CURLOPT_CAINFO, ca.c_str());
    if (options.insecure_tls) {
      curl().easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
      curl().easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (options.http_version == "1.1") {
      curl().easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    }
    curl().easy_setopt(easy, options.get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
  }

  [[nodiscard]] int connect_status() const {
    long status = 0;
    curl().easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return static_cast<int>(status);
  }

  [[nodiscard]] bool request_was_sent() const {
    long bytes = 0;
    curl().easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0;
  }
};

Transport::Transport(TransportOptions options) : options_(std::move(options)) {}
Transport::~Transport() = default;

std::unique_ptr<Transport::Handle> Transport::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      auto handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  auto handle = std::make_unique<Handle>();
  if (handle->easy != nullptr && handle->multi != nullptr) handle->configure(options_);
  return handle;
}

void Transport::give_back(std::unique_ptr<Handle> handle) {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(handle));
}

namespace {

/// Watches one transfer's stream timers. They run on real time: they guard real sockets.
class Watch {
 public:
  Watch(const AttemptLimits& limits, ReplySink& sink) : limits_(limits), sink_(sink) {}

  void on_activity() {
    const auto now = SteadyClock::now();
    if (!first_) first_ = now;
    last_byte_ = now;
    if (DeltaAssembler* stream = sink_.stream(); stream != nullptr && stream->progressed()) {
      stream->rest();
      last_progress_ = now;
    }
  }
  [[nodiscard]] std::optional<Ending> expired() const {
    if (!limits_.stream) return std::nullopt;
    const auto now = SteadyClock::now();
    if (!first_) {
      if (now - start_ > limits_.first_byte) return Ending::first_byte;
      return std::nullopt;
    }
    if (now - last_byte_ > limits_.idle) return Ending::idle;
    if (now - last_progress_ > limits_.progress) return Ending::progress;
    return std::nullopt;
  }
  [[nodiscard]] double first_byte_seconds() const {
    return first_ ? std::chrono::duration<double>(*first_ - start_).count() : 0;
  }
  /// A server that leaves the stream open after [DONE] is not waited for.
  [[nodiscard]] bool lingers() const {
    DeltaAssembler* stream = sink_.stream();
    return stream != nullptr && stream->done() &&
           SteadyClock::now() - last_byte_ > std::chrono::milliseconds(500);
  }
  [[nodiscard]] int poll_ms() const {
    return limits_.stream || sink_.stream() != nullptr ? 100 : 1000;
  }

 private:
  const AttemptLimits& limits_;
  ReplySink& sink_;
  SteadyClock::time_point start_ = SteadyClock::now();
  SteadyClock::time_point last_byte_ = start_;
  SteadyClock::time_point last_progress_ = start_;
  std::optional<SteadyClock::time_point> first_;
};

struct Wired {
  ReplySink& sink;
  Watch& watch;
};

std::size_t on_watched_bytes(char* data, std::size_t size, std::size_t count, void* wired) {
  const auto* both = static_cast<Wired*>(wired);
  const std::size_t bytes = on_bytes(data, size, count, &both->sink);
  both->watch.on_activity();
  return bytes;
}

/// How long a reply that is nearly there is waited for after a stop: it has been paid for.
constexpr std::chrono::milliseconds kGraceOfAStop{400};

Ending drive(CURLM* multi, const Watch& watch, const std::stop_token& stop, int& curl_code) {
  std::optional<SteadyClock::time_point> cut_at;
  while (true) {
    int running = 0;
    const CURLMcode problem = curl().multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl().multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      curl_code = message->data.result;
      return Ending::finished;
    }
    if (problem != CURLM_OK || running == 0) {
      curl_code = CURLE_FAILED_INIT;
      return Ending::finished;
    }
    int wait_ms = watch.poll_ms();
    if (stop.stop_requested()) {
      const auto now = SteadyClock::now();
      if (!cut_at) cut_at = now + kGraceOfAStop;
      if (now >= *cut_at) return Ending::cancelled;
      wait_ms = std::min<int>(wait_ms, static_cast<int>(kGraceOfAStop.count()) / 10);
    }
    if (const auto expired = watch.expired()) return *expired;
    if (watch.lingers()) {
      curl_code = CURLE_OK;
      return Ending::finished;
    }
    curl().multi_poll(multi, nullptr, 0, wait_ms, nullptr);
  }
}

/// A second gzip member after the first is a write error to libcurl, although it is legal (RFC
/// 1952).
bool cannot_be_decoded(const HttpReply& reply) {
  return reply.ending == Ending::finished && reply.headers.contains("content-encoding") &&
         (reply.curl_code == CURLE_BAD_CONTENT_ENCODING || reply.curl_code == CURLE_WRITE_ERROR);
}

}  // namespace

HttpReply Transport::perform(std::string_view body, const AttemptLimits& limits,
                             const std::stop_token& stop) {
  HttpReply reply;
  if (const auto& library = curl_library(); !library) {
    reply.curl_code = CURLE_FAILED_INIT;
    reply.curl_text = library.error().to_line();
    return reply;
  }
  auto handle = take();
  if (handle->easy == nullptr || handle->multi == nullptr) {
    reply.curl_code = CURLE_OUT_OF_MEMORY;
    reply.curl_text = "out of memory";
    return reply;
  }
  ReplySink sink(options_.max_reply_bytes, limits.keep_raw);
  Watch watch(limits, sink);
  Wired wired{sink, watch};
  CURL* easy = handle->easy;
  handle->error[0] = '\0';
  if (!options_.get) {
    curl().easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl().easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
  }
  if (plain_) curl().easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
  curl().easy_setopt(easy, CURLOPT_HEADERDATA, &sink);
  curl().easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_watched_bytes);
  curl().easy_setopt(easy, CURLOPT_WRITEDATA, &wired);
  curl().easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<std::int64_t>(1, limits.total.count())));
  const auto start = SteadyClock::now();
  curl().multi_add_handle(handle->multi, easy);
  {
    const std::stop_callback wake(stop, [multi = handle->multi] { curl().multi_wakeup(multi); });
    reply.ending = drive(handle->multi, watch, stop, reply.curl_code);
  }
  reply.sent = handle->request_was_sent();
  const int connect_status = handle->connect_status();
  curl().multi_remove_handle(handle->multi, easy);
  reply.seconds = seconds_since(start);
  reply.first_byte_seconds = watch.first_byte_seconds();
  if (sink.over_cap()) reply.ending = Ending::too_big;
  if (reply.curl_code != CURLE_OK) {
    reply.curl_text = handle->error[0] != '\0'
                          ? handle->error.data()
                          : curl().easy_strerror(static_cast<CURLcode>(reply.curl_code));
  }
  if (reply.curl_code != CURLE_OK) {
    if (connect_status >= 300) reply.proxy_status = connect_status;
    const std::string proxy = proxy_variable(options_.url);
    if (blames_proxy(reply.curl_code, reply.curl_text, options_.url)) reply.bad_proxy = proxy;
  }
  sink.finish(reply);
  if (cannot_be_decoded(reply)) {
    reply.curl_code = CURLE_BAD_CONTENT_ENCODING;
    reply.curl_text = "the reply's content encoding \"" + reply.headers.at("content-encoding") +
                      "\" cannot be undone: " + reply.curl_text;
    plain_ = true;
  }
  give_back(std::move(handle));
  return reply;
}

}  // namespace skillgrad::llm
