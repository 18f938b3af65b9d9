// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/agent/executor.hpp>
#include <skillgrad/llm/accountant.hpp>
#include <skillgrad/llm/endpoint_options.hpp>

namespace skillgrad::agent {

/// The executor that is built in, and the external one that a command line of the user is.
inline constexpr const char* kToolsExecutor = "tools";
inline constexpr const char* kCommandExecutor = "command";

enum class PromptPlace { standard_input, argument };
/// The header in which an endpoint takes its key.
enum class KeyHeader { bearer, x_api_key };
/// What an agent prints on standard output.
enum class TranscriptFormat {
  text,
  claude_stream_json,
  codex_json,
  opencode_json,
  gemini_stream_json
};

/// How an agent of another program is run: what a file of configs/agents says (docs/executors.md).
struct AgentProfile {
  std::string name, title;
  std::string origin;                      ///< where it was read from, for messages
  std::string program;                     ///< looked up in the user's PATH, or a path
  std::vector<std::string> arguments;      ///< templates
  std::vector<std::string> version_words;  ///< arguments that print the version; empty: none do
  PromptPlace prompt = PromptPlace::standard_input;
  std::vector<std::string> skill_folders;  ///< relative to the work directory, without the name
  std::vector<std::string> skill_tools;    ///< tools that load a skill
  std::map<std::string, std::string> env;  ///< templates
  std::map<std::string, std::string> home_files;  ///< path below HOME -> template of its content
  KeyHeader key_header = KeyHeader::bearer;
  TranscriptFormat transcript = TranscriptFormat::text;
  std::map<int, EndState> exit_codes;     ///< that end a task and are no fault
  std::vector<std::string> needs;         ///< other programs that it starts
  std::vector<std::string> mounts;        ///< folders and files shown read-only
  std::chrono::seconds time_limit{3600};  ///< of a task that has none
  std::string hash;                       ///< of everything that decides what it does
};

/// The names of the built-in profiles, sorted; `command` is one.
[[nodiscard]] std::vector<std::string> agent_names();
/// Whether a name of an executor is the path of a profile.
[[nodiscard]] bool is_profile_path(const std::string& text);
/// A built-in profile by name, or a file by its path (with a '/' or ending in .json). Errors:
/// config (no such name, an unknown key or placeholder, with file, line and mend), input.
[[nodiscard]] Result<AgentProfile> load_agent_profile(const std::string& name_or_path);
/// As load_agent_profile, from a text. Errors: config.
[[nodiscard]] Result<AgentProfile> read_agent_profile(const std::string& text,
                                                      const std::string& origin);
/// The profile `command` with a command line: words as a shell reads them, without expansions.
/// Words that name files or folders which exist, seen from `folder`, become absolute, and are shown
/// to it. Errors: usage.
[[nodiscard]] Result<AgentProfile> command_profile(const std::string& command_line,
                                                   const std::filesystem::path& folder);

/// A profile with its programs found on this machine.
struct InstalledAgent {
  AgentProfile profile;
  std::filesystem::path program;             ///< absolute, without links
  std::vector<std::filesystem::path> shown;  ///< what a sandbox has to show, at the same paths
  std::shared_ptr<const TempDir> links;      ///< a folder for PATH: the programs by their names
  std::string version;  ///< first line of what it says; "" where it is asked for none
};
/// Errors: config (a program that is not there), sandbox, infra (it does not say its version).
[[nodiscard]] Result<InstalledAgent> find_agent(AgentProfile profile, exec::Sandbox& sandbox,
                                                std::stop_token stop);

/// Which walls stand between an external agent and this machine.
struct AgentWalls {
  bool only_endpoint = false;  ///< of the network, it reaches the endpoint of the model alone
  bool key_stays_out = false;  ///< the key is added outside; else the agent can read it
  std::vector<std::string> weaknesses;  ///< sentences
};
/// Errors: sandbox (a backend in which it could not reach its endpoint at all), config (an address
/// that is none).
[[nodiscard]] Result<AgentWalls> walls_of(const exec::SandboxInfo& sandbox,
                                          const llm::EndpointOptions& endpoint);

struct ExternalDependencies {
  InstalledAgent agent;
  llm::EndpointOptions endpoint;  ///< whose address, model, key and price are used
  const bench::Benchmark* benchmark = nullptr;
  exec::Sandbox* sandbox = nullptr;
  sheet::Recalculator* recalculator = nullptr;
  Clock* clock = nullptr;
  llm::Accountant* accountant = nullptr;  ///< may be null
  llm::CallRecorder* recorder = nullptr;  ///< may be null
  /// Variables of the user's environment that the agent gets besides.
  std::map<std::string, std::string> passed_env;
  std::vector<Neighbour> neighbours = {};
  std::filesystem::path bridge;  ///< this program, which is the way out of the sandbox
  std::function<void(const std::string&)> note;  ///< what was not as expected; may be empty
};
/// Runs the agent of another program on each task. What it has used is known from what it says when
/// it ends: budgets are held against that, between tasks. Errors: those of walls_of().
[[nodiscard]] Result<std::unique_ptr<Executor>> make_external_executor(
    ExternalDependencies dependencies);

/// The way out of a sandbox without a network, run inside it: connections to 127.0.0.1 reach the
/// socket of a relay outside. For main(), before anything else: true for the words of such a call,
/// which run_bridge() then carries out.
[[nodiscard]] bool is_bridge_call(int argc, const char* const* argv);
/// Listens, runs the command behind "--" and ends with its exit code.
[[nodiscard]] int run_bridge(int argc, const char* const* argv);

}  // namespace skillgrad::agent

namespace skillgrad {

template <>
struct EnumText<agent::PromptPlace> {
  using enum agent::PromptPlace;
  static constexpr EnumName<agent::PromptPlace> kTable[] = {{standard_input, "stdin"},
                                                            {argument, "argument"}};
};

template <>
struct EnumText<agent::KeyHeader> {
  using enum agent::KeyHeader;
  static constexpr EnumName<agent::KeyHeader> kTable[] = {{bearer, "authorization"},
                                                          {x_api_key, "x-api-key"}};
};

template <>
struct EnumText<agent::TranscriptFormat> {
  using enum agent::TranscriptFormat;
  static constexpr EnumName<agent::TranscriptFormat> kTable[] = {
      {text, "text"},
      {claude_stream_json, "claude-stream-json"},
      {codex_json, "codex-json"},
      {opencode_json, "opencode-json"},
      {gemini_stream_json, "gemini-stream-json"}};
};

}  // namespace skillgrad
