// SPDX-License-Identifier: MIT
// The table of formats in which models write tool calls into their text (R2.13). A new model's
// format is a line here; how calls are written inside of a block is found out by looking at it
// (text_call_reader.cpp), because models and templates mix what is not theirs.
#include "llm/text/text_call_formats.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"

namespace skillgrad::llm {

namespace {

/// Tags and their attributes are never longer.
constexpr std::size_t kLongestTag = 300;

constexpr std::array<CallFormat, 35> kFormats = {{
    // Kimi K2; DeepSeek V3, R1 and V3.1; Step 3
    {"<|tool_calls_section_begin|>", "", "<|tool_calls_section_end|>"},
    {"<|tool_calls_begin|>", "", "<|tool_calls_end|>"},
    {"<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"},
    {"<|tool_call_begin|>", "<|tool_sep|>", "<|tool_call_end|>"},
    // Liquid LFM2, Granite 3, Phi-4, Gemma 4
    {"<|tool_call_start|>", "", "<|tool_call_end|>"},
    {"<|tool_calls|>", "", "<|/tool_calls|>"},
    {"<|tool_call|>", "", "<|/tool_call|>"},
    {"<|tool_call>", "", "<tool_call|>"},
    // Llama 3 and 4
    {"<|python_start|>", "", "<|python_end|>"},
    {"<|python_tag|>", "", "<|eom_id|>"},
    // Cohere, InternLM, Apertus, Doubao, GigaChat, Pangu, FunctionGemma, Functionary 2.4
    {"<|START_ACTION|>", "", "<|END_ACTION|>"},
    {"<|action_start|><|plugin|>", "", "<|action_end|>"},
    {"<|action_start|>", "", "<|action_end|>"},
    {"<|tools_prefix|>", "", "<|tools_suffix|>"},
    {"<|FunctionCallBegin|>", "", "<|FunctionCallEnd|>"},
    {"<|function_call|>", "", "<|message_sep|>"},
    {"function call<|role_sep|>", "", "<|message_sep|>"},
    {"[unused11]", "", "[unused12]"},
    {"<start_function_call>", "", "<end_function_call>"},
    {"<|recipient|>", "<|content|>", ""},
    // Kimi K3
    {"<|open|>tools<|sep|>", "", "<|close|>tools<|sep|>"},
    // Mistral, LM Studio, Qwen-Agent
    {"[TOOL_CALLS]", "", "[/TOOL_CALLS]"},
    {"[TOOL_CALL]", "", "[/TOOL_CALL]"},
    {"[TOOL_REQUEST]", "", "[END_TOOL_REQUEST]"},
    {"[FUNCTION_CALL]", "", "[/FUNCTION_CALL]"},
    {"\xE2\x9C\xBF"
     "FUNCTION\xE2\x9C\xBF:",
     "\xE2\x9C\xBF"
     "ARGS\xE2\x9C\xBF:",
     ""},
    // gpt-oss (Harmony): a message to a tool
    {"<|start|>assistant to=", "<|message|>", "<|call|>"},
    {"<|start|>assistant<|channel|>commentary to=", "<|message|>", "<|call|>"},
    {"<|start|>assistant<|channel|>analysis to=", "<|message|>", "<|call|>"},
    {"<|channel|>commentary to=", "<|message|>", "<|call|>"},
    {"<|channel|>analysis to=", "<|message|>", "<|call|>"},
    {"assistant to=functions.", "<|message|>", "<|call|>"},
    {"to=functions.", "<|message|>", "<|call|>"},
    // the same without its tokens, which some servers take out
    {"assistantcommentary to=", " json", ""},
    {"commentary to=", " json", ""},
}};

constexpr std::array<std::string_view, 12> kClosing = {
    "<|call|>", "<|end|>", "<|return|>", "<|eom_id|>",    "<|eot_id|>", "<|im_end|>",
    "</s>",     "<|eom|>", "<|eot|>",    "<end_of_turn>", "<turn|>",    "<|close|>message<|sep|>"};

/// Without '_' and '-'.
constexpr std::array<std::string_view, 12> kBlocks = {
    "toolcall", "toolcalls",       "tooluse",      "tooluses",      "toolrequest", "toolcode",
    "calls",    "longcattoolcall", "functioncall", "functioncalls", "usetool",     "usemcptool"};
constexpr std::array<std::string_view, 4> kCalls = {"invoke", "function", "call", "tool"};
constexpr std::array<std::string_view, 4> kParameters = {"parameter", "param", "argument", "arg"};
constexpr std::array<std::string_view, 6> kArgumentElements = {
    "arguments", "parameters", "args", "params", "input", "toolinput"};
constexpr std::array<std::string_view, 3> kNameElements = {"toolname", "name", "functionname"};

constexpr std::array<const char*, 7> kNameKeys = {"name",     "tool_name", "function_name", "tool",
                                                  "function", "action",    "recipient_name"};
constexpr std::array<const char*, 9> kArgumentKeys = {"arguments", "parameters",   "args",
                                                      "input",     "action_input", "tool_input",
                                                      "tool_args", "params",       "kwargs"};
constexpr std::array<const char*, 6> kHolderKeys = {"tool_calls", "tool_uses",     "function_calls",
                                                    "calls",      "function_call", "tool_call"};

bool is_name_char(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }

/// Bytes of a bar at `at`: the ASCII one or the full-width one; 0 if none stands there.
std::size_t bar_at(std::string_view text, std::size_t at) {
  const std::string_view here = text.substr(std::min(at, text.size()));
  if (here.starts_with('|')) return 1;
  return here.starts_with("\xEF\xBD\x9C") ? 3 : 0;
}

/// Bytes of what stands between the words of a token.
std::size_t gap_at(std::string_view text, std::size_t at) {
  const std::string_view here = text.substr(std::min(at, text.size()));
  if (here.starts_with('_') || here.starts_with(' ')) return 1;
  return here.starts_with("\xE2\x96\x81") ? 3 : 0;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

/// Reads one tag; a class for the many small steps.
class TagReader {
 public:
  TagReader(std::string_view text, std::size_t at) : text_(text), begin_(at), at_(at) {}

  std::optional<CallTag> read() {
    static constexpr std::string_view kMiniMax = "]<]minimax[>[";
    const bool minimax = text_.substr(at_).starts_with(kMiniMax);
    if (minimax) at_ += kMiniMax.size();
    if (const auto open = match_token(text_, at_, "<|open|>"); open != kNone)
      return token_tag(open, false);
    if (const auto close = match_token(text_, at_, "<|close|>"); close != kNone)
      return token_tag(close, true);
    if (at_ >= text_.size() || text_[at_] != '<') return std::nullopt;
    const std::size_t open = at_++;
    tag_.closes = take('/');
    const std::size_t space = at_;
    skip_namespace();
    const std::string prefix(text_.substr(begin_, open - begin_));
    const std::string space_text(text_.substr(space, at_ - space));
    if (!take_name()) return std::nullopt;
    tag_.closer = prefix + "</" + space_text + std::string(tag_.local) + ">";
    tag_.opener = prefix + "<" + space_text + std::string(tag_.local);
    if (!attributes(">")) return std::nullopt;
    return std::move(tag_);
  }

 private:
  /// Kimi K3: <|open|>call tool="x"<|sep|> .. <|close|>call<|sep|>.
  std::optional<CallTag> token_tag(std::size_t at, bool closes) {
    at_ = at;
    tag_.closes = closes;
    if (!take_name()) return std::nullopt;
    tag_.closer = "<|close|>" + std::string(tag_.local) + "<|sep|>";
    tag_.opener = "<|open|>" + std::string(tag_.local);
    if (!attributes("<|sep|>")) return std::nullopt;
    return std::move(tag_);
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool take_name() {
    const std::size_t begin = at_;
    if (at_ >= text_.size() || !(is_letter(text_[at_]) || text_[at_] == '_')) return false;
    while (at_ < text_.size() && is_name_char(text_[at_]) && at_ - begin < kLongestTag) ++at_;
    tag_.local = text_.substr(begin, at_ - begin);
    return true;
  }

  /// "minimax:", or a word between bars as in <|DSML|invoke>, which a blank may follow.
  void skip_namespace() {
    const std::size_t before = at_;
    const std::size_t bar = bar_at(text_, at_);
    std::size_t at = at_ + bar;
    const std::size_t word = at;
    while (at < text_.size() && is_name_char(text_[at]) && at - word < kLongestTag) ++at;
    if (bar == 0) {
      if (at > word && at < text_.size() && text_[at] == ':') at_ = at + 1;
      return;
    }
    const std::size_t second = bar_at(text_, at);
    if (at == word || second == 0) return;
    at_ = at + second;
    while (at_ < text_.size() && text_[at_] == ' ' && at_ - before < kLongestTag) ++at_;
  }

  bool attributes(std::string_view end) {
    const std::string_view window = text_.substr(at_, kLongestTag);
    const auto size = window.find(end);
    if (size == kNone) return false;
    std::string_view inside = window.substr(0, size);
    tag_.end = at_ + size + end.size();
    if (inside.empty()) return true;
    if (inside.front() == '=') {
      tag_.value = unquoted(inside.substr(1));
      tag_.assigned = true;
      return true;
    }
    if (std::string_view(" \t\r\n/").find(inside.front()) == kNone) return false;
    return read_attributes(inside);
  }

  static std::string unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
        text.back() == text.front()) {
      text = text.substr(1, text.size() - 2);
    }
    std::string out = replace_all(std::string(text), "&quot;", "\"");
    out = replace_all(std::move(out), "&lt;", "<");
    out = replace_all(std::move(out), "&gt;", ">");
    return replace_all(std::move(out), "&amp;", "&");
  }

  bool read_attributes(std::string_view inside) {
    while (true) {
      inside = trim(inside);
      if (inside.empty() || inside == "/") return true;
      const auto sign = inside.find('=');
      if (sign == kNone) return false;
      const std::string name = to_lower_ascii(trim(inside.substr(0, sign)));
      if (!std::all_of(name.begin(), name.end(), is_name_char)) return false;
      std::string_view rest = trim(inside.substr(sign + 1));
      if (rest.empty()) return false;
      const bool quoted = rest.front() == '"' || rest.front() == '\'';
      const auto close = quoted ? rest.find(rest.front(), 1) : rest.find(' ');
      if (quoted && close == kNone) return false;
      const std::size_t size = close == kNone ? rest.size() : close + (quoted ? 1 : 0);
      keep(name, unquoted(rest.substr(0, size)));
      inside = rest.substr(size);
    }
  }

  void keep(const std::string& name, std::string value) {
    if (name == "string") tag_.is_text = value == "true";
    if (name == "type" && value == "string") tag_.is_text = true;
    if (name == "name" ||
        ((name == "tool" || name == "key" || name == "function") && tag_.value.empty()))
      tag_.value = std::move(value);
  }

  std::string_view text_;
  std::size_t begin_, at_;
  CallTag tag_;
};

}  // namespace

std::span<const CallFormat> call_formats() { return kFormats; }
std::span<const std::string_view> closing_tokens() { return kClosing; }
std::span<const char* const> name_keys() { return kNameKeys; }
std::span<const char* const> argument_keys() { return kArgumentKeys; }
std::span<const char* const> holder_keys() { return kHolderKeys; }

CallElement call_element(std::string_view local_name) {
  std::string name = to_lower_ascii(local_name);
  std::erase_if(name, [](char c) { return c == '_' || c == '-'; });
  if (holds(kBlocks, name)) return CallElement::block;
  if (holds(kCalls, name)) return CallElement::call;
  if (holds(kParameters, name)) return CallElement::parameter;
  if (holds(kArgumentElements, name)) return CallElement::arguments;
  if (holds(kNameElements, name)) return CallElement::name;
  return CallElement::other;
}

std::size_t match_token(std::string_view text, std::size_t at, std::string_view token) {
  for (const char c : token) {
    std::size_t step = 0;
    if (c == '|') {
      step = bar_at(text, at);
    } else if (c == '_') {
      step = gap_at(text, at);
    } else if (c == ' ') {
      // A header's parts may stand without a blank between them, or with several.
      at = skip_blanks(text, at);
      continue;
    } else if (at < text.size() && to_lower(text[at]) == to_lower(c)) {
      step = 1;
    }
    if (step == 0) return kNone;
    at += step;
  }
  return at;
}

std::optional<CallTag> call_tag(std::string_view text, std::size_t at) {
  return TagReader(text, at).read();
}

}  // namespace skillgrad::llm
