// SPDX-License-Identifier: MIT
#include "cli/settings/options.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>
#include <skillgrad/optim/run_handle.hpp>

#include "cli/settings/hidden_values.hpp"

extern char** environ;  // NOLINT(readability-identifier-naming): the name is POSIX's

namespace skillgrad::cli {
namespace {

const char* type_name(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "true or false";
    case ValueType::integer:
      return "a whole number";
    case ValueType::number:
      return "a number";
    case ValueType::text:
      return "a text";
    case ValueType::path:
      return "a path";
    case ValueType::json:
      return "a JSON value";
  }
  return "";
}

bool fits_type(const OptionSpec& spec, const Json& value) {
  if (value.is_null()) return std::string_view(spec.fallback) == "null";
  switch (spec.type) {
    case ValueType::boolean:
      return value.is_boolean();
    case ValueType::integer:
      return value.is_number_integer();
    case ValueType::number:
      return value.is_number();
    case ValueType::text:
    case ValueType::path:
      return value.is_string();
    case ValueType::json:
      return true;
  }
  return false;
}

Error bad_value(const OptionSpec& spec, const Json& value, const std::string& origin,
                const std::string& expected) {
  return {ErrorCode::config,
          fmt::format("got {} for \"{}\", expected {}", dump_json(value), spec.key, expected),
          origin,
          fmt::format("--{} is: {}", spec.flag, spec.help),
          {}};
}

Result<> check_value(const OptionSpec& spec, const Json& value, const std::string& origin) {
  if (!fits_type(spec, value))
    return tl::unexpected(bad_value(spec, value, origin, type_name(spec.type)));
  if (is_option<"api_key_env">(spec) && value != "" &&
      !names_variable(value.get<std::string>()))  // it may be the key: not shown
    return fail(ErrorCode::config,
                "the value of \"api_key_env\" does not name an environment variable", origin,
                "put the key into a variable, for example OPENAI_API_KEY, and give the variable's "
                "name");
  if (value.is_number() && spec.low < spec.high) {
    const double number = value.get<double>();
    if (number < spec.low || number > spec.high)
      return tl::unexpected(bad_value(
          spec, value, origin,
          fmt::format("a value from {} to {}", format_double(spec.low), format_double(spec.high))));
  }
  if (spec.choices[0] == '\0' || !value.is_string()) return {};
  const auto choices = skillgrad::split(spec.choices, '|');
  const auto text = value.get<std::string>();
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  Error error = bad_value(spec, value, origin, "one of " + skillgrad::join(choices, ", "));
  if (const auto near = nearest_match(text, choices))
    error.mend = "did you mean \"" + *near + "\"?";
  return tl::unexpected(std::move(error));
}

Error unknown_key(const std::string& key, const std::string& origin) {
  std::vector<std::string> keys;
  for (const auto& spec : option_table()) keys.emplace_back(spec.key);
  const auto near = nearest_match(key, keys);
  return {ErrorCode::config,
          "unknown key \"" + key + "\"",
          origin,
          near ? "did you mean \"" + *near + "\"?" : "`skillgrad config show` lists all keys",
          {}};
}

bool is_parent(const std::string& key) {
  const auto& table = option_table();
  return std::any_of(table.begin(), table.end(), [&](const OptionSpec& spec) {
    return std::string_view(spec.key).starts_with(key + ".");
  });
}

/// Nested objects of a config file become dotted keys; a key whose value is an object stays whole.
Result<> apply_object(Settings& settings, const Json& object, const std::string& prefix,
                      const std::string& origin) {
  if (!object.is_object())
    return fail(ErrorCode::config,
                "got a JSON " + std::string(object.type_name()) + ", expected an object", origin,
                "write { \"key\": value, ... }");
  for (const auto& [name, value] : object.items()) {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    if (const OptionSpec* spec = find_option(key))
      SKILLGRAD_CHECK(settings.set(*spec, value, origin));
    else if (is_parent(key))
      SKILLGRAD_CHECK(apply_object(settings, value, key, origin));
    else
      return tl::unexpected(unknown_key(key, origin));
  }
  return {};
}

Result<Json> load_config_file(const GivenOptions& given, std::string& origin) {
  std::error_code ignored;
  std::string path = given.config_file;
  if (path.empty() && fs::exists("skillgrad.json", ignored)) path = "skillgrad.json";
  if (path.empty()) return Json::object();
  origin = "file " + path;
  return read_json(path, true);
}

constexpr const char* kOfPrograms[] = {optim::kRunVariable, optim::kSkillVariable,
                                       optim::kTaskVariable};

/// Of the options in `groups`.
Result<> apply_environment(Settings& settings, std::vector<std::string>& warnings,
                           unsigned groups = ~0U) {
  std::map<std::string, const OptionSpec*> names;
  std::vector<std::string> known;
  for (const auto& spec : option_table()) {
    names[environment_name(spec)] = &spec;
    known.push_back(environment_name(spec));
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (!text.starts_with("SKILLGRAD_") || equals == std::string::npos) continue;
    const std::string name = text.substr(0, equals);
    const auto found = names.find(name);
    // What a run gives to a program that it starts is no setting.
    if (std::find(std::begin(kOfPrograms), std::end(kOfPrograms), name) != std::end(kOfPrograms))
      continue;
    if (found == names.end()) {
      const auto near = nearest_match(name, known);
      warnings.push_back("unknown environment variable " + name + " is ignored" +
                         (near ? "; did you mean " + *near + "?" : ""));
      continue;
    }
    if ((found->second->groups & groups) == 0) continue;
    // Builds set what they have no value for to nothing. A path is another thing: where a recording
    // was meant and none is named, calls would be paid for.
    if (equals + 1 == text.size() && found->second->type != ValueType::path) continue;
    SKILLGRAD_CHECK(
        settings.set_text(found->second->key, text.substr(equals + 1), "environment " + name));
  }
  return {};
}

/// The place inside a JSON option that the rest of a --set key names; objects are made on the way.
Result<Json*> place_below(Json& whole, const std::string& path, const std::string& key) {
  Json* at = &whole;
  for (const auto& part : skillgrad::split(path, '.')) {
    if (at->is_null()) *at = Json::object();
    if (part.empty() || !at->is_object())
      return fail(ErrorCode::config,
                  part.empty()
                      ? "an empty name in the key \"" + key + "\""
                      : fmt::format("\"{}\" lies below a JSON {}, expected a path of objects", key,
                                    at->type_name()),
                  "--set", "for example --set roles.diagnoser.model=NAME");
    at = &(*at)[part];
  }
  return at;
}

/// "a.b=c"; the path may also lead into a JSON value: roles.diagnoser.model,
/// stages.diagnoser.turns.
Result<> apply_set(Settings& settings, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return fail(ErrorCode::usage, "got --set " + text + ", expected --set key=value", "--set",
                "for example --set batch_size=4");
  const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
  if (find_option(key) != nullptr) return settings.set_text(key, value, "--set");
  for (const auto& spec : option_table()) {
    const std::string parent = spec.key;
    if (spec.type != ValueType::json || !key.starts_with(parent + ".")) continue;
    Json whole = settings.raw(spec);
    if (whole.is_null()) whole = Json::object();
    Json parsed = Json::parse(value, nullptr, false);
    SKILLGRAD_TRY(Json* const place, place_below(whole, key.substr(parent.size() + 1), key));
    *place = parsed.is_discarded() ? Json(value) : std::move(parsed);
    return settings.set(spec, std::move(whole), "--set");
  }
  return tl::unexpected(unknown_key(key, "--set"));
}

Result<> apply_preset(Settings& settings, const std::string& name) {
  const auto text = resource("configs/presets/" + name + ".json");
  if (!text)
    return fail(ErrorCode::config, "unknown preset \"" + name + "\"", "preset",
                "use default or paper");
  SKILLGRAD_TRY(const auto json, parse_json(*text, "preset " + name, true));
  return apply_object(settings, json, "", "preset " + name);
}

Settings defaults() {
  Settings out;
  for (const auto& spec : option_table())
    if (auto set = out.set(spec, Json::parse(spec.fallback), "default"); !set)
      throw std::logic_error("option table: bad default of " + std::string(spec.key));
  return out;
}

}  // namespace

