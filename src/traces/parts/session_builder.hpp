// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/traces/sessions.hpp>

#include "traces/parts/cleaner.hpp"

namespace skillgrad::traces {

/// Makes a session of what a reader finds, in the order in which it happened. Every text is cleaned
/// here, so that no reader can forget it.
class SessionBuilder {
 public:
  SessionBuilder(Format format, Cleaner& cleaner);

  /// The first texts of the user, up to what the agent does, are the request; later ones correct
  /// it.
  void user(std::string_view text);
  void system(std::string_view text);
  void next_turn() { ++turn_; }
  void assistant(std::string_view text);
  void reasoning(std::string_view text);
  /// `arguments` as the agent wrote them: an object, or JSON text, or any text.
  void call(std::string_view id, std::string_view name, const Json& arguments);
  void output(std::string_view id, std::string_view text, bool is_error);
  void error(std::string_view text);
  /// A text of a skill that the record shows beside the tools: it counts more than a tool's output.
  void skill_text(std::string_view skill, std::string_view file, std::string_view text);
  void name(std::string_view own_id) { session_.own_id = cleaner_.text(own_id); }
  void agent(std::string_view agent) { session_.agent = cleaner_.text(agent); }
  void model(std::string_view model) { session_.model = cleaner_.text(model); }
  void usage(const llm::Usage& usage) { session_.usage = usage; }
  void cost(double usd) { session_.cost_usd = usd; }
  /// A score outside of 0..1 is counted as unused.
  void outcome(double score, std::string_view text);
  /// Counts what is not used, by its name in the format.
  void unused(std::string_view what) { ++unused_[std::string(what)]; }

  /// A session has a request and something that the agent did; else nullopt. `notes` gets what was
  /// not used, each beginning with `place`.
  [[nodiscard]] std::optional<Session> finish(const std::string& place,
                                              std::vector<std::string>& notes);

 private:
  struct OpenCall {
    std::string skill, file;  ///< of the skill file that it loads; "" for any other call
    std::string name;
  };
  bool add(agent::TraceEvent event);
  [[nodiscard]] OpenCall what_is_loaded(const std::string& name, const Json& arguments) const;
  void part(const std::string& skill, const std::string& file, std::string text, bool counts_more);

  Cleaner& cleaner_;
  Session session_;
  int turn_ = 1;
  bool acted_ = false;  ///< the agent did something since the last text of the user
  bool began_ = false;  ///< or ever
  std::map<std::string, OpenCall> calls_;     ///< by id
  std::map<std::string, std::string> tools_;  ///< what was called, by id
  /// Parts of a skill's text: file -> text.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> parts_;
  std::map<std::string, std::size_t> unused_;
};

/// Text of a content that is a string, or a list of blocks with "text"; other blocks are counted as
/// unused.
[[nodiscard]] std::string text_of_content(const Json& content, SessionBuilder& builder);
/// The member of an object that is a string, or "".
[[nodiscard]] std::string text_member(const Json& object, const char* key);
/// The member, or null; of anything that is no object, null.
[[nodiscard]] const Json& member(const Json& object, const char* key);
/// A whole number that is not negative and at most 2^40, or 0.
[[nodiscard]] std::int64_t count_member(const Json& object, const char* key);

}  // namespace skillgrad::traces
