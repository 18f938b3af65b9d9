// SPDX-License-Identifier: MIT
// Which format a text is in, by what it holds.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/sessions.hpp>

#include "traces/formats/formats.hpp"

namespace skillgrad::traces {
namespace {

constexpr std::size_t kBrokenTold = 5;  ///< of the broken lines of a file

struct Reader {
  Format format;
  bool (*knows)(const Json& value);
  std::vector<Session> (*read)(const Source& source);
};
constexpr std::array<Reader, 6> kReaders = {
    {{Format::atif, is_atif, read_atif},
     {Format::skillgrad, is_skillgrad, read_skillgrad},
     {Format::codex, is_codex, read_codex},
     {Format::claude_code, is_claude_code, read_claude_code},
     {Format::opencode, is_opencode, read_opencode},
     {Format::messages, is_messages, read_messages}}};

/// The lines of a text, and whether its last one was cut.
class Lines {
 public:
  Lines(std::string_view bytes, const std::string& place, Cleaner& cleaner,
        std::vector<std::string>& notes)
      : place_(place), cleaner_(cleaner), notes_(notes) {
    std::size_t number = 0;
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const bool whole = end != std::string_view::npos;
      const std::string_view line = bytes.substr(0, end);
      bytes.remove_prefix(whole ? end + 1 : bytes.size());
      ++number;
      if (!trim(line).empty()) add(line, number, whole);
    }
    if (broken_ > kBrokenTold)
      notes_.push_back(fmt::format("{}: {} more lines are broken", place_, broken_ - kBrokenTold));
  }

  std::vector<Line> lines;
  bool cut = false;

 private:
  void add(std::string_view line, std::size_t number, bool whole) {
    const std::string where = fmt::format("{}:{}", place_, number);
    auto value = parse_tolerant_json(line, where, DeepValues::make_null);
    if (value) {
      lines.push_back({number, std::move(*value)});
      return;
    }
    if (!whole) {
      cut = true;
      notes_.push_back(where +
                       ": the last line is cut, as when an agent is killed; what stands "
                       "before it is used");
      return;
    }
    if (++broken_ <= kBrokenTold)
      notes_.push_back(where + ": not used: the line is broken: " +
                       truncate_middle(cleaner_.text(value.error().message), 200));
  }

  const std::string& place_;
  Cleaner& cleaner_;
  std::vector<std::string>& notes_;
  std::size_t broken_ = 0;
};

/// The reader that knows most of the first lines.
const Reader* reader_of(const std::vector<Line>& lines) {
  constexpr std::size_t kLooked = 50;
  const Reader* best = nullptr;
  std::ptrdiff_t most = 0;
  const auto last = lines.begin() + static_cast<std::ptrdiff_t>(std::min(kLooked, lines.size()));
  for (const Reader& reader : kReaders) {
    const auto known = std::count_if(lines.begin(), last,
                                     [&](const Line& line) { return reader.knows(line.value); });
    if (known <= most) continue;
    most = known;
    best = &reader;
  }
  return best;
}

/// One JSON value over the whole text, if it is one of those that are written so.
std::optional<Json> whole_value(std::string_view bytes, const std::string& place) {
  const std::string_view text = trim(bytes);
  if (text.empty() || (text.front() != '[' && text.front() != '{')) return std::nullopt;
  auto value = parse_tolerant_json(text, place, DeepValues::make_null);
  if (!value || !(is_atif(*value) || is_opencode(*value) || is_messages(*value)))
    return std::nullopt;
  return std::move(*value);
}

/// What a session read from another place of the same file has to be told from.
void name_sessions(std::string_view bytes, const std::string& place, std::vector<Session>& found) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    Session& session = found[i];
    session.id = found.size() == 1 ? place : fmt::format("{}#{}", place, i + 1);
    PartHasher hasher;
    hasher.add(bytes);
    if (found.size() > 1) hasher.add(std::to_string(i + 1)).add(session.trajectory.to_json_lines());
    session.sha256 = found.size() == 1 ? sha256_hex(bytes) : hasher.finish();
  }
}

}  // namespace

Reading read_text(std::string_view bytes, const std::string& place, const Redactor& redactor) {
  Reading out;
  Cleaner cleaner(redactor);
  Source source{cleaner.text(place), {}, &cleaner, &out.notes};
  bool cut = false;
  if (auto value = whole_value(bytes, source.place)) {
    source.lines.push_back({1, std::move(*value)});
  } else {
    std::vector<std::string> broken;
    Lines lines(bytes, source.place, cleaner, broken);
    source.lines = std::move(lines.lines);
    cut = lines.cut;
    // Of a file that holds no session at all, one note is enough.
    if (reader_of(source.lines) != nullptr)
      out.notes.insert(out.notes.end(), broken.begin(), broken.end());
  }
  if (const Reader* reader = reader_of(source.lines)) {
    out.sessions = reader->read(source);
    for (Session& session : out.sessions) session.cut = cut;
  } else {
    out.notes.push_back(source.place + ": no session in a format that is known");
  }
  name_sessions(bytes, source.place, out.sessions);
  out.redacted = cleaner.redacted();
  out.files = 1;
  return out;
}

}  // namespace skillgrad::traces