const OptionSpec* find_option(const std::string& key) {
  for (const auto& spec : option_table())
    if (key == spec.key) return &spec;
  return nullptr;
}

std::string environment_name(const OptionSpec& spec) {
  std::string out = "SKILLGRAD_";
  for (const char* c = spec.flag; *c != '\0'; ++c)
    out += *c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(*c)));
  return out;
}

bool Settings::given(const OptionSpec& spec) const {
  const auto& from = origin(spec);
  return from != "default" && !from.starts_with("preset");
}

Result<> Settings::set(const OptionSpec& spec, Json value, std::string origin) {
  const std::string_view key = spec.key;
  if (value.is_string() && key.starts_with("stages.")) value = Json{{"name", value}};
  SKILLGRAD_CHECK(check_value(spec, value, origin));
  values_[spec.key] = {std::move(value), std::move(origin)};
  return {};
}

Result<> Settings::set_text(const std::string& key, const std::string& text, std::string origin) {
  const OptionSpec* spec = find_option(key);
  if (spec == nullptr) return tl::unexpected(unknown_key(key, origin));
  // A variable that is not set in a script must not turn a replay into a run that is paid for.
  if (spec->type == ValueType::path && trim(text).empty())
    return tl::unexpected(bad_value(*spec, text, origin, "a path; leave it out for none"));
  if (spec->type == ValueType::text || spec->type == ValueType::path)
    return set(*spec, text, std::move(origin));
  Json value = Json::parse(text, nullptr, false);
  if (spec->type == ValueType::boolean) {
    const std::string lower = to_lower_ascii(text);
    if (lower == "1" || lower == "true" || lower == "yes" || lower == "on") value = true;
    if (lower == "0" || lower == "false" || lower == "no" || lower == "off") value = false;
  }
  if (value.is_discarded()) value = text;  // set() reports it with the expected type
  return set(*spec, std::move(value), std::move(origin));
}

