// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>

#include "llm/text/code_spans.hpp"
#include "llm/text/text_call_formats.hpp"

namespace skillgrad::llm {

/// Names of tools and parameters, and what stands around them, are never longer.
inline constexpr std::size_t kLongestHead = 300;

/// What a place in a text was read as.
struct Reading {
  std::vector<ToolCall> calls;  ///< none: nothing acceptable stands here
  std::size_t end = 0;          ///< behind the calls, or where to go on looking
  std::size_t looked = 0;       ///< behind what was looked at
};

/// Where a block of calls begins.
struct BlockOpening {
  std::size_t body = 0;                ///< behind its token or tag
  const CallFormat* format = nullptr;  ///< of a token
  std::string closer;                  ///< what closes it; "": nothing
};

/// Reads tool calls at given places of one text (R2.13). Only offered names with arguments that fit
/// the schema count. Takes time in proportion to the text, whatever it holds, for places that only
/// move forward. One method for each form of a call, all of which read the same text with the same
/// index of closing tags: hence their number.
class TextCallReader {
 public:
  TextCallReader(std::string_view text, const std::vector<ToolSpec>& offered);

  /// The token or tag that begins a block of calls at `at`.
  [[nodiscard]] std::optional<BlockOpening> opening(std::size_t at) const;
  /// An element that is a call by its tag: <invoke name="..">, <function=..>, or one with the name
  /// of an offered tool.
  [[nodiscard]] std::optional<CallTag> call_element_at(std::size_t at) const;
  /// Calls behind an opening token or tag of any format; nullopt if none stands at `at`.
  [[nodiscard]] std::optional<Reading> tagged(std::size_t at);
  /// JSON calls whose opening tag is missing, with the closing one.
  [[nodiscard]] Reading closed_only(std::size_t at);
  /// Calls that are all there is in a code fence.
  [[nodiscard]] Reading fenced(const CodeSpan& fence);
  /// Calls without any mark that begin a line at `at` and are all that follows.
  [[nodiscard]] Reading last_lines(std::size_t at);
  /// Behind all closing tokens and tags at `at`, and the blanks between them.
  [[nodiscard]] std::size_t skip_closers(std::size_t at) const;
  [[nodiscard]] std::size_t skip_blanks(std::size_t at) const;
  /// The offered tool that is meant by a name, or "".
  [[nodiscard]] std::string offered_name(std::string_view name) const;
  [[nodiscard]] bool has_parameter(std::string_view tool, std::string_view name) const;
  /// An object whose beginning names an offered tool as calls do, however it goes on.
  [[nodiscard]] bool begins_named_call(std::size_t at) const;
  /// The first place of a text at or behind `from`, or npos. All places are looked up once.
  [[nodiscard]] std::size_t next(const std::string& wanted, std::size_t from);
  /// A name at `at`, however it goes on; "" if there is none.
  [[nodiscard]] std::string_view name_at(std::size_t at) const;

 private:
  struct Offer {
    const ToolSpec* tool = nullptr;
    mutable std::optional<Json> schema;  ///< read when it is asked for first
  };
  [[nodiscard]] static const Json& schema_of(const Offer& offer);
  [[nodiscard]] std::string_view rest(std::size_t at) const {
    return text_.substr(std::min(at, text_.size()));
  }
  /// Behind `marker`, if it is what follows.
  [[nodiscard]] std::size_t skip_marker(std::size_t at, std::string_view marker) const;
  [[nodiscard]] const Offer* offer(std::string_view name) const;
  [[nodiscard]] const Json* properties_of(std::string_view name) const;
  [[nodiscard]] std::optional<ToolCall> make_call(std::string_view name,
                                                  const Json& arguments) const;
  [[nodiscard]] bool read_value(const Json& value, std::vector<ToolCall>& calls) const;
  [[nodiscard]] bool read_object(const Json& value, std::vector<ToolCall>& calls) const;

  /// All calls in a row from `at` on, with the openings and closings between them.
  [[nodiscard]] Reading calls_at(std::size_t at);
  [[nodiscard]] std::size_t skip_openers(std::size_t at) const;
  /// The call, or the JSON array of calls, at `at`.
  [[nodiscard]] Reading one_call(std::size_t at);
  [[nodiscard]] Reading json_calls(std::size_t at) const;
  [[nodiscard]] Reading python_calls(std::size_t at) const;
  [[nodiscard]] Reading word_call(std::size_t at);
  [[nodiscard]] Reading written(std::size_t at, bool braced) const;
  /// The arguments of a named call, as JSON at `at`.
  [[nodiscard]] Reading named(std::string_view name, std::size_t at) const;
  /// A name, a separator and JSON, behind the opening token of a format.
  [[nodiscard]] Reading marked(std::size_t head, std::string_view token);
  [[nodiscard]] Reading element(std::size_t at);
  [[nodiscard]] Reading element_body(const CallTag& tag, std::size_t at);
  [[nodiscard]] std::size_t parameters(std::size_t at, const CallTag& call, std::string& name,
                                       Json& arguments);
  [[nodiscard]] std::size_t parameter_value(const CallTag& call, const CallTag& tag,
                                            std::string_view name, Json& arguments);
  /// Ends of a parameter's value and of its closing tag.
  [[nodiscard]] std::pair<std::size_t, std::size_t> value_ends(const CallTag& call,
                                                               const CallTag& tag,
                                                               const Json* properties,
                                                               const Json& arguments);
  [[nodiscard]] Reading key_value_tags(std::string_view name, std::size_t at);

  std::string_view text_, whole_;
  std::vector<Offer> offers_;
  const std::vector<ToolSpec>& offered_;
  std::map<std::string, std::vector<std::size_t>> places_;  ///< of closing tags in `whole_`
};

/// Tokens that some formats put around all calls of a turn.
[[nodiscard]] std::string without_section_markers(std::string text);

}  // namespace skillgrad::llm
