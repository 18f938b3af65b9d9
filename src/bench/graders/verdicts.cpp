// SPDX-License-Identifier: MIT
#include "bench/graders/verdicts.hpp"

#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::bench {
namespace {

constexpr char32_t kEllipsis = U'\u2026';
constexpr std::u32string_view kStops = U".,;:";
/// A quote of more pieces is none; it also bounds the time.
constexpr std::size_t kMostPieces = 100;

tl::unexpected<Error> unusable(std::string what) {
  return fail(ErrorCode::malformed_reply, std::move(what), "reply of the judge");
}

char32_t plain(char32_t c) {
  if (c == U'\u2018' || c == U'\u2019' || c == U'\u201A' || c == U'\u201B') return U'\'';
  if (c == U'\u201C' || c == U'\u201D' || c == U'\u201E' || c == U'\u00AB' || c == U'\u00BB')
    return U'"';
  if ((c >= U'\u2010' && c <= U'\u2015') || c == U'\u2212') return U'-';
  return c;
}

/// The form in which a quote and its source are compared. Three dots and more are an ellipsis.
std::u32string comparable(const std::string& text) {
  std::u32string out;
  for (const char32_t c : to_code_points(fold_case(text))) {
    if (c == U'*' || c == U'`') continue;
    if (c == U'.' && out.ends_with(kEllipsis)) continue;
    out.push_back(plain(c));
    if (!out.ends_with(U"...")) continue;
    out.erase(out.size() - 3);
    out.push_back(kEllipsis);
  }
  return collapse_white_space(out);
}

bool says_something(std::u32string_view text) {
  return std::any_of(text.begin(), text.end(), [](char32_t c) {
    return c >= 0x80 || (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z');
  });
}

/// The pieces of a quote between its ellipses, without the marks that a judge puts around them.
std::vector<std::u32string> pieces(std::u32string_view text) {
  std::vector<std::u32string> out;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(kEllipsis, begin), text.size());
    std::u32string_view piece = text.substr(begin, end - begin);
    const auto is_mark = [](char32_t c) {
      return c == U' ' || c == U'"' || c == U'\'' || c == U'[' || c == U']';
    };
    while (!piece.empty() && is_mark(piece.front())) piece.remove_prefix(1);
    // A full stop or comma is often added where a quote ends.
    while (!piece.empty() && (is_mark(piece.back()) || kStops.find(piece.back()) != kStops.npos))
      piece.remove_suffix(1);
    if (says_something(piece)) out.emplace_back(piece);
    begin = end + 1;
  }
  return out;
}

Result<Verdict> read_verdict(const Json& item, const std::string& name, const std::string& answer) {
  if (!item.is_object()) return unusable(name + " is not an object");
  const auto passed = item.find("passed"), evidence = item.find("evidence");
  if (passed == item.end() || !passed->is_boolean())
    return unusable(name + " has no \"passed\" that is true or false");
  Verdict out;
  out.passed = passed->get<bool>();
  if (evidence != item.end() && evidence->is_string())
    out.evidence = evidence->get<std::string>();
  else if (out.passed || (evidence != item.end() && !evidence->is_null()))
    return unusable(name + " has no \"evidence\" that is a text");
  if (out.passed && !is_quote(out.evidence, answer))
    return unusable(name + " is passed, but its evidence does not stand in the answer: \"" +
                    truncate_middle(out.evidence, 200) + "\"");
  return out;
}

/// 0-based number of the criterion that an item is about; without "criterion" its own position.
Result<std::size_t> number_of(const Json& item, std::size_t position, std::size_t count) {
  if (!item.is_object() || !item.contains("criterion")) return position;
  const Json& number = item["criterion"];
  if (!number.is_number_integer() || number.get<std::int64_t>() < 1 ||
      number.get<std::int64_t>() > static_cast<std::int64_t>(count))
    return unusable("a verdict is about criterion " + truncate_middle(dump_json(number), 100) +
                    ", expected 1 to " + std::to_string(count));
  return static_cast<std::size_t>(number.get<std::int64_t>() - 1);
}

}  // namespace

bool is_quote(const std::string& evidence, const std::string& text) {
  const std::u32string quote = comparable(evidence), source = comparable(text);
  if (!quote.empty() && quote == source) return true;
  const auto parts = pieces(quote);
  if (parts.empty() || parts.size() > kMostPieces) return false;
  return std::all_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return source.find(part) != source.npos; });
}

Result<std::vector<Verdict>> read_verdicts(const std::string& reply, std::size_t count,
                                           const std::string& answer) {
  SKILLGRAD_TRY(const Json object, object_in_text(reply));
  Json list = Json::array({object});
  if (object.contains("verdicts")) list = object["verdicts"];
  if (!list.is_array() || list.size() != count)
    return unusable("got " + std::to_string(list.is_array() ? list.size() : 0) +
                    " verdicts, expected " + std::to_string(count));
  std::vector<Verdict> out(count);
  std::vector<bool> seen(count);
  for (std::size_t i = 0; i < count; ++i) {
    SKILLGRAD_TRY(const std::size_t number, number_of(list[i], i, count));
    const std::string name = "the verdict on criterion " + std::to_string(number + 1);
    if (seen[number]) return unusable(name + " is given twice");
    seen[number] = true;
    SKILLGRAD_TRY(out[number], read_verdict(list[i], name, answer));
  }
  return out;
}

}  // namespace skillgrad::bench
