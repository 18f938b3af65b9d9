// SPDX-License-Identifier: MIT
#include "optim/loop/bookkeeper.hpp"

#include <skillgrad/core/text.hpp>

#include "optim/loop/run_state.hpp"

namespace skillgrad::optim {
namespace {

/// Of a content hash, as a folder's name.
constexpr std::size_t kNameDigits = 12;

std::optional<double> score_of(const LossRecord& record) {
  return record.graded() ? std::optional(record.score) : std::nullopt;
}

}  // namespace

std::string Bookkeeper::know(const skill::SkillPackage& package) {
  std::string hash = package.hash();
  if (!packages_.contains(hash))
    packages_.emplace(hash, Known{package, package_facts(loop_, package), 0});
  return hash;
}

std::string Bookkeeper::know_again(const skill::SkillPackage& package, std::size_t first) {
  std::string name = package.hash() + " again";
  packages_.insert_or_assign(name, Known{package, package_facts(loop_, package), first});
  return name;
}

const skill::SkillPackage& Bookkeeper::package(const std::string& hash) const {
  return packages_.at(hash).package;
}

void Bookkeeper::note(Line line) {
  if (book_.add(line.rollout, line.score)) lines_.push_back(std::move(line));
}

void Bookkeeper::note(const decisions::Need& rollout, const LossRecord& record) {
  const std::size_t place = book_.size();
  note({rollout, score_of(record)});
  if (book_.size() == place) return;
  LossRecord kept = record;
  kept.sample = static_cast<int>(rollout.repeat);
  records_.emplace(place, std::move(kept));
}

void Bookkeeper::add(const skill::SkillPackage& package, const std::vector<LossRecord>& records) {
  const std::string hash = know(package);
  for (const LossRecord& record : records)
    note({hash, record.task_id, book_.entries(hash, record.task_id).size()}, record);
}

std::vector<LossRecord> Bookkeeper::records(const std::string& package,
                                            const std::vector<std::string>& tasks,
                                            std::size_t from) const {
  std::vector<LossRecord> out;
  for (const auto& task : tasks)
    for (const decisions::Entry& entry : book_.entries(package, task))
      if (const auto found = records_.find(entry.place);
          entry.place >= from && found != records_.end())
        out.push_back(found->second);
  return out;
}

Result<> Bookkeeper::make(const std::vector<decisions::Need>& needs, const BookPlace& place) {
  RolloutRunner::Orders orders;
  orders.label = place.label;
  for (const decisions::Need& need : needs) {
    const Known& known = packages_.at(need.package);
    const auto named = place.names.find(need.package);
    const std::string folder =
        named != place.names.end() ? named->second : need.package.substr(0, kNameDigits);
    orders.items.push_back({&known.package, need.task, static_cast<int>(known.first + need.repeat),
                            folder.empty() ? place.dir : place.dir + "/" + folder,
                            &known.objective});
  }
  SKILLGRAD_TRY(const auto records,
                loop_.runner->run(orders, stage_context(loop_, place.dir, place.iteration)));
  // In the order of the questions, whichever ended first.
  for (std::size_t i = 0; i < needs.size(); ++i) note(needs[i], records[i]);
  return {};
}

Result<> Bookkeeper::save(std::size_t from, const std::string& file) const {
  std::string text;
  for (std::size_t place = from; place < lines_.size(); ++place) {
    const auto& [rollout, score] = lines_[place];
    text += dump_json({{"package", rollout.package},
                       {"task", rollout.task},
                       {"repeat", rollout.repeat},
                       {"score", score ? Json(*score) : Json()}}) +
            "\n";
  }
  return loop_.parts->store->write(file, text);
}

Result<> Bookkeeper::restore(const std::string& file) {
  SKILLGRAD_TRY(const auto text, loop_.parts->store->read(file));
  if (!text) return {};  // of a version that kept no book
  const auto read = [&]() -> Result<> {
    int number = 0;
    for (const auto& line : split_lines(*text)) {
      const std::string where = "line " + std::to_string(++number);
      if (trim(line).empty()) continue;
      SKILLGRAD_TRY(const auto json, parse_json(line, where));
      StrictReader reader(json, where);
      Line out;
      out.rollout.package = reader.string("package");
      out.rollout.task = reader.string("task");
      out.rollout.repeat = static_cast<std::size_t>(reader.integer("repeat", std::nullopt, 0));
      const Json score = reader.any("score", true);
      SKILLGRAD_CHECK(reader.finish());
      if (!score.is_null() && !score.is_number())
        return fail(ErrorCode::input, "\"score\" is neither a number nor null", where);
      if (score.is_number()) out.score = score.get<double>();
      note(std::move(out));
    }
    return {};
  };
  return read().map_error(
      [&](Error error) { return damaged(std::move(error), *loop_.parts->store, file); });
}

}  // namespace skillgrad::optim
