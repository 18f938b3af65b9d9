// SPDX-License-Identifier: MIT
#include "study/population.hpp"

#include <cmath>

#include <fmt/format.h>

namespace skillgrad::study {
namespace {

constexpr std::int64_t kMostTasks = 100'000;

/// The object at `key`, which must be there.
Result<Json> object_at(StrictReader& reader, const Json& json, const char* key,
                       const std::string& where) {
  reader.ignore(key);
  if (!json.contains(key)) {
    reader.any(key, true);
    SKILLGRAD_CHECK(reader.finish(true));
  }
  const Json& value = json.at(key);
  if (!value.is_object())
    return fail(ErrorCode::input, fmt::format("got {}, expected an object", dump_json(value)),
                fmt::format("{}/{}", where, key),
                fmt::format("write \"{}\": {{...}} as in configs/populations/", key));
  return value;
}

Result<> check_shares(double sum, const std::string& where) {
  if (std::abs(sum - 1) < 1e-6) return {};
  return fail(ErrorCode::input, fmt::format("got shares that add up to {:.6g}, expected 1", sum),
              where, "change the shares so that they add up to 1");
}

std::size_t count(StrictReader& reader, const char* key, std::int64_t low,
                  std::int64_t high = kMostTasks) {
  return static_cast<std::size_t>(reader.integer(key, std::nullopt, low, high));
}

double share(StrictReader& reader, const char* key) {
  return reader.number(key, std::nullopt, 0, 1);
}

Result<> read_tasks(const Json& json, const std::string& where, Population& out) {
  StrictReader reader(json, where);
  out.train = count(reader, "train", 1);
  out.val = count(reader, "val", 1);
  out.test = count(reader, "test", 1);
  return reader.finish();
}

Result<> read_base(const Json& json, const std::string& where, Population& out) {
  StrictReader reader(json, where);
  out.base_mean = reader.number("mean", std::nullopt, -20, 20);
  out.base_sd = reader.number("sd", std::nullopt, 0, 20);
  return reader.finish();
}

Result<> read_shift(const Json& json, const std::string& where, Population& out) {
  StrictReader reader(json, where);
  out.shift = share(reader, "p");
  out.shift_mean = reader.number("mean", std::nullopt, -20, 20);
  out.shift_sd = reader.number("sd", std::nullopt, 0, 20);
  return reader.finish();
}

Result<> read_candidates(const Json& json, const std::string& where, Population& out) {
  StrictReader reader(json, where);
  out.fix = share(reader, "fix");
  out.fix_and_break = share(reader, "fix_and_break");
  out.null = share(reader, "null");
  out.breaks = share(reader, "break");
  SKILLGRAD_TRY(const Json shift, object_at(reader, json, "shift", where));
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_CHECK(read_shift(shift, where + "/shift", out));
  return check_shares(out.fix + out.fix_and_break + out.null + out.breaks + out.shift, where);
}

Result<> read_needs(const Json& json, const std::string& where, Population& out) {
  const bool three = json.is_array() && json.size() == out.needs.size();
  for (std::size_t i = 0; three && i < out.needs.size(); ++i) {
    if (!json[i].is_number() || json[i].get<double>() < 0 || json[i].get<double>() > 1)
      return fail(ErrorCode::input, fmt::format("got {}, expected a share", dump_json(json[i])),
                  fmt::format("{}/{}", where, i), "write a number from 0 to 1");
    out.needs[i] = json[i].get<double>();
  }
  if (!three)
    return fail(ErrorCode::input, fmt::format("got {}, expected three shares", dump_json(json)),
                where,
                "write the shares of tasks that need 0, 1 and 2 lessons, as in [0.45, 0.40, 0.15]");
  return check_shares(out.needs[0] + out.needs[1] + out.needs[2], where);
}

}  // namespace

namespace {

Result<Population> read_members(const Json& json, const std::string& where) {
  if (!json.is_object())
    return fail(ErrorCode::input, "got " + dump_json(json).substr(0, 60) + ", expected an object",
                where, "write a population as in configs/populations/noisy-12.json");
  Population out;
  StrictReader reader(json, where);
  out.name = reader.string("name");
  out.lessons = count(reader, "lessons", 1, 60);
  out.known = count(reader, "known", 0, static_cast<std::int64_t>(out.lessons));
  out.lesson_effect = reader.number("lesson_effect", std::nullopt, -20, 20);
  out.iterations = count(reader, "iterations", 1, 1'000);
  out.batch = count(reader, "batch", 1, 1'000);
  out.error_rate = reader.number("error_rate", 0.0, 0, 1);
  out.drift = reader.number("drift", 0.0, -20, 20);
  const Json needs = reader.any("needs", true);
  SKILLGRAD_CHECK(reader.finish(true));
  SKILLGRAD_TRY(const Json tasks, object_at(reader, json, "tasks", where));
  SKILLGRAD_TRY(const Json base, object_at(reader, json, "base_logit", where));
  SKILLGRAD_TRY(const Json candidates, object_at(reader, json, "candidates", where));
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_CHECK(read_tasks(tasks, where + "/tasks", out));
  SKILLGRAD_CHECK(read_base(base, where + "/base_logit", out));
  SKILLGRAD_CHECK(read_needs(needs, where + "/needs", out));
  SKILLGRAD_CHECK(read_candidates(candidates, where + "/candidates", out));
  return out;
}

}  // namespace

Result<Population> read_population(const Json& json, const std::string& where) {
  auto out = read_members(json, where);
  if (!out && out.error().mend.empty())
    out.error().mend = "write it as in configs/populations/noisy-12.json";
  return out;
}

Result<Population> load_population(const std::filesystem::path& path) {
  auto json = read_json(path);
  if (!json && json.error().mend.empty())
    json.error().mend = "name a population file, as configs/populations/noisy-12.json";
  if (!json) return tl::unexpected(std::move(json).error());
  return read_population(*json, path.string());
}

}  // namespace skillgrad::study