namespace {

void hide_headers(Json& headers) {
  if (!headers.is_object()) headers = nullptr;
  for (auto& [name, value] : headers.items())
    if (!value.is_object()) value = nullptr;  // an object names an environment variable
}

void hide_url_keys(Json& url) {
  if (url.is_string()) url = llm::printable_url(url.get_ref<const std::string&>());
}

/// What is known by its place; these values have rules of their own when a run goes on.
Json without_credentials(const OptionSpec& spec, Json out) {
  if (is_option<"headers">(spec)) hide_headers(out);
  if (is_option<"base_url">(spec)) hide_url_keys(out);
  if (!is_option<"roles">(spec) || !out.is_object()) return out;
  for (auto& [name, role] : out.items()) {
    if (!role.is_object()) continue;
    if (role.contains("headers")) hide_headers(role["headers"]);
    if (role.contains("base_url")) hide_url_keys(role["base_url"]);
  }
  return out;
}

/// Malformed JSON is kept as its text, in which nothing can be told apart.
bool is_unreadable(const OptionSpec& spec, const Json& value) {
  return value.is_string() && spec.type == ValueType::json;
}

}  // namespace

Json Settings::shown(const OptionSpec& spec) const {
  Json out = without_credentials(spec, raw(spec));
  if (is_unreadable(spec, out)) return "***";
  ValueHider(hidden_, ValueHider::As::stars).hide(out);
  return out;
}

Json Settings::not_kept() const {
  Json out = Json::array();
  for (const auto& spec : option_table()) {
    Json value = without_credentials(spec, raw(spec));
    ValueHider hider(hidden_, ValueHider::As::stars);
    hider.hide(value);
    for (const auto& place : hider.places()) out.push_back({{"key", spec.key}, {"at", place}});
  }
  return out;
}

Json Settings::deciding(const OptionSpec& spec) const {
  Json out = without_credentials(spec, raw(spec));
  ValueHider(hidden_, ValueHider::As::hash).hide(out);
  if (!is_option<"roles">(spec) || !out.is_object()) return out;
  Json roles = Json::object();
  for (const auto& [name, role] : out.items()) {
    Json left = role;
    if (left.is_object()) {
      for (const char* limit : kAccountLimits) left.erase(limit);
    }
    if (left == role || !left.empty()) roles[name] = std::move(left);
  }
  return roles;
}

Json Settings::to_json() const {
  Json out = Json::object();
  for (const auto& spec : option_table()) out[spec.key] = shown(spec);
  return out;
}

