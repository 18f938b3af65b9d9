// SPDX-License-Identifier: MIT
#include <cctype>
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {
namespace {

class FunctionTool final : public Tool {
 public:
  using Call = std::function<ToolOutcome(const std::string&, std::stop_token)>;
  FunctionTool(llm::ToolSpec spec, Call call) : spec_(std::move(spec)), call_(std::move(call)) {}
  [[nodiscard]] llm::ToolSpec spec() const override { return spec_; }
  [[nodiscard]] ToolOutcome call(const std::string& arguments_json, std::stop_token stop) override {
    return call_(arguments_json, std::move(stop));
  }

 private:
  llm::ToolSpec spec_;
  Call call_;
};

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Length of a closing tag at `at`, blanks and letter case disregarded; 0 if there is none.
std::size_t closing_tag_length(std::string_view text, std::size_t at, std::string_view tag) {
  std::size_t i = at + 2;
  while (i < text.size() && is_blank(text[i])) ++i;
  if (!starts_with_icase(text.substr(i), tag)) return 0;
  i += tag.size();
  while (i < text.size() && is_blank(text[i])) ++i;
  return i < text.size() && text[i] == '>' ? i + 1 - at : 0;
}

}  // namespace

std::unique_ptr<Tool> make_tool(llm::ToolSpec spec, FunctionTool::Call call) {
  return std::make_unique<FunctionTool>(std::move(spec), std::move(call));
}

std::string tagged(std::string_view tag, std::string_view data) {
  const std::string clean = sanitize_utf8(data);
  const std::string name(tag);
  std::string out = "<" + name + ">\n";
  std::size_t from = 0;
  for (std::size_t at = clean.find("</"); at != std::string::npos; at = clean.find("</", at + 2)) {
    if (closing_tag_length(clean, at, tag) == 0) continue;
    out.append(clean, from, at - from).append("<\\/");
    from = at + 2;
  }
  out.append(clean, from);
  if (out.back() != '\n') out += '\n';
  return out + "</" + name + ">\n";
}

}  // namespace skillgrad::agent
