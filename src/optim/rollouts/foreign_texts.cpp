// SPDX-License-Identifier: MIT
#include "optim/rollouts/foreign_texts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>

namespace skillgrad::optim {
namespace {

/// Longer files are data; the words of their beginning are enough to know them by.
constexpr std::size_t kMostOfAFile = 1 << 20;

/// Tools that show the skill itself.
bool shows_the_skill(const std::string& tool) {
  return tool == "activate_skill" || tool == "read_reference";
}

std::vector<std::string> sorted_names(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

void add_trajectory(const agent::Trajectory& trajectory, const std::string& task,
                    const std::string& folder, skill::ForeignWords& words) {
  using Kind = agent::TraceEvent::Kind;
  std::size_t step = 0;
  for (const agent::TraceEvent& event : trajectory.events) {
    ++step;
    if (event.kind == Kind::tool_output && !shows_the_skill(event.name))
      words.add(event.text,
                fmt::format("a command or file of task {} said ({}, step {})", task, folder, step));
    else
      words.vouch(event.text);
  }
}

}  // namespace

ForeignTexts::ForeignTexts(const store::RunStore& store, const bench::Benchmark& benchmark,
                           const skill::SkillPackage& initial, std::vector<std::string> train)
    : store_(store), train_(train.begin(), train.end()) {
  words_->vouch(initial.skill_md());
  for (const auto& [path, file] : initial.files()) words_->vouch(file.bytes);
  for (const std::string& id : train_)
    if (const bench::Task* const task = benchmark.find(id)) words_->vouch(task->prompt);
}

std::shared_ptr<const skill::ForeignWords> ForeignTexts::up_to(int iteration) {
  for (; read_ < iteration; ++read_)
    read_rollouts(read_ < 0 ? "base" : fmt::format("iter_{:03d}", read_ + 1));
  return words_;
}

void ForeignTexts::read_rollouts(const std::string& dir) {
  std::error_code ignored;
  for (const std::string& task : train_)
    for (int sample = 0;; ++sample) {
      const std::string folder = RolloutRunner::rollout_dir(dir, task, sample);
      if (!fs::exists(store_.path(folder), ignored)) break;
      read_rollout(folder, task);
    }
}

void ForeignTexts::read_rollout(const std::string& folder, const std::string& task) {
  // An agent may read the skill by a command, and what a skill says is nobody else's.
  if (const auto skill = skillgrad::read_file(store_.path(folder + "/skill_text.md")))
    words_->vouch(*skill);
  if (const auto text = skillgrad::read_file(store_.path(folder + "/trajectory.jsonl")))
    if (const auto trajectory = agent::Trajectory::from_json_lines(*text))
      add_trajectory(*trajectory, task, folder, *words_);
  const fs::path outputs = store_.path(folder + "/outputs");
  for (const std::string& name : sorted_names(outputs)) {
    std::error_code ignored;
    if (!fs::is_regular_file(fs::symlink_status(outputs / name, ignored))) continue;
    const auto text = skillgrad::read_file(outputs / name);
    if (text && text->find('\0') == std::string::npos)
      words_->add(std::string_view(*text).substr(0, kMostOfAFile),
                  fmt::format("the output {} of task {} held ({})", truncate_middle(name, 80), task,
                              folder));
  }
}

}  // namespace skillgrad::optim
