// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>

namespace skillgrad::cli {

/// Which commands take an option; a command takes every row that shares a bit with its mask.
enum Group : unsigned {
  kModel = 1U << 0,    ///< endpoint and roles
  kBench = 1U << 1,    ///< data set, splits, grading
  kLimits = 1U << 2,   ///< budgets; may change between a run and its resume
  kLoop = 1U << 3,     ///< the optimizer
  kRollout = 1U << 4,  ///< limits of one task
  kRun = 1U << 5,      ///< run directory, jobs
  kSandbox = 1U << 6,
  kOutput = 1U << 7,
  kVerdict = 1U << 8,   ///< gates that decide the exit code
  kSim = 1U << 9,       ///< knobs of the simulated endpoint
  kGrading = 1U << 10,  ///< how answers are judged (also a part of kBench)
  kSelect = 1U << 11,   ///< which tasks
  kStops = 1U << 12,    ///< what ends the optimizer early; may change between a run and its resume
  kJudge = 1U << 13,    ///< the prompt of a judge outside of a run
  kPlan = 1U << 14,     ///< what an estimate assumes
  kDoctor = 1U << 15,   ///< what `doctor` looks at besides the endpoints
  kLint = 1U << 16      ///< which lint rules speak
};

enum class ValueType {
  boolean,
  integer,
  number,
  text,
  path,  ///< a text that names a file or folder: never empty where it is given
  json
};

/// One row of the table from which flags, config keys and environment names all come.
struct OptionSpec {
  const char* key;         ///< config key, dotted
  const char* flag;        ///< long name without dashes; environment name: SKILLGRAD_ + upper case
  const char* short_flag;  ///< "j" or ""
  ValueType type;
  const char* fallback;  ///< JSON text; "null" = may be absent
  unsigned groups;
  bool identity;        ///< a change makes it another run
  double low, high;     ///< integer and number; low = high: any
  const char* choices;  ///< "a|b|c" or ""
  const char* help;
};

/// Limits of an endpoint's account, which a role with another endpoint may have for itself.
inline constexpr const char* kAccountLimits[] = {"rpm", "tpm", "max_concurrency"};

[[nodiscard]] const std::vector<OptionSpec>& option_table();
[[nodiscard]] const OptionSpec* find_option(const std::string& key);
[[nodiscard]] std::string environment_name(const OptionSpec& spec);

/// Effective values with their origins. Errors of the setters: config, naming key, got / expected
/// and the nearest match. Getters are for keys of the table.
class Settings {
 public:
  struct Value {
    Json value;
    std::string origin;  ///< "default", "preset paper", "file x.json", "environment X", "flag --x"
  };
  [[nodiscard]] const Json& json(const std::string& key) const { return values_.at(key).value; }
  [[nodiscard]] std::string text(const std::string& key) const;
  [[nodiscard]] std::int64_t integer(const std::string& key) const;
  [[nodiscard]] double number(const std::string& key) const;
  [[nodiscard]] bool flag(const std::string& key) const;
  [[nodiscard]] const std::string& origin(const std::string& key) const;
  /// Was it set by the user (file, environment, flag) rather than by default or preset?
  [[nodiscard]] bool given(const std::string& key) const;
  [[nodiscard]] Result<> set(const std::string& key, Json value, std::string origin);
  [[nodiscard]] Result<> set_text(const std::string& key, const std::string& text,
                                  std::string origin);
  /// From now on shown() and its like hide these secrets, too, not only what looks like a key.
  void hide_with(Redactor redactor) { hidden_ = std::move(redactor); }
  [[nodiscard]] const Redactor& hidden() const { return hidden_; }
  /// Without what must not be kept or shown: the values of headers become null, keys "***".
  [[nodiscard]] Json shown(const std::string& key) const;
  /// What shown() changed beside headers and the keys of base URLs: [{"key":KEY,"at":POINTER}].
  [[nodiscard]] Json not_kept() const;
  /// As shown(), with a hash of what is hidden, without what may change within one run: the limits
  /// of roles.
  [[nodiscard]] Json deciding(const std::string& key) const;
  /// Flat object of all values as shown(), in table order.
  [[nodiscard]] Json to_json() const;

 private:
  std::map<std::string, Value> values_;
  Redactor hidden_;
};

/// What the command line gave, before merging.
struct GivenOptions {
  std::map<std::string, std::string> flags;  ///< key -> text
  std::vector<std::string> sets;             ///< "a.b=c"
  std::string config_file;                   ///< --config, or ""
};

/// Flag > environment > config file (or ./skillgrad.json) > preset > default. `warnings` receives
/// unknown SKILLGRAD_* variables.
[[nodiscard]] Result<Settings> merge_settings(const GivenOptions& given,
                                              std::vector<std::string>& warnings);
/// What a run's config.json holds of them.
struct SavedSettings {
  Json flat;                      ///< as to_json() wrote it
  Json chosen = Json::array();    ///< the keys that the user had set
  Json not_kept = Json::array();  ///< as not_kept() wrote it
};
/// The given options go on top; `protect` hides their secrets before any value is shown. Errors:
/// usage (an option that would make it another run), config (a value that was not kept is not given
/// again).
[[nodiscard]] Result<Settings> restore_settings(const SavedSettings& saved,
                                                const GivenOptions& given,
                                                void (*protect)(Settings&));

}  // namespace skillgrad::cli
