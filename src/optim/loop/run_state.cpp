// SPDX-License-Identifier: MIT
#include "optim/loop/run_state.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kFile = "state.json";
constexpr const char* kSchema = "skillgrad.state/1";
constexpr std::int64_t kMostIterations = 1'000'000;

Result<IterationRow> row_from_json(const Json& value) {
  StrictReader reader(value, std::string(kFile) + " /rows");
  IterationRow row;
  row.iteration = static_cast<int>(reader.integer("iteration", std::nullopt, 1, kMostIterations));
  const std::string decision = reader.string("decision");
  if (const auto known = named<Decision>(decision))
    row.decision = *known;
  else
    reader.reject("decision", "got \"" + decision + "\"");
  row.reason = reader.string("reason", "");
  row.train_n = static_cast<std::size_t>(reader.integer("train_n", 0, 0));
  if (row.train_n > 0)
    row.train_score = reader.number("train_score", std::nullopt, 0, 1);
  else
    reader.ignore("train_score");
  row.summary = reader.string("summary", "");
  row.returned = reader.string("returned", "");
  row.flips = static_cast<std::size_t>(reader.integer("flips", 0, 0));
  row.diagnosed = reader.strings("diagnosed", std::vector<std::string>{});
  const Json approval = reader.any("approval");
  const Json gate = reader.any("gate");
  const Json size = reader.any("size", true);
  SKILLGRAD_CHECK(reader.finish());
  StrictReader sizes(size, std::string(kFile) + " /rows/size");
  row.l1 = static_cast<std::size_t>(sizes.integer("l1", 0, 0));
  row.l2 = static_cast<std::size_t>(sizes.integer("l2", 0, 0));
  row.l3 = static_cast<std::size_t>(sizes.integer("l3", 0, 0));
  SKILLGRAD_CHECK(sizes.finish());
  if (!approval.is_null()) {
    SKILLGRAD_TRY(row.approval, approval_from_json(approval));
  }
  if (!gate.is_null()) {
    SKILLGRAD_TRY(row.gate, gate_from_json(gate));
  }
  return row;
}

Result<ChosenPackage> chosen_from_json(const Json& value, int iterations) {
  StrictReader reader(value, std::string(kFile) + " /chosen");
  ChosenPackage out;
  out.iteration = static_cast<int>(reader.integer("iteration", std::nullopt, 0, iterations));
  out.dir = reader.string("dir");
  out.hash = reader.string("hash");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<RunState> state_from_json(const Json& value) {
  StrictReader reader(value, kFile);
  RunState out;
  if (reader.string("schema") != kSchema)
    reader.reject("schema", "not " + std::string(kSchema),
                  "use the version of skillgrad that wrote this run");
  out.iteration = static_cast<int>(reader.integer("iteration", std::nullopt, 0, kMostIterations));
  out.current_iteration =
      static_cast<int>(reader.integer("current_iteration", std::nullopt, 0, out.iteration));
  out.best_iteration =
      static_cast<int>(reader.integer("best_iteration", std::nullopt, 0, out.iteration));
  out.all_correct_streak =
      static_cast<int>(reader.integer("all_correct_streak", 0, 0, kMostIterations));
  out.gates_without_gain =
      static_cast<int>(reader.integer("gates_without_gain", 0, 0, kMostIterations));
  out.additions_in_a_row =
      static_cast<int>(reader.integer("additions_in_a_row", 0, 0, kMostIterations));
  out.stop_reason = reader.string("stop_reason", "");
  const Json best_score = reader.any("best_score");
  const Json scores = reader.any("current_scores", true);
  const Json best_scores = reader.any("best_scores");
  const Json memory = reader.any("memory", true);
  const Json rejected = reader.any("rejected", true);
  const Json rows = reader.any("rows", true);
  const Json chosen = reader.any("chosen");
  SKILLGRAD_CHECK(reader.finish());
  if (!chosen.is_null()) {
    SKILLGRAD_TRY(out.chosen, chosen_from_json(chosen, out.iteration));
  }
  if (best_score.is_number()) out.best_score = best_score.get<double>();
  out.current_scores = scores_from_json(scores);
  out.best_scores = scores_from_json(best_scores);
  // A state of an earlier version lacks them; where the best is the current skill they are equal.
  if (best_scores.is_null() && out.best_iteration == out.current_iteration)
    out.best_scores = out.current_scores;
  SKILLGRAD_TRY(out.memory, memory_from_json(memory));
  for (const auto& item : rejected) {
    SKILLGRAD_TRY(auto patch, rejected_from_json(item));
    out.rejected.push_back(std::move(patch));
  }
  for (const auto& item : rows) {
    SKILLGRAD_TRY(auto row, row_from_json(item));
    out.rows.push_back(std::move(row));
  }
  // The position in the schedule must be that of the finished rows: it indexes the batches.
  if (out.rows.size() != static_cast<std::size_t>(out.iteration))
    return fail(ErrorCode::input,
                "iteration is " + std::to_string(out.iteration) + ", but there are " +
                    std::to_string(out.rows.size()) + " rows",
                kFile);
  return out;
}

}  // namespace

