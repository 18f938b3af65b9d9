// SPDX-License-Identifier: MIT
// `is-json` and `contains-json`: the answer is JSON, or has a JSON object or list in it.
#include <memory>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"
#include "bench/graders/json/json_compare.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMostStarts = 1000;  ///< brackets that are tried

/// Behind the bracket that closes the one at `begin`, strings heeded; npos if none does.
std::size_t end_of_value(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

bool contains_json(std::string_view text) {
  std::size_t tried = 0;
  for (std::size_t at = text.find_first_of("{["); at != std::string_view::npos;
       at = text.find_first_of("{[", at + 1)) {
    if (++tried > kMostStarts) return false;
    const std::size_t end = end_of_value(text, at);
    if (end != std::string_view::npos && parse_json(text.substr(at, end - at), "")) return true;
  }
  return false;
}

class JsonFormGrader final : public Grader {
 public:
  enum class Kind { whole, part };
  explicit JsonFormGrader(Kind kind) : kind_(kind) {}
  [[nodiscard]] std::string name() const override {
    return kind_ == Kind::whole ? "is-json" : "contains-json";
  }
  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    const bool right = kind_ == Kind::whole ? parse_json(unwrap_fence(input.answer), "").has_value()
                                            : contains_json(input.answer);
    return yes_or_no(input, right, kind_ == Kind::whole ? "JSON" : "a JSON object or list in it");
  }
  [[nodiscard]] std::optional<std::string> golden_text() const override { return "{}"; }

 private:
  Kind kind_;
};

Result<std::unique_ptr<Grader>> make_form(JsonFormGrader::Kind kind, const Json& spec,
                                          const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  SKILLGRAD_CHECK(reader.finish());
  return std::make_unique<JsonFormGrader>(kind);
}

}  // namespace

Result<std::unique_ptr<Grader>> make_is_json(const Json& spec, const GraderSetup& setup) {
  return make_form(JsonFormGrader::Kind::whole, spec, setup);
}

Result<std::unique_ptr<Grader>> make_contains_json(const Json& spec, const GraderSetup& setup) {
  return make_form(JsonFormGrader::Kind::part, spec, setup);
}

}  // namespace skillgrad::bench
