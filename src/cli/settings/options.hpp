// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>

#include "cli/settings/option_keys.hpp"

namespace skillgrad::cli {

/// Limits of an endpoint's account, which a role with another endpoint may have for itself.
inline constexpr const char* kAccountLimits[] = {option<"rpm">.spec->key, option<"tpm">.spec->key,
                                                 option<"max_concurrency">.spec->key};

[[nodiscard]] const OptionSpec* find_option(const std::string& key);
[[nodiscard]] std::string environment_name(const OptionSpec& spec);

/// Effective values with their origins. What the program itself asks for it names by a key of the
/// table, get<"jobs">(), which does not compile for an unknown one and has the option's type.
class Settings {
 public:
  struct Value {
    Json value;
    std::string origin;  ///< "default", "preset paper", "file x.json", "environment X", "flag --x"
  };
  template <class T>
  [[nodiscard]] T get(Key<T> key) const {
    return option_types::Reading<T>::of(raw(key));
  }
  [[nodiscard]] const Json& get(Key<Json> key) const { return raw(key); }
  template <KeyText key>
  [[nodiscard]] decltype(auto) get() const {
    return get(option<key>);
  }
  /// The value as JSON, whatever its type.
  [[nodiscard]] const Json& raw(const OptionSpec& spec) const { return at(spec).value; }
  [[nodiscard]] const std::string& origin(const OptionSpec& spec) const { return at(spec).origin; }
  template <KeyText key>
  [[nodiscard]] const std::string& origin() const {
    return origin(option<key>);
  }
  /// Was it set by the user (file, environment, flag) rather than by default or preset?
  [[nodiscard]] bool given(const OptionSpec& spec) const;
  template <KeyText key>
  [[nodiscard]] bool given() const {
    return given(option<key>);
  }
  /// Errors of the setters: config, naming key, got / expected and, where a user named the key, the
  /// nearest match.
  [[nodiscard]] Result<> set(const OptionSpec& spec, Json value, std::string origin);
  [[nodiscard]] Result<> set_text(const std::string& key, const std::string& text,
                                  std::string origin);
  /// From now on shown() and its like hide these secrets, too, not only what looks like a key.
  void hide_with(Redactor redactor) { hidden_ = std::move(redactor); }
  [[nodiscard]] const Redactor& hidden() const { return hidden_; }
  /// Without what must not be kept or shown: the values of headers become null, keys "***".
  [[nodiscard]] Json shown(const OptionSpec& spec) const;
  /// What shown() changed beside headers and the keys of base URLs: [{"key":KEY,"at":POINTER}].
  [[nodiscard]] Json not_kept() const;
  /// As shown(), with a hash of what is hidden, without what may change within one run: the limits
  /// of roles.
  [[nodiscard]] Json deciding(const OptionSpec& spec) const;
  /// Flat object of all values as shown(), in table order.
  [[nodiscard]] Json to_json() const;

 private:
  [[nodiscard]] const Value& at(const OptionSpec& spec) const { return values_.at(spec.key); }
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
