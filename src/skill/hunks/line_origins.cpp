// SPDX-License-Identifier: MIT
#include <skillgrad/skill/hunks.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/hunks/package_states.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

LineOrigins line_origins(const SkillPackage& before, const SkillPackage& after) {
  const FileStates olds = states_of(before);
  LineOrigins out;
  for (const auto& [path, file] : states_of(after)) {
    if (!is_text(file.bytes)) continue;
    const Lines lines = lines_of(file.bytes);
    auto& origins = out[path];
    origins.resize(lines.size());
    const auto old = olds.find(path);
    if (old == olds.end() || !is_text(old->second.bytes)) continue;
    for (const LineStep& step : line_script(lines_of(old->second.bytes), lines))
      if (step.mark == ' ') origins[step.after] = step.before;
  }
  return out;
}

}  // namespace skillgrad::skill
