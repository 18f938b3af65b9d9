// SPDX-License-Identifier: MIT
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/sim/server.hpp>
#include <skillgrad/web/loopback_server.hpp>

#include "sim/players/player.hpp"
#include "sim/wire/responses_wire.hpp"
#include "sim/wire/wire.hpp"

namespace skillgrad::sim {
namespace {

constexpr const char* kJson = "application/json";
constexpr std::size_t kMaxBody = std::size_t{64} << 20;

Noise with_overrides(Noise noise, const ServerOptions& options) {
  const auto set = [](double& rate, double given) {
    if (given >= 0) rate = given;
  };
  set(noise.slip, options.slip);
  set(noise.luck, options.luck);
  set(noise.vague, options.vague);
  set(noise.wrong, options.wrong);
  set(noise.weak, options.weak);
  set(noise.forget, options.forget);
  set(noise.own, options.noise);
  return noise;
}

Result<> check_rates(const ServerOptions& options) {
  const std::map<std::string, double> rates = {{"slip", options.slip},
                                               {"luck", options.luck},
                                               {"noise", options.noise},
                                               {"vague", options.vague},
                                               {"wrong", options.wrong},
                                               {"weak", options.weak},
                                               {"forget", options.forget},
                                               {"fault_429", options.fault_429},
                                               {"fault_500", options.fault_500},
                                               {"fault_cut", options.fault_cut},
                                               {"fault_tool_call", options.fault_tool_call}};
  for (const auto& [name, value] : rates)
    if (std::isnan(value) || value > 1)
      return fail(ErrorCode::config, "simulated endpoint: " + name + " must be at most 1", name,
                  "give a share between 0 and 1");
  return {};
}

/// One JSON line per request, flushed, from any thread.
class RequestLog {
 public:
  explicit RequestLog(fs::path path) : path_(std::move(path)) {}
  [[nodiscard]] bool on() const { return !path_.empty(); }

  struct Entry {
    std::uint64_t n = 0;
    std::string key, stage = "other";
    int status = 200;
    Player::About about = {};
  };
  void add(const Entry& entry) {
    if (!on()) return;
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.wall_now().time_since_epoch());
    const Json line = {{"n", entry.n},
                       {"time_ms", now.count()},
                       {"key", entry.key},
                       {"stage", entry.stage},
                       {"status", entry.status},
                       {"turn", entry.about.turn},
                       {"tasks", entry.about.tasks},
                       {"teaches", entry.about.teaches}};
    const std::lock_guard lock(mutex_);
    // A log that cannot be written must not fail a request; `start` has checked that it can.
    static_cast<void>(append_file(path_, dump_json(line) + "\n"));
  }

 private:
  fs::path path_;
  SystemClock clock_;
  std::mutex mutex_;
};

/// Injected faults. How often these same bytes were seen is part of the draw, so that a retry gets
/// another one; nothing else in the server remembers anything between requests.
class Faults {
 public:
  enum class Kind { none, too_many, internal, cut, tool_call };

  explicit Faults(const ServerOptions& options)
      : rates_{options.fault_429, options.fault_500, options.fault_cut, options.fault_tool_call} {}
  [[nodiscard]] bool on() const {
    for (const double rate : rates_)
      if (rate > 0) return true;
    return false;
  }

  Kind next(const Player& player, const std::string& key) {
    if (!on()) return Kind::none;
    const std::string attempt = std::to_string(count(key));
    double at = player.draw({"fault", key, attempt});
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      if (at < rates_[i]) return static_cast<Kind>(i + 1);
      at -= rates_[i];
    }
    return Kind::none;
  }

 private:
  std::uint64_t count(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return seen_[key]++;
  }

  std::array<double, 4> rates_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> seen_;
};

/// Cuts the arguments of the first call so that they are no JSON, as models sometimes do.
void break_tool_call(Reply& reply) {
  if (reply.calls.empty()) return;
  std::string& arguments = reply.calls.front().arguments;
  arguments = arguments.size() > 1 ? arguments.substr(0, arguments.size() - 1) + ",," : "{,,";
}

/// How one of the two APIs is spoken.
struct Wire {
  tl::expected<Conversation, ApiError> (*read)(const std::string& body);
  std::string (*whole)(const Completion& completion);
  std::vector<std::string> (*events)(const Completion& completion,
                                     const Conversation& conversation);
};

constexpr Wire kChat = {read_request, completion_json,
                        [](const Completion& completion, const Conversation& conversation) {
                          return completion_events(completion, conversation.include_usage);
                        }};
constexpr Wire kResponses = {
    read_responses_request, response_json,
    [](const Completion& completion, const Conversation&) { return response_events(completion); }};

class SimulatedServer final : public Server {
 public:
  SimulatedServer(const ServerOptions& options, Scenario scenario)
      : options_(options),
        scenario_(std::move(scenario)),
        player_(scenario_, with_overrides(scenario_.noise, options), options.seed),
        faults_(options),
        log_(options.request_log),
        http_(options.threads) {}

  ~SimulatedServer() override {
    stop_.request_stop();
    http_.close();
  }