Json scores_json(const std::map<std::string, double>& scores) {
  Json out = Json::object();
  for (const auto& [id, score] : scores) out[id] = score;
  return out;
}

std::map<std::string, double> scores_from_json(const Json& value) {
  std::map<std::string, double> out;
  if (!value.is_object()) return out;
  for (const auto& [id, score] : value.items())
    if (score.is_number()) out[id] = score.get<double>();
  return out;
}

Json to_json(const IterationRow& row) {
  Json out = {{"iteration", row.iteration},
              {"decision", name_of(row.decision)},
              {"reason", row.reason},
              {"train_score", row.train_n > 0 ? Json(row.train_score) : Json()},
              {"train_n", row.train_n},
              {"gate", row.gate ? to_json(*row.gate) : Json()},
              {"size", {{"l1", row.l1}, {"l2", row.l2}, {"l3", row.l3}}},
              {"summary", row.summary}};
  if (!row.returned.empty()) out["returned"] = row.returned;
  if (row.flips > 0) out["flips"] = row.flips;
  if (row.approval) out["approval"] = to_json(*row.approval);
  if (!row.diagnosed.empty()) out["diagnosed"] = row.diagnosed;
  return out;
}

Result<> save_state(store::RunStore& store, const RunState& state) {
  Json rejected = Json::array();
  for (const auto& patch : state.rejected) rejected.push_back(to_json(patch));
  Json rows = Json::array();
  for (const auto& row : state.rows) rows.push_back(to_json(row));
  const Json json = {{"schema", kSchema},
                     {"iteration", state.iteration},
                     {"current_iteration", state.current_iteration},
                     {"best_iteration", state.best_iteration},
                     {"best_score", state.best_score ? Json(*state.best_score) : Json()},
                     {"current_scores", scores_json(state.current_scores)},
                     {"best_scores", scores_json(state.best_scores)},
                     {"memory", to_json(state.memory)},
                     {"rejected", rejected},
                     {"all_correct_streak", state.all_correct_streak},
                     {"gates_without_gain", state.gates_without_gain},
                     {"additions_in_a_row", state.additions_in_a_row},
                     {"rows", rows},
                     {"stop_reason", state.stop_reason},
                     {"chosen", state.chosen ? Json{{"iteration", state.chosen->iteration},
                                                    {"dir", state.chosen->dir},
                                                    {"hash", state.chosen->hash}}
                                             : Json()}};
  return store.write(kFile, dump_json(json, 1) + "\n");
}

Result<std::optional<RunState>> load_state(const store::RunStore& store) {
  SKILLGRAD_TRY(const auto text, store.read(kFile));
  if (!text) return std::nullopt;
  auto state = parse_json(*text, kFile).and_then(state_from_json);
  if (!state) return tl::unexpected(damaged(std::move(state).error(), store, kFile));
  return std::optional<RunState>(std::move(*state));
}

}  // namespace skillgrad::optim
