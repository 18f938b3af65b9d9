// SPDX-License-Identifier: MIT
#include "cli/workbench/writing_model.hpp"

#include "cli/screen/notes.hpp"
#include "cli/settings/durations.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {

Result<std::unique_ptr<WritingModel>> open_writing_model(const Invocation& invocation,
                                                         const Settings& settings,
                                                         const WritingTask& task) {
  auto out = std::make_unique<WritingModel>();
  SKILLGRAD_TRY(out->models, open_judges(settings, out->clock, task.does, invocation.stop));
  SKILLGRAD_TRY(out->prompt, load_prompt(settings, task.prompt));
  out->context.scope = task.scope;
  out->context.clock = &out->clock;
  out->context.call.stop = invocation.stop;
  out->context.notice = [](const std::string& sentence) { notes().say(sentence); };
  SKILLGRAD_TRY(const auto time,
                parse_duration(settings.get<"max_time">(), settings.origin<"max_time">()));
  if (time.count() > 0) out->context.call.deadline = out->clock.now() + time;
  return out;
}

}  // namespace skillgrad::cli
