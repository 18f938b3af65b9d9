// SPDX-License-Identifier: MIT
// The JSON form of a grade: the fields of `skillgrad grade`'s output and a few more.
#include <utility>

#include <fmt/format.h>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view kSigns = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
  const std::size_t at = kSigns.find(c);
  out += '\\';
  if (at != std::string_view::npos)
    out += kLetters[at];
  else
    out += fmt::format("u{:04x}", static_cast<int>(c));
}

/// As dump_json() writes a string.
void append_string(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  bool valid = false;  // UTF-8: looked at only where there is more than ASCII
  std::size_t copied = 0;
  out += '"';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80 && !valid) {
      valid = !first_invalid_utf8(text);
      if (!valid) {
        out.resize(begin);
        out += dump_json(Json(text));
        return;
      }
    }
    if (byte >= ' ' && byte != '"' && byte != '\\') continue;
    out.append(text, copied, at - copied);
    append_escape(out, text[at]);
    copied = at + 1;
  }
  out.append(text, copied).append(1, '"');
}

/// Writes members in their order. Grades are written by the thousand: as values of the JSON library
/// they would cost more than the grading.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  Members& text(std::string_view key, std::string_view value) {
    append_string(begin(key), value);
    return *this;
  }
  Members& number(std::string_view key, double value) {
    begin(key) += value == 0 ? "0.0" : value == 1 ? "1.0" : dump_json(Json(value));
    return *this;
  }
  Members& raw(std::string_view key, std::string_view json) {
    begin(key) += json;
    return *this;
  }
  /// Of an array: `write` appends one item.
  template <class Items, class Write>
  Members& list(std::string_view key, const Items& items, Write write) {
    char before = '[';
    begin(key);
    for (const auto& item : items) {
      out_ += std::exchange(before, ',');
      write(item);
    }
    out_ += before == '[' ? "[]" : "]";
    return *this;
  }
  /// After a key, which needs no escapes, and whose value the caller appends.
  std::string& begin(std::string_view key) {
    out_ += std::exchange(first_, false) ? "\"" : ",\"";
    return out_.append(key).append("\":");
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

/// About the bytes of the grade's line. Room for just these is made at once: thousands are kept.
std::size_t line_bytes(const Grade& grade) {
  constexpr std::size_t kEmptyGrade = 160, kEmptyDifference = 80;
  const auto typed_bytes = [](const TypedText& value) {
    return value.type.size() + value.text.size();
  };
  std::size_t bytes =
      kEmptyGrade + grade.task_id.size() + grade.message.size() + grade.grader.size();
  for (const Difference& one : grade.differences)
    bytes += kEmptyDifference + one.where.size() + typed_bytes(one.expected) + typed_bytes(one.got);
  return bytes;
}

void append_typed(std::string& out, const TypedText& value) {
  Members(out).text("type", value.type).text("text", value.text).end();
}

TypedText read_typed(const Json& parent, const char* key, StrictReader& owner) {
  if (!parent.contains(key) || !parent[key].is_object()) {
    owner.reject(key, "expected an object with type and text");
    return {};
  }
  StrictReader reader(parent[key], key);
  TypedText value{reader.string("type"), reader.string("text")};
  if (const auto done = reader.finish(true); !done) owner.reject(key, done.error().message);
  return value;
}

std::vector<Difference> read_differences(const Json& list, StrictReader& owner) {
  std::vector<Difference> differences;
  for (const Json& item : list) {
    StrictReader reader(item, "differences");
    Difference difference;
    difference.where = reader.string("where");
    difference.expected = read_typed(item, "expected", reader);
    difference.got = read_typed(item, "got", reader);
    if (const auto done = reader.finish(true); !done) {
      owner.reject("differences", done.error().message);
      break;
    }
    differences.push_back(std::move(difference));
  }
  return differences;
}

std::vector<Check> read_checks(const Json& list, StrictReader& owner) {
  std::vector<Check> checks;
  for (const Json& item : list) {
    StrictReader reader(item, "checks");
    Check check;
    check.name = reader.string("name");
    check.weight = reader.number("weight", 1, 0);
    check.score = reader.number("score", 0, 0, 1);
    check.message = reader.string("message", "");
    if (const auto done = reader.finish(true); !done) {
      owner.reject("checks", done.error().message);
      break;
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

// An error has no score: null, so that no reader can take it for a 0.
void read_score(const Json& value, StrictReader& reader, Grade& grade) {
  if (grade.status == GradeStatus::error) {
    reader.ignore("score");
    for (const char* key : {"hard", "matched", "total"}) reader.ignore(key);
    return;
  }
  grade.matched = static_cast<std::size_t>(reader.integer("matched", 0, 0));
  grade.total = static_cast<std::size_t>(reader.integer("total", 0, 0));
  grade.score = reader.number("score", std::nullopt, 0, 1);
  grade.hard = value.contains("hard") && value["hard"].is_boolean()
                   ? reader.boolean("hard")
                   : reader.integer("hard", std::nullopt, 0, 1) == 1;
}

}  // namespace

std::string grade_to_json(const Grade& grade) {
  const bool scored = grade.status != GradeStatus::error;
  const auto count = [&](std::size_t value) { return scored ? std::to_string(value) : "null"; };
  std::string out;
  out.reserve(line_bytes(grade));
  Members members(out);
  members.text("schema", "skillgrad.grade/1")
      .text("task_id", grade.task_id)
      .text("status", name_of(grade.status));
  if (!scored) members.text("kind", name_of(grade.kind));
  if (scored)
    members.number("score", grade.score);
  else
    members.raw("score", "null");
  members.raw("hard", count(grade.hard ? 1 : 0))
      .raw("matched", count(grade.matched))
      .raw("total", count(grade.total))
      .text("message", grade.message)
      .list("differences", grade.differences, [&](const Difference& difference) {
        Members item(out);
        item.text("where", difference.where);
        append_typed(item.begin("expected"), difference.expected);
        append_typed(item.begin("got"), difference.got);
        item.end();
      });
  if (!grade.checks.empty())
    members.list("checks", grade.checks, [&](const Check& check) {
      Members(out)
          .text("name", check.name)
          .number("weight", check.weight)
          .number("score", check.score)
          .text("message", check.message)
          .end();
    });
  members.text("grader", grade.grader);
  if (!grade.version.empty()) members.text("version", grade.version);
  if (grade.recalculated) members.raw("recalculated", "true");
  if (grade.judged) members.raw("judged", "true");
  members.end();
  return out;
}

Result<Grade> grade_from_json(const std::string& text) {
  SKILLGRAD_TRY(const Json value, parse_json(text, "grade"));
  if (!value.is_object())
    return fail(ErrorCode::input, "a grade is a JSON object", "grade", "give one object a line");
  StrictReader reader(value, "grade");
  Grade grade;
  reader.ignore("schema");
  grade.task_id = reader.string("task_id");
  grade.status = read_named<GradeStatus>(reader, "status");
  const std::string kind = reader.string("kind", name_of(GradeErrorKind::none));
  if (const auto known = named<GradeErrorKind>(kind))
    grade.kind = *known;
  else
    reader.reject("kind", "got \"" + kind + "\", expected dataset_error or infra_error");
  read_score(value, reader, grade);
  grade.message = reader.string("message", "");
  const Json differences = reader.any("differences");
  if (differences.is_array()) grade.differences = read_differences(differences, reader);
  const Json checks = reader.any("checks");
  if (checks.is_array()) grade.checks = read_checks(checks, reader);
  grade.grader = reader.string("grader", "");
  grade.version = reader.string("version", "");
  grade.recalculated = reader.boolean("recalculated", false);
  grade.judged = reader.boolean("judged", false);
  SKILLGRAD_CHECK(reader.finish(true));
  return grade;
}

}  // namespace skillgrad::bench
