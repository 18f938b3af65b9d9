// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace skillgrad::llm {

/// How a model marks a block of tool calls in its text. In a token, '|' stands for every bar and
/// '_' for every blank or line that models write there; letters match in any case.
struct CallFormat {
  std::string_view open;
  std::string_view separator;  ///< between a name and its arguments; "": calls in any syntax
  std::string_view close;      ///< "": nothing marks the end
};
/// All formats that tokens mark, in the order in which they are tried.
[[nodiscard]] std::span<const CallFormat> call_formats();
/// Tokens of templates that stand around calls and mean nothing by themselves.
[[nodiscard]] std::span<const std::string_view> closing_tokens();

/// What an XML-like element means, whatever its namespace.
enum class CallElement {
  block,      ///< <tool_call>: holds calls
  call,       ///< <invoke name="..">, <function=..>: is one call
  parameter,  ///< <parameter name="..">, <arg name="..">
  arguments,  ///< <arguments>, <parameters>: holds parameters or one JSON object
  name,       ///< <tool_name>: holds the name of the call around it
  other
};
[[nodiscard]] CallElement call_element(std::string_view local_name);

/// Names of a JSON call's members.
[[nodiscard]] std::span<const char* const> name_keys();
[[nodiscard]] std::span<const char* const> argument_keys();
/// Members that hold calls: {"tool_calls":[..]}.
[[nodiscard]] std::span<const char* const> holder_keys();

/// Behind the token at `at`, or npos.
[[nodiscard]] std::size_t match_token(std::string_view text, std::size_t at,
                                      std::string_view token);

/// A tag, written as XML, with a namespace of any kind before its name, or in template tokens.
struct CallTag {
  bool closes = false;
  std::string_view local;  ///< its name without the namespace
  std::string value;       ///< <function=VALUE>, or the name (tool, key, id) of its attributes
  bool assigned = false;   ///< it is written <function=VALUE>
  bool is_text = false;    ///< an attribute says that the value is a string
  std::size_t end = 0;
  std::string closer;  ///< the tag that closes it, as this model writes it
  std::string opener;  ///< the beginning of another tag like it
};
/// The tag that begins at `at`.
[[nodiscard]] std::optional<CallTag> call_tag(std::string_view text, std::size_t at);

}  // namespace skillgrad::llm
