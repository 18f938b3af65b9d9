// SPDX-License-Identifier: MIT
#include <set>

#include <skillgrad/skill/hunks.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/hunks/risky_text.hpp"

namespace skillgrad::skill {
namespace {

class Look {
 public:
  void line(std::string_view text, std::size_t number) {
    for (Risk& risk : risks_of_line(text)) add(std::move(risk), number);
  }
  void add(Risk risk, std::size_t number) {
    risk.line = number;
    if (seen_.emplace(risk.kind, risk.what).second) out_.push_back(std::move(risk));
  }
  std::vector<Risk> take() { return std::move(out_); }

 private:
  std::set<std::pair<RiskKind, std::string>> seen_;  ///< one of a kind is enough to look
  std::vector<Risk> out_;
};

}  // namespace

std::vector<Risk> risks_of(const Hunk& hunk, const std::optional<std::string>& text) {
  Look look;
  const std::string_view whole = text ? *text : hunk.new_text;
  if (hunk.kind != HunkKind::remove)
    for (Risk& risk : risks_of_file(hunk.file, whole, hunk.mode, hunk.kind == HunkKind::create))
      look.add(std::move(risk), 0);
  if (text) {
    std::size_t number = hunk.begin + 1;
    for (const std::string_view line : lines_of(*text)) look.line(line, number++);
    return look.take();
  }
  std::size_t number = hunk.new_line;
  for (const HunkLine& line : hunk.lines) {
    if (line.mark == '+') look.line(line.text, number);
    if (line.mark != '-') ++number;
  }
  return look.take();
}

}  // namespace skillgrad::skill