  Result<> open() {
    if (log_.on()) SKILLGRAD_CHECK(append_file(options_.request_log, ""));
    http_.set_payload_max_length(kMaxBody);
    http_.Post("/v1/chat/completions", [this](const httplib::Request& in, httplib::Response& out) {
      answer(in, kChat, out);
    });
    http_.Post("/v1/responses", [this](const httplib::Request& in, httplib::Response& out) {
      answer(in, kResponses, out);
    });
    http_.Get("/v1/models", [this](const httplib::Request& in, httplib::Response& out) {
      if (authorised(in, out)) out.set_content(models_json(model()), kJson);
    });
    http_.set_error_handler([](const httplib::Request& in, httplib::Response& out) {
      if (!out.body.empty() || out.content_provider_) return;
      const std::string what = out.status == 413   ? "the body is too large"
                               : out.status == 404 ? "no such route: " + in.method + " " + in.path
                                                   : "bad request";
      out.set_content(error_json({out.status, what, "invalid_request_error", "", ""}), kJson);
    });
    SKILLGRAD_TRY(port_, http_.open(options_.port));
    return {};
  }

  [[nodiscard]] std::string base_url() const override {
    return "http://127.0.0.1:" + std::to_string(port_) + "/v1";
  }
  [[nodiscard]] std::string model() const override { return "sim:" + scenario_.name; }
  [[nodiscard]] std::uint64_t requests() const override { return requests_; }

 private:
  static void refuse(httplib::Response& out, const ApiError& error) {
    out.status = error.status;
    out.set_content(error_json(error), kJson);
  }

  bool authorised(const httplib::Request& in, httplib::Response& out) const {
    if (options_.require_key.empty()) return true;
    if (in.get_header_value("Authorization") == "Bearer " + options_.require_key) return true;
    refuse(out,
           {401, "Incorrect API key provided.", "invalid_request_error", "", "invalid_api_key"});
    return false;
  }

  void answer(const httplib::Request& in, const Wire& wire, httplib::Response& out) {
    const std::uint64_t n = ++requests_;
    const bool need_key = log_.on() || faults_.on();
    const std::string key = need_key ? sha256_hex(in.body) : "";
    if (options_.latency_ms > 0)
      SystemClock().sleep_for(std::chrono::milliseconds(options_.latency_ms), stop_.get_token());
    RequestLog::Entry entry{n, key};
    if (authorised(in, out)) answer_body(in.body, wire, entry, out);
    if (out.status > 0) entry.status = out.status;
    log_.add(entry);
  }

  /// Fills the response, and the entry with what the request is.
  void answer_body(const std::string& body, const Wire& wire, RequestLog::Entry& entry,
                   httplib::Response& out) {
    const auto conversation = wire.read(body);
    if (!conversation) {
      refuse(out, conversation.error());
      return;
    }
    if (conversation->model != model()) {
      refuse(out, {404,
                   "The model `" + conversation->model +
                       "` does not exist; this endpoint is a "
                       "simulation that serves `" +
                       model() + "` only.",
                   "invalid_request_error", "", "model_not_found"});
      return;
    }
    Reply reply = player_.reply(*conversation);
    entry.stage = reply.stage;
    if (log_.on()) entry.about = player_.about(*conversation);
    const Faults::Kind fault = faults_.next(player_, entry.key);
    if (inject(fault, out)) return;
    if (fault == Faults::Kind::tool_call) break_tool_call(reply);
    send(complete(*conversation, std::move(reply)), *conversation, wire, fault, out);
  }

  /// True when the fault is the whole answer.
  static bool inject(Faults::Kind fault, httplib::Response& out) {
    if (fault == Faults::Kind::too_many) {
      out.set_header("retry-after-ms", "5");
      refuse(out, {429, "Rate limit reached (injected by the simulation). Please try again in 5ms.",
                   "requests", "", "rate_limit_exceeded"});
      return true;
    }
    if (fault == Faults::Kind::internal) {
      refuse(out, {500, "The server had an error (injected by the simulation).", "server_error", "",
                   ""});
      return true;
    }
    return false;
  }

  static void send(const Completion& completion, const Conversation& conversation, const Wire& wire,
                   Faults::Kind fault, httplib::Response& out) {
    out.status = 200;
    if (conversation.stream) {
      auto events = wire.events(completion, conversation);
      if (fault == Faults::Kind::cut) events.resize((events.size() - 1) / 2);
      send_events(std::move(events), fault == Faults::Kind::cut, out);
    } else if (fault == Faults::Kind::cut) {
      send_half(wire.whole(completion), out);
    } else {
      out.set_content(wire.whole(completion), kJson);
    }
  }

  static void send_events(std::vector<std::string> events, bool cut, httplib::Response& out) {
    out.set_chunked_content_provider(
        "text/event-stream",
        [events = std::move(events), cut](std::size_t, httplib::DataSink& sink) {
          for (const std::string& event : events)
            if (!sink.write(event.data(), event.size())) return false;
          if (cut) return false;  // ends the connection without the last chunk
          sink.done();
          return true;
        });
  }

  /// Announces the whole length and closes the connection in the middle.
  static void send_half(std::string text, httplib::Response& out) {
    const std::size_t length = text.size();
    out.set_content_provider(
        length, kJson,
        [text = std::move(text)](std::size_t offset, std::size_t, httplib::DataSink& sink) {
          if (offset == 0) sink.write(text.data(), text.size() / 2);
          return false;
        });
  }

  const ServerOptions options_;
  const Scenario scenario_;
  const Player player_;
  Faults faults_;
  RequestLog log_;
  std::stop_source stop_;
  std::atomic<std::uint64_t> requests_{0};
  int port_ = 0;
  web::LoopbackServer http_;  // last: its threads use all of the above
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options) {
  SKILLGRAD_CHECK(check_rates(options));
  SKILLGRAD_TRY(Scenario scenario, Scenario::load(options.scenario));
  auto server = std::make_unique<SimulatedServer>(options, std::move(scenario));
  SKILLGRAD_CHECK(server->open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace skillgrad::sim
