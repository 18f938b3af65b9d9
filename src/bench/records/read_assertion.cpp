// SPDX-License-Identifier: MIT
// Takes an assertion object apart.
#include <cctype>
#include <set>
#include <utility>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/records/assertion_types.hpp"
#include "bench/records/typed_assertion.hpp"

namespace skillgrad::bench {
namespace {

/// What says an assertion's meaning, the first one counts.
constexpr Words kWords = {"text",      "description", "criterion", "criteria", "assertion",
                          "statement", "expectation", "check",     "rubric",   "question"};
constexpr Words kNames = {"name", "label", "title", "id", "metric"};
/// What an assertion of a type compares with.
constexpr Words kValues = {"value",    "values",  "pattern", "regex",    "substring", "contains",
                           "keywords", "phrases", "needle",  "expected", "command",   "cmd"};
/// What a command's own value stands under.
constexpr Words kCommands = {"command", "cmd", "value", "values"};
constexpr Words kExitCodes = {"expected", "expect_exit", "expected_exit_code", "exit_code"};
constexpr Words kPaths = {"path", "file", "filename", "target", "source"};
constexpr Words kTypes = {"type", "kind", "method", "check_type"};
/// Conditions that change what is checked, and that no grader here knows.
constexpr Words kConditions = {
    "threshold", "min",       "max",         "count",         "min_count",
    "max_count", "condition", "expect_exit", "expect_output", "transform",
    "provider",  "fields",    "exit_code",   "flags",         "expected_exit_code"};
constexpr Words kIgnoreCase = {"ignore_case", "ci"};
constexpr Words kHeedCase = {"case_sensitive", "caseSensitive"};
constexpr Words kNegations = {"negate", "negated", "not"};

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? std::string(trim(found->get<std::string>()))
                                                     : "";
}

std::string plain_type(const std::string& type) {
  std::string out = to_lower_ascii(trim(type));
  std::replace(out.begin(), out.end(), '_', '-');
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

/// A place that means the answer itself and no file.
bool is_the_answer(const std::string& place) {
  return is_among(to_lower_ascii(place), {"output", "response", "answer", "stdout", "message",
                                          "final", "final_message", "reply", "text", "content"});
}

/// A name with a folder or an extension.
bool looks_like_a_path(const std::string& text) {
  if (text.find_first_of(" \n") != std::string::npos) return false;
  const std::size_t dot = text.rfind('.');
  return text.find('/') != std::string::npos ||
         (dot != std::string::npos && dot > 0 && dot + 1 < text.size() &&
          std::isalpha(static_cast<unsigned char>(text[dot + 1])) != 0);
}

/// An object and which of its keys something was made of.
struct Part {
  const Json& object;
  std::string prefix;  ///< of its keys in notes
  std::set<std::string> used = {};

  [[nodiscard]] bool has(const char* key) const {
    return object.contains(key) && !object[key].is_null();
  }
};

/// Reads one object and its `params`, whose keys are options like its own.
class Reader {
 public:
  explicit Reader(const Json& item)
      : item_{item, "", {"notes", "note", "comment"}}, params_{params_of(item), "params."} {
    if (item.contains("params") && item["params"].is_object()) item_.used.insert("params");
  }

  TypedAssertion read() {
    for (const char* key : kTypes) read_type(key);
    out_.type = plain_type(out_.given);
    TypedAssertion bare;
    bare.type = out_.type;
    split_type(bare);
    type_ = bare.type;
    model_ = is_for_a_model(type_) || is_for_a_model(out_.type);
    command_ = is_among(type_, kCommandTypes);
    if (!type_.empty()) {
      value();
      if (!model_ && !command_) place_and_text(bare.wants_file);
      file();
      if (command_) exit_code();
    }
    words();
    options();
    for (const Part* part : {&item_, &params_}) rest(*part);
    return std::move(out_);
  }

 private:
  static const Json& params_of(const Json& item) {
    static const Json none = Json::object();
    const auto found = item.find("params");
    return found != item.end() && found->is_object() ? *found : none;
  }

  void read_type(const char* key) {
    const std::string type = text_at(item_.object, key);
    if (type.empty()) return;
    if (out_.given.empty()) out_.given = type;
    if (type == out_.given) item_.used.insert(key);
  }

  /// What says the assertion in words. A sentence says more than an identifier under an earlier
  /// key; to a model the `value` is said first.
  void words() {
    struct Said {
      std::string key, text;
    };
    std::vector<Said> said;
    const bool told = model_ && out_.value.is_string();
    if (told && out_.value_key == "value") said.push_back({out_.value_key, value_text()});
    for (const char* key : kWords) {
      const std::string text = text_at(item_.object, key);
      if (text.empty()) continue;
      item_.used.insert(key);
      said.push_back({key, text});
    }
    if (told && out_.value_key != "value") said.push_back({out_.value_key, value_text()});
    for (const Said& one : said)
      if (out_.words.empty() || (!reads_as_words(out_.words) && reads_as_words(one.text)))
        out_.words = one.text;
    for (const Said& one : said)
      if (one.text != out_.words && (one.key != out_.value_key || told))
        out_.unused.push_back(one.key);
    if (told) out_.value = nullptr;
    if (!told && !out_.value.is_null() && !is_among(out_.value_key, kWords))
      out_.heeded.push_back(out_.value_key);
    name();
  }

  void name() {
    std::string name;
    for (const char* key : kNames) {
      item_.used.insert(key);
      if (name.empty()) name = text_at(item_.object, key);
    }
    out_.words_given = !out_.words.empty();
    if (!out_.words_given) out_.words = name;
    out_.label = name.empty() ? out_.words : name;
  }

  [[nodiscard]] std::string value_text() const {
    return std::string(trim(out_.value.get<std::string>()));
  }

  void take(Part& part, const char* key) {
    out_.value = part.object[key];
    out_.value_key = part.prefix + key;
    part.used.insert(key);
    if (!out_.value.is_string() || !value_text().starts_with("file://")) return;
    // promptfoo reads such a file; its name is not what is meant.
    out_.unused.push_back(std::exchange(out_.value_key, ""));
    out_.value = nullptr;
    out_.runnable = false;
  }

  void value() {
    for (Part* part : {&item_, &params_})
      for (const char* key : command_ ? kCommands : kValues) {
        if (!out_.value.is_null() || !part->has(key)) continue;
        take(*part, key);
        out_.is_pattern = is_among(key, {"pattern", "regex"});
      }
  }

  /// Without a key for a value, `text` is one, or `target` where that is no path.
  void place_and_text(bool wants_file) {
    if (is_among(type_, kExistence)) return existing();
    if (is_among(type_, kJsonForms)) return;
    const bool valued = !out_.value.is_null();
    for (const char* key : {"text", "check"})
      if (out_.value.is_null() && !text_at(params_.object, key).empty()) take(params_, key);
    const std::string target = text_at(item_.object, "target");
    const bool named = !target.empty() && !is_the_answer(target) && !wants_file;
    if (out_.value.is_null() && named && !looks_like_a_path(target)) {
      take(item_, "target");
      out_.remarks.push_back("\"target\" of an assertion of type \"" + out_.given +
                             "\" is what is compared with, as there is no \"value\"");
    } else if (named && (!valued || !looks_like_a_path(target))) {
      out_.remarks.push_back("\"target\" of an assertion is the name of a file");
    }
    for (const char* key : {"text", "check"}) {
      if (!out_.value.is_null() || text_at(item_.object, key).empty()) continue;
      take(item_, key);
      if (reads_as_words(value_text()))
        out_.remarks.push_back(std::string("\"") + key + "\" of an assertion of type \"" +
                               out_.given +
                               "\" is compared word by word, as there is no \"value\"");
    }
  }

  /// Of a file that must be there a text can only be the name, and `true` says nothing more.
  void existing() {
    if (out_.value.is_null() || out_.value == true) return;
    const bool named = std::any_of(kPaths.begin(), kPaths.end(), [&](const char* key) {
      return !text_at(item_.object, key).empty() || !text_at(params_.object, key).empty();
    });
    if (out_.value.is_string() && !named)
      out_.file = value_text();
    else
      out_.unused.push_back(out_.value_key);
    if (out_.value == false) out_.runnable = false;
    out_.value = nullptr;
  }

  void file() {
    for (Part* part : {&params_, &item_})
      for (const char* key : kPaths) {
        std::string place = text_at(part->object, key);
        if (place.empty() || part->prefix + key == out_.value_key) continue;
        part->used.insert(key);
        if (is_the_answer(place)) continue;
        if (place.starts_with("./")) place.erase(0, 2);
        if (out_.file.empty()) {
          out_.file = place;
          out_.heeded.push_back(part->prefix + key);
        } else if (place != out_.file) {
          out_.unused.push_back(part->prefix + key);
        }
      }
  }

  /// The exit code that a command must have; of another expectation nothing is known here.
  void exit_code() {
    for (Part* part : {&item_, &params_})
      for (const char* key : kExitCodes) {
        if (!part->has(key)) continue;
        const Json& given = part->object[key];
        const std::string code = given.is_string() ? text_at(part->object, key)
                                 : given == true   ? "0"
                                                   : dump_json(given);
        if (code.empty() || code.size() > 3 ||
            code.find_first_not_of("0123456789") != std::string::npos) {
          out_.runnable = false;
          continue;
        }
        part->used.insert(key);
        out_.exit_code = code;
        if (given.is_string())
          out_.remarks.push_back(std::string("\"") + key +
                                 "\" of a command is read as its exit code");
      }
  }

  [[nodiscard]] bool flag(Words keys, bool when) {
    bool found = false;
    for (Part* part : {&params_, &item_})
      for (const char* key : keys) {
        if (!part->object.contains(key) || !part->object[key].is_boolean()) continue;
        part->used.insert(key);
        found = found || part->object[key].get<bool>() == when;
      }
    return found;
  }

  void options() {
    out_.ignore_case = flag(kIgnoreCase, true);
    out_.ignore_case = flag(kHeedCase, false) || out_.ignore_case;
    out_.negated = flag(kNegations, true);
    for (Part* part : {&params_, &item_}) {
      if (part->object.contains("flags") && part->object["flags"].is_string()) {
        part->used.insert("flags");
        out_.flags = text_at(part->object, "flags");
      }
      const auto weight = part->object.find("weight");
      if (weight == part->object.end() || !weight->is_number() || weight->get<double>() < 0)
        continue;
      part->used.insert("weight");
      out_.weight = weight->get<double>();
    }
    if (!out_.flags.empty()) out_.heeded.emplace_back("flags");
    if (out_.ignore_case) out_.heeded.emplace_back("case_sensitive");
  }

  void rest(const Part& part) {
    for (const auto& [key, entry] : part.object.items()) {
      if (part.used.contains(key) || entry.is_null()) continue;
      out_.unused.push_back(part.prefix + key);
      const bool decides = is_among(key, kConditions) || is_among(key, kNegations) ||
                           is_among(key, kIgnoreCase) || is_among(key, kHeedCase) ||
                           (command_ && is_among(key, kValues));
      if (decides) out_.runnable = false;
    }
  }

  Part item_, params_;
  std::string type_;  ///< without "not-" and the like
  bool model_ = false, command_ = false;
  TypedAssertion out_;
};

}  // namespace

bool is_assertion(const Json& object) {
  const auto has = [&](Words keys) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const char* key) { return !text_at(object, key).empty(); });
  };
  return object.contains("grader") || has(kTypes) || has(kWords) || has(kNames);
}

TypedAssertion read_assertion(const Json& item) { return Reader(item).read(); }

}  // namespace skillgrad::bench
