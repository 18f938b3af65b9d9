// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// What a place in a text was read as.
struct Reading {
  std::vector<ToolCall> calls;  ///< none: nothing acceptable stands here
  std::size_t end = 0;          ///< behind the calls, or where to go on looking
  std::size_t looked = 0;       ///< behind what was looked at
};

/// Finds one text again and again, for places that only move forward.
class Finder {
 public:
  explicit Finder(std::string_view wanted) : wanted_(wanted) {}
  /// The first occurrence at or behind `from`, or npos.
  std::size_t next(std::string_view text, std::size_t from) {
    if (!known_ || from < from_ || (found_ != std::string_view::npos && found_ < from)) {
      known_ = true;
      found_ = text.find(wanted_, from);
    }
    from_ = from;
    return found_;
  }

 private:
  std::string_view wanted_;
  std::size_t from_ = 0, found_ = 0;
  bool known_ = false;
};

inline constexpr std::string_view kCallOpen = "<tool_call>", kCallClose = "</tool_call>",
                                  kFunctionOpen = "<function=", kFunctionClose = "</function>";

/// Reads tool calls at given places of one text (R2.13). Only offered names with arguments that fit
/// the schema count.
class TextCallReader {
 public:
  TextCallReader(std::string_view text, const std::vector<ToolSpec>& offered);

  /// One or more JSON calls in a row: {"name":..,"arguments"|"parameters":..}, the same inside
  /// "function", or arrays of these; a semicolon or comma may stand between them.
  [[nodiscard]] Reading json_calls(std::size_t at);
  /// A call behind an opening tag of any format; nullopt if no such tag stands at `at`.
  [[nodiscard]] std::optional<Reading> tagged(std::size_t at);
  /// JSON calls whose opening tag is missing, with the closing one.
  [[nodiscard]] Reading closed_only(std::size_t at);
  /// JSON calls that are all there is in a code fence, which begins at `at`.
  [[nodiscard]] Reading fenced(std::size_t at);
  /// JSON calls that are the whole text.
  [[nodiscard]] Reading bare();
  /// A call that is only begun: the text ends inside of it.
  [[nodiscard]] bool cut_call();

 private:
  struct Offer {
    const ToolSpec* tool = nullptr;
    Json schema;
  };
  [[nodiscard]] std::string_view rest(std::size_t at) const { return text_.substr(at); }
  [[nodiscard]] std::size_t skip_blanks(std::size_t at) const;
  /// Behind `marker`, if it is what follows.
  [[nodiscard]] std::size_t skip_marker(std::size_t at, std::string_view marker) const;
  [[nodiscard]] const Offer* offer(const std::string& name) const;
  [[nodiscard]] std::optional<ToolCall> make_call(std::string_view name,
                                                  const Json& arguments) const;
  [[nodiscard]] bool read_value(const Json& value, std::vector<ToolCall>& calls) const;
  /// The arguments of a named call, as JSON at `at`.
  [[nodiscard]] Reading named(std::string_view name, std::size_t at) const;
  [[nodiscard]] Reading tool_call_tag(std::size_t body);
  [[nodiscard]] Reading mistral(std::size_t body);
  [[nodiscard]] Reading function_tag(std::size_t body);
  [[nodiscard]] std::size_t parameters(std::size_t at, const Json* properties, Json& arguments);
  /// Ends of a parameter's value and of its closing tag.
  [[nodiscard]] std::pair<std::size_t, std::size_t> value_ends(std::size_t begin,
                                                               const Json* properties,
                                                               const Json& arguments);
  [[nodiscard]] Reading key_value_tags(std::size_t body);
  [[nodiscard]] Reading marked(std::size_t at, std::size_t format) const;
  [[nodiscard]] bool begins_named_call(std::size_t at) const;

  std::string_view text_;
  std::vector<Offer> offers_;
  const std::vector<ToolSpec>& offered_;
  Finder call_close_{kCallClose}, function_close_{kFunctionClose}, function_open_{kFunctionOpen},
      parameter_close_{"</parameter>"}, value_close_{"</arg_value>"};
};

/// Tokens that some formats put around all calls of a turn.
[[nodiscard]] std::string without_section_markers(std::string text);

}  // namespace skillgrad::llm