Result<Settings> merge_settings(const GivenOptions& given, std::vector<std::string>& warnings) {
  std::string file_origin;
  SKILLGRAD_TRY(const auto file, load_config_file(given, file_origin));
  const auto apply_user = [&](Settings& settings, std::vector<std::string>& notes) -> Result<> {
    SKILLGRAD_CHECK(apply_object(settings, file, "", file_origin));
    SKILLGRAD_CHECK(apply_environment(settings, notes));
    for (const auto& [key, text] : given.flags)
      SKILLGRAD_CHECK(
          settings.set_text(key, text, std::string("flag --") + find_option(key)->flag));
    for (const auto& text : given.sets) SKILLGRAD_CHECK(apply_set(settings, text));
    return {};
  };
  // The user's layers are read first on their own, to learn which preset they ask for.
  Settings probe = defaults();
  std::vector<std::string> ignored;
  SKILLGRAD_CHECK(apply_user(probe, ignored));
  Settings out = defaults();
  SKILLGRAD_CHECK(apply_preset(out, probe.get<"preset">()));
  SKILLGRAD_CHECK(apply_user(out, warnings));
  return out;
}

namespace {

/// Errors: config, where a value that was not kept is not given again.
Result<> check_given_again(const Json& not_kept, const Json& flat, const Settings& settings) {
  for (const auto& item : not_kept) {
    const std::string key = item.value("key", ""), at = item.value("at", "");
    const OptionSpec* spec = find_option(key);
    if (spec == nullptr || !flat.contains(key)) continue;
    const Json::json_pointer place(at);
    const Json& now = settings.raw(*spec);
    if (!now.contains(place) || !flat[key].contains(place)) continue;
    if (now[place] != flat[key][place]) continue;
    const bool has_flag =
        (spec->groups & (kLimits | kStops | kApprove | kOutput | kVerdict | kRun)) != 0;
    return fail(ErrorCode::config,
                "a value of \"" + key + "\" is not known" + (at.empty() ? "" : " (" + at + ")") +
                    ": what looks like a key is not kept with a run",
                std::string("--") + spec->flag,
                has_flag ? std::string("give --") + spec->flag + " again"
                         : "give it again with --set " + key + "=VALUE");
  }
  return {};
}

}  // namespace

Result<Settings> restore_settings(const SavedSettings& saved, const GivenOptions& given,
                                  void (*protect)(Settings&)) {
  if (!given.config_file.empty())
    return fail(ErrorCode::usage, "a run keeps its own configuration", "--config",
                "give the limits that shall change as flags, for example --max-usd 10");
  Settings out = defaults();
  for (const auto& [key, value] : saved.flat.items()) {
    const auto& chosen = saved.chosen;
    const bool by_user = std::find(chosen.begin(), chosen.end(), key) != chosen.end();
    SKILLGRAD_CHECK(
        apply_object(out, Json{{key, value}}, "", by_user ? "config.json of the run" : "default"));
  }
  Settings before = out;
  // Who can be asked is a matter of where the run goes on, not of the run.
  std::vector<std::string> ignored;
  SKILLGRAD_CHECK(apply_environment(out, ignored, kApprove));
  for (const auto& [key, text] : given.flags)
    SKILLGRAD_CHECK(out.set_text(key, text, std::string("flag --") + find_option(key)->flag));
  for (const auto& text : given.sets) SKILLGRAD_CHECK(apply_set(out, text));
  protect(out);
  before.hide_with(out.hidden());
  SKILLGRAD_CHECK(check_given_again(saved.not_kept, saved.flat, out));
  std::set<std::string> compared_later;  // by the hash in the run's identity
  for (const auto& item : saved.not_kept) compared_later.insert(item.value("key", ""));
  constexpr unsigned kMayChange = kLimits | kStops | kApprove | kOutput | kVerdict | kRun | kModel |
                                  kJudge | kSandbox | kSim | kShare;
  for (const auto& spec : option_table())
    if ((spec.identity || (spec.groups & kMayChange) == 0) && !compared_later.contains(spec.key) &&
        out.deciding(spec) != before.deciding(spec))
      return fail(ErrorCode::usage,
                  fmt::format("{} cannot change when a run goes on: it has {}, got {}", spec.key,
                              dump_json(before.shown(spec)), dump_json(out.shown(spec))),
                  out.origin(spec), "start another run with it");
  return out;
}

}  // namespace skillgrad::cli
