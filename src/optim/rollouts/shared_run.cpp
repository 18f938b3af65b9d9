// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/shared_rollouts.hpp>
#include <skillgrad/skill/skill_set.hpp>

namespace skillgrad::optim {
namespace {

constexpr const char* kBatches = "batches";
constexpr const char* kSession = "session.json";
constexpr auto kPause = std::chrono::milliseconds(100);
/// How often a worker sees what the coordinator asks for.
constexpr auto kLookForWork = std::chrono::milliseconds(250);
constexpr int kMostSamples = 1'000'000;

Json item_json(const SharedItem& item) {
  return {{"task", item.task_id},
          {"sample", item.sample},
          {"dir", item.dir},
          {"skill", item.skill},
          {"tries", item.again.tries},
          {"executor_again", item.again.executor},
          {"cost0", item.objective.cost0},
          {"time0", item.objective.time0},
          {"size_ratio", item.objective.size_ratio},
          {"violations", item.objective.violations}};
}

Result<SharedItem> item_from_json(const Json& json, const std::string& where) {
  StrictReader reader(json, where);
  SharedItem out;
  out.task_id = reader.string("task");
  out.sample = static_cast<int>(reader.integer("sample", std::nullopt, 0, kMostSamples));
  out.dir = reader.string("dir");
  out.skill = reader.string("skill");
  out.again.tries = static_cast<int>(reader.integer("tries", std::nullopt, 0, kMostSamples));
  out.again.executor = reader.boolean("executor_again");
  out.objective.cost0 = reader.number("cost0");
  out.objective.time0 = reader.number("time0");
  out.objective.size_ratio = reader.number("size_ratio");
  out.objective.violations = reader.number("violations");
  SKILLGRAD_CHECK(reader.finish());
  const fs::path place = fs::path(out.dir).lexically_normal();
  if (out.dir.empty() || place.is_absolute() || *place.begin() == "..")
    return fail(ErrorCode::input, "got \"" + out.dir + "\", expected a folder of the run",
                where + "/dir");
  return out;
}

}  // namespace

Json to_json(const SharedBatch& batch) {
  Json items = Json::array();
  for (const SharedItem& item : batch.items) items.push_back(item_json(item));
  return {{"schema", "skillgrad.batch/1"}, {"label", batch.label},   {"scope", batch.scope},
          {"iteration", batch.iteration},  {"skills", batch.skills}, {"items", items}};
}

Result<SharedBatch> shared_batch_from_json(const Json& json, const std::string& where) {
  StrictReader reader(json, where);
  SharedBatch out;
  if (const std::string schema = reader.string("schema"); schema != "skillgrad.batch/1")
    reader.reject("schema", "got \"" + schema + "\", expected skillgrad.batch/1");
  out.label = reader.string("label");
  out.scope = reader.string("scope");
  out.iteration = static_cast<int>(reader.integer("iteration", std::nullopt, 0, kMostSamples));
  const Json skills = reader.any("skills", true), items = reader.any("items", true);
  if (!skills.is_object()) reader.reject("skills", "is no object");
  if (!items.is_array()) reader.reject("items", "is no array");
  SKILLGRAD_CHECK(reader.finish());
  for (const auto& [hash, name] : skills.items())
    if (name.is_string()) out.skills[hash] = name.get<std::string>();
  for (const Json& item : items) {
    SKILLGRAD_TRY(auto read,
                  item_from_json(item, fmt::format("{}/items/{}", where, out.items.size())));
    out.items.push_back(std::move(read));
  }
  return out;
}

SharedRun::SharedRun(Options options, store::SharedFiles& files, Clock& clock)
    : options_(std::move(options)), files_(files), clock_(clock), dir_(options_.run / "shared") {
  board_ = std::make_unique<store::LeaseBoard>(
      dir_, files_, clock_, store::LeaseBoard::Options{options_.name, options_.lease});
}

Result<std::unique_ptr<SharedRun>> SharedRun::open(Options options, store::SharedFiles& files,
                                                   Clock& clock) {
  std::unique_ptr<SharedRun> out(new SharedRun(std::move(options), files, clock));
  for (const char* name : {"beats", "claims", kBatches, "skills", "made"})
    SKILLGRAD_CHECK(make_directories(out->dir_ / name));
  SKILLGRAD_CHECK(out->options_.part == Part::coordinator ? out->begin() : out->join());
  SharedRun* const self = out.get();
  out->alive_ = std::make_unique<store::KeepAlive>(*out->board_, clock, [self] {
    std::function<void()> listener;
    {
      const std::lock_guard lock(self->mutex_);
      listener = self->listener_;
    }
    if (listener) listener();
  });
  return out;
}

/// What it leaves undone others find out by themselves, later.
SharedRun::~SharedRun() {
  alive_.reset();
  if (options_.part == Part::coordinator && !session_.id.empty()) {
    (void)write_session(true);
    (void)remove_tree(dir_ / "made");
  }
  (void)board_->leave();
}

Result<> SharedRun::begin() {
  session_.id = session_.coordinator = options_.name;
  // Who lives gives another sign of life soon.
  for (const char* folder : {kBatches, "beats"}) {
    SKILLGRAD_TRY(const auto old, files_.list(dir_ / folder));
    for (const std::string& name : old) SKILLGRAD_CHECK(files_.remove(dir_ / folder / name));
  }
  SKILLGRAD_CHECK(remove_tree(dir_ / "made"));
  SKILLGRAD_CHECK(make_directories(dir_ / "made"));
  SKILLGRAD_CHECK(board_->beat());
  return write_session(false);
}

Result<> SharedRun::join() {
  SKILLGRAD_TRY(const auto now, session());
  if (!now)
    return fail(ErrorCode::input, "nobody shares the rollouts of this run", options_.run.string(),
                "begin it with `--workers shared`, as in `skillgrad eval SKILL --workers shared`");
  session_ = *now;
  return board_->beat();
}

Result<> SharedRun::write_session(bool ended) {
  return files_.replace(dir_ / kSession, dump_json({{"schema", "skillgrad.session/1"},
                                                    {"session", session_.id},
                                                    {"coordinator", session_.coordinator},
                                                    {"limits", options_.limits},
                                                    {"ended", ended}},
                                                   1) +
                                             "\n");
}

Result<Json> SharedRun::limits_of(const fs::path& run, store::SharedFiles& files) {
  SKILLGRAD_TRY(const auto text, files.read(run / "shared" / kSession));
  const Json json = Json::parse(text.value_or(""), nullptr, false);
  const Json limits = json.is_object() ? json.value("limits", Json()) : Json();
  return limits.is_object() ? limits : Json::object();
}

/// nullopt: none, or what a crash of a machine left of one.
Result<std::optional<SharedRun::Session>> SharedRun::session() {
  SKILLGRAD_TRY(const auto text, files_.read(dir_ / kSession));
  const Json json = Json::parse(text.value_or(""), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Session out;
  out.id = json.value("session", "");
  out.coordinator = json.value("coordinator", "");
  out.ended = json.value("ended", false);
  return out;
}

std::string SharedRun::staged(const std::string& dir) const {
  return options_.part == Part::coordinator ? "shared/made/" + dir : dir;
}

Result<bool> SharedRun::place(const fs::path& staged, const std::string& dir) {
  SKILLGRAD_TRY(const bool first, files_.place_folder(staged, options_.run / dir));
  SKILLGRAD_CHECK(board_->give_back(SharedWork::claim_key(dir)));
  return first;
}

bool SharedRun::pause(const std::stop_token& stop) { return clock_.sleep_for(kPause, stop); }

void SharedRun::on_beat(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

Result<> SharedRun::keep_skill(const std::string& hash, const skill::SkillPackage& package) {
  const fs::path place = dir_ / "skills" / hash;
  std::error_code ignored;
  if (fs::exists(place, ignored)) return {};
  const fs::path fresh = dir_ / "made" / ("skill-" + hash);
  SKILLGRAD_CHECK(remove_tree(fresh));
  SKILLGRAD_CHECK(package.save(fresh));
  SKILLGRAD_TRY([[maybe_unused]] const bool first, files_.place_folder(fresh, place));
  return {};
}

Result<skill::SkillPackage> SharedRun::skill_of(const SharedBatch& batch,
                                                const std::string& hash) const {
  const fs::path place = dir_ / "skills" / hash;
  SKILLGRAD_TRY(const auto saved, skill::load_skills(place));
  const auto name = batch.skills.find(hash);
  SKILLGRAD_TRY(auto out, skill::SkillPackage::from_files(
                              name == batch.skills.end() ? saved.folder_name() : name->second,
                              saved.skill_md(), saved.files()));
  if (out.hash() == hash) return out;
  return fail(ErrorCode::input, "the package is not the one that is asked for", place.string(),
              "it was changed by hand: remove the folder, and begin the run again");
}

Result<std::unique_ptr<SharedWork>> SharedRun::ask(SharedBatch batch) {
  batch.id = fmt::format("{:06}", next_batch_++);
  SKILLGRAD_CHECK(
      files_.replace(dir_ / kBatches / (batch.id + ".json"), dump_json(to_json(batch)) + "\n"));
  return std::make_unique<SharedWork>(options_.run, std::move(batch), *board_, clock_);
}

Result<> SharedRun::withdraw(const SharedBatch& batch) {
  return files_.remove(dir_ / kBatches / (batch.id + ".json"));
}

/// The batches that are asked for now, and how the session stands.
Result<> SharedRun::look() {
  const SteadyTime now = clock_.now();
  if (looked_ && now - *looked_ < kLookForWork) return {};
  looked_ = now;
  SKILLGRAD_TRY(const auto session_now, session());
  if (session_now && session_now->id != session_.id) {
    session_ = *session_now;
    works_.clear();
  }
  alone_ = !board_->is_alive(session_.coordinator);
  over_ = alone_ || (session_now && session_now->ended);
  SKILLGRAD_TRY(const auto names, files_.list(dir_ / kBatches));
  std::map<std::string, std::shared_ptr<SharedWork>> works;
  for (const std::string& name : names) {
    if (const auto known = works_.find(name); known != works_.end()) {
      works.insert(*known);
      continue;
    }
    SKILLGRAD_TRY(const auto text, files_.read(dir_ / kBatches / name));
    if (!text) continue;  // withdrawn in this moment
    const std::string where = (dir_ / kBatches / name).string();
    SKILLGRAD_TRY(const Json json, parse_json(*text, where));
    SKILLGRAD_TRY(auto batch, shared_batch_from_json(json, where));
    batch.id = name;
    works[name] = std::make_shared<SharedWork>(options_.run, std::move(batch), *board_, clock_);
  }
  works_ = std::move(works);
  return {};
}

Result<SharedRun::Work> SharedRun::next() {
  std::vector<std::shared_ptr<SharedWork>> works;
  Work out;
  {
    const std::lock_guard lock(mutex_);
    SKILLGRAD_CHECK(look());
    for (const auto& [id, work] : works_) works.push_back(work);
    out.over = over_;
    out.alone = alone_;
  }
  for (const auto& work : works) {
    // What was made elsewhere is the coordinator's to count.
    do {
      SKILLGRAD_TRY(out.turn, work->next());
    } while (out.turn.kind == SharedWork::Turn::Kind::done);
    if (out.turn.kind != SharedWork::Turn::Kind::mine) continue;
    out.work = work;
    out.over = false;
    return out;
  }
  return out;
}

}  // namespace skillgrad::optim
