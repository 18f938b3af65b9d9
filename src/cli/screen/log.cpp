// SPDX-License-Identifier: MIT
#include "cli/screen/log.hpp"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/forwarding_observer.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kFeedbackBytes = 200;

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

/// What a result says in short: why it ended, scores, errors, what it used.
std::string end_line(const Json& result) {
  if (result.value("schema", "") == kErrorSchema)
    return text_of(result.value("what", Json())) + " (" + text_of(result.value("where", Json())) +
           ")";
  std::string out = text_of(result.value("stop_reason", Json()));
  for (const char* pointer :
       {"/verdict", "/score", "/n_graded", "/n_planned", "/by_status", "/baseline/train/score",
        "/best/iteration", "/test/before", "/test/after", "/usage/calls", "/cost_usd", "/error"}) {
    const Json::json_pointer place(pointer);
    if (result.contains(place))
      out += "; " + std::string(pointer + 1) + " " + text_of(result.at(place));
  }
  return out;
}

class LogFile final : public ForwardingObserver {
 public:
  LogFile(std::shared_ptr<spdlog::logger> logger, const std::vector<std::string>& before,
          std::unique_ptr<optim::Observer> next)
      : ForwardingObserver(std::move(next)), logger_(std::move(logger)) {
    for (const std::string& text : before) logger_->warn(one_line(text));
  }

  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    {
      const std::lock_guard lock(mutex_);
      if (stage != stage_)
        logger_->info("{}: {} done before, {} to do", stage, done, total - std::min(done, total));
      stage_ = stage;
    }
    next().progress(stage, done, total);
  }
  void iteration(const optim::IterationRow& row) override {
    logger_->info("iteration {}: {}, train {}: {}", row.iteration, name_of(row.decision),
                  row.train_n > 0 ? fmt::format("{:.3f}", row.train_score) : "not graded",
                  one_line(row.reason));
    next().iteration(row);
  }
  void notice(const std::string& text) override {
    logger_->warn(one_line(text));
    next().notice(text);
  }
  void rollout(const std::string& stage, const optim::LossRecord& record) override {
    if (record.status != optim::LossStatus::pass)
      logger_->info("{}: {} trial {}: {}: {}", stage, one_line(record.task_id), record.sample,
                    name_of(record.status),
                    one_line(truncate_middle(record.feedback, kFeedbackBytes)));
    next().rollout(stage, record);
  }
  void ended(const Json& result) override {
    logger_->info("ended: {}", one_line(end_line(result)));
    next().ended(result);
  }

 private:
  /// Model text must not forge log lines.
  static std::string one_line(const std::string& text) {
    return without_secrets(replace_all(strip_control(text), "\n", " "));
  }

  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  std::string stage_;
};

}  // namespace

Result<std::unique_ptr<optim::Observer>> log_to_file(const std::filesystem::path& file,
                                                     const std::vector<std::string>& before,
                                                     std::unique_ptr<optim::Observer> next) {
  try {
    auto logger = std::make_shared<spdlog::logger>(
        "run", std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string()));
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::info);
    logger->info("skillgrad {} started, process {}", SKILLGRAD_VERSION, ::getpid());
    return std::make_unique<LogFile>(std::move(logger), before, std::move(next));
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::io, error.what(), file.string(), "check the folder and the disk");
  }
}

}  // namespace skillgrad::cli
