// SPDX-License-Identifier: MIT
#include <skillgrad/skill/hunks.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/hunks/package_states.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

/// Without their ends: whether git or an editor wrote LF or CR LF says nothing about who wrote a
/// line.
Lines texts_of(std::string_view bytes) {
  Lines out = lines_of(bytes);
  for (std::string_view& line : out)
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return out;
}

}  // namespace

LineOrigins line_origins(const SkillPackage& before, const SkillPackage& after) {
  const FileStates olds = states_of(before);
  LineOrigins out;
  for (const auto& [path, file] : states_of(after)) {
    if (!is_text(file.bytes)) continue;
    const Lines lines = texts_of(file.bytes);
    auto& origins = out[path];
    origins.resize(lines.size());
    const auto old = olds.find(path);
    if (old == olds.end() || !is_text(old->second.bytes)) continue;
    for (const LineStep& step : line_script(texts_of(old->second.bytes), lines))
      if (step.mark == ' ') origins[step.after] = step.before;
  }
  return out;
}

}  // namespace skillgrad::skill
