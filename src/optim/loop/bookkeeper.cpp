// SPDX-License-Identifier: MIT
#include "optim/loop/bookkeeper.hpp"

#include <skillgrad/core/text.hpp>

#include "optim/loop/run_state.hpp"
#include "optim/scoring/loss.hpp"

namespace skillgrad::optim {
namespace {

/// Of a content hash, as a folder's name.
constexpr std::size_t kNameDigits = 12;

/// What is said of a rollout besides its score.
constexpr const char* kMeasures[] = {"value", "cost_usd", "seconds"};

std::optional<double>& measure_of(decisions::Measures& measures, const std::string& name) {
  return name == "value"      ? measures.value
         : name == "cost_usd" ? measures.cost_usd
                              : measures.seconds;
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
  if (book_.add(line.rollout, line.score, line.measures)) lines_.push_back(std::move(line));
}

void Bookkeeper::note(const decisions::Need& rollout, const LossRecord& record) {
  const std::size_t place = book_.size();
  note(line_of(rollout, record));
  if (book_.size() == place) return;
  LossRecord kept = record;
  kept.sample = static_cast<int>(rollout.repeat);
  records_.emplace(place, std::move(kept));
}

/// What has no value in the weighted loss that decides is no result of a decision.
Bookkeeper::Line Bookkeeper::line_of(const decisions::Need& rollout,
                                     const LossRecord& record) const {
  Line out{rollout, std::nullopt, {}};
  if (!record.graded()) return out;
  out.score = record.score;
  out.measures.cost_usd = record.cost_usd;
  if (record.timed) out.measures.seconds = record.seconds;
  const LossWeights& weights = loop_.settings->weights;
  if (!weights.several()) return out;
  out.measures.value = value_of(weights, packages_.at(rollout.package).objective, record);
  if (!out.measures.value) out.score.reset();
  return out;
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
    Line line = lines_[place];
    Json json = {{"package", line.rollout.package},
                 {"task", line.rollout.task},
                 {"repeat", line.rollout.repeat},
                 {"score", line.score ? Json(*line.score) : Json()}};
    for (const char* name : kMeasures)
      if (const auto& measure = measure_of(line.measures, name)) json[name] = *measure;
    text += dump_json(json) + "\n";
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
      for (const char* name : kMeasures)
        if (json.contains(name)) measure_of(out.measures, name) = reader.number(name);
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
