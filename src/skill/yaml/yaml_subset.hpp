// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include <tl/expected.hpp>

#include "skill/yaml/yaml_node.hpp"

namespace skillgrad::skill::yaml {

/// Parses one document. Line breaks are LF, CRLF, CR and U+0085. The text is valid UTF-8.
[[nodiscard]] tl::expected<Document, Problem> parse(std::string_view text, Mode mode);

}  // namespace skillgrad::skill::yaml
