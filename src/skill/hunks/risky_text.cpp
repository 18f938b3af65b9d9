// SPDX-License-Identifier: MIT
#include "skill/hunks/risky_text.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <span>

#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/package/package_files.hpp"

namespace skillgrad::skill {
namespace {

using Words = std::initializer_list<std::string_view>;

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool holds(std::string_view lower, Words words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return lower.find(word) != std::string_view::npos;
  });
}

/// As a word of its own: "curl", not "curly".
bool holds_command(std::string_view lower, Words commands) {
  for (const std::string_view command : commands)
    for (std::size_t at = lower.find(command); at != std::string_view::npos;
         at = lower.find(command, at + 1)) {
      const std::size_t end = at + command.size();
      const bool begins = at == 0 || (!is_word_character(lower[at - 1]) && lower[at - 1] != '.');
      if (begins && (end == lower.size() || !is_word_character(lower[end]))) return true;
    }
  return false;
}

std::string_view word_at(std::string_view text, std::size_t at) {
  at = std::min(text.find_first_not_of(" \t", at), text.size());
  std::size_t end = at;
  while (end < text.size() && (is_word_character(text[end]) || text[end] == '/')) ++end;
  const std::string_view word = text.substr(at, end - at);
  return word.substr(word.rfind('/') + 1);
}

bool is_interpreter(std::string_view word) {
  constexpr std::array<std::string_view, 17> kNames = {
      "sh",   "bash", "zsh",  "dash", "ksh",  "fish",       "python", "python3",  "perl",
      "ruby", "node", "deno", "php",  "pwsh", "powershell", "iex",    "osascript"};
  return std::find(kNames.begin(), kNames.end(), word) != kNames.end();
}

/// What comes from elsewhere is run unseen: `curl ... | sh`, `bash <(...)`, `eval "$(...)"`.
bool feeds_interpreter(std::string_view lower) {
  for (std::size_t at = lower.find('|'); at != std::string_view::npos;
       at = lower.find('|', at + 1)) {
    std::string_view word = word_at(lower, at + 1);
    const bool raised = word == "sudo" || word == "env" || word == "exec" || word == "xargs";
    if (raised) {
      const auto offset = static_cast<std::size_t>(word.data() - lower.data());
      word = word_at(lower, offset + word.size());
    }
    if (is_interpreter(word)) return true;
  }
  if (holds(lower, {"bash <(", "sh <(", "source <(", ". <(", "sh -c \"$(", "sh -c '$(", "eval \"$(",
                    "eval $(", "eval `", "base64 -d", "base64 --decode"}))
    return true;
  return holds(lower, {"exec(", "eval("}) && holds(lower, {"http", "urlopen", "requests.", "b64"});
}

/// Somebody else gets a shell.
bool opens_shell(std::string_view lower) {
  if (holds(lower, {"/dev/tcp/", "/dev/udp/", "bash -i", "sh -i ", "nc -e", "nc -l", "ncat -e",
                    "powershell -enc", "pty.spawn"}))
    return true;
  return holds_command(lower, {"mkfifo", "socat", "ncat", "netcat"}) ||
         (holds(lower, {"socket.socket", "import socket"}) &&
          holds(lower, {"subprocess", "os.dup2", "/bin/sh"}));
}

bool reads_credentials(std::string_view lower) {
  return holds(lower, {"~/.ssh", "/.ssh/", "id_rsa", "id_ed25519", ".aws/", ".netrc", ".npmrc",
                       ".pypirc", ".pgpass", "/etc/shadow", "/proc/self/environ", "gcloud/creden",
                       ".docker/config", ".kube/config", "keychain"});
}

bool sends_environment(std::string_view lower) {
  const bool reads = holds_command(lower, {"printenv"}) ||
                     holds(lower, {"os.environ", "process.env", "$(env)", "`env`", "env |", "env|",
                                   "env >", "$(set)", "export -p"});
  return reads && holds(lower, {"http", "curl", "wget", "post", "nc ", "requests.", "urlopen",
                                "base64", "socket", "dns", "dig ", "nslookup"});
}

bool mentions_credentials(std::string_view lower) {
  return holds(lower, {"api_key", "api-key", "apikey", "api key", "password", "passwd",
                       "secret_key", "access_key", "private key", "private_key", "access_token",
                       "auth_token", "bearer ", "credential"});
}

/// Words without marks; "" where a clause ends.
std::vector<std::string_view> words_of(std::string_view lower) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < lower.size();) {
    if (!is_word_character(lower[at])) {
      if (std::string_view(".,;:!?").find(lower[at]) != std::string_view::npos) out.emplace_back();
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < lower.size() && (is_word_character(lower[at]) || lower[at] == '\'')) ++at;
    out.push_back(lower.substr(begin, at - begin));
  }
  return out;
}

using Alternatives = std::span<const std::string_view>;

bool is_one(std::string_view word, Alternatives of) {
  return std::find(of.begin(), of.end(), word) != of.end();
}

/// One of `first` and, at most `within` words later in the same clause, one of `second`.
bool near_words(const std::vector<std::string_view>& words, Alternatives first, Alternatives second,
                std::size_t within) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_one(words[i], first)) continue;
    for (std::size_t k = i + 1; k < words.size() && k <= i + within && !words[k].empty(); ++k)
      if (is_one(words[k], second)) return true;
  }
  return false;
}

constexpr std::string_view kUndo[] = {"ignore", "disregard", "override",  "overrides",
                                      "forget", "bypass",    "circumvent"};
constexpr std::string_view kOrders[] = {"instructions", "instruction", "guidelines", "policy",
                                        "policies",     "prompt",      "prompts",    "safety",
                                        "restrictions", "safeguards",  "guardrails"};
constexpr std::string_view kRules[] = {"rules"};
constexpr std::string_view kEarlier[] = {"previous", "prior", "above", "earlier", "all",
                                         "any",      "other", "your",  "system"};
constexpr std::string_view kDisable[] = {"disable", "deactivate", "bypass", "evade", "circumvent"};
constexpr std::string_view kAsked[] = {"permission", "permissions",  "approval",
                                       "approvals",  "confirmation", "confirmations"};
constexpr std::string_view kOff[] = {"disable", "deactivate", "bypass", "evade",  "circumvent",
                                     "turn",    "switch",     "skip",   "escape", "leave"};
constexpr std::string_view kWalls[] = {"sandbox", "safeguards", "guardrails", "firewall",
                                       "moderation"};
constexpr std::string_view kHide[] = {"tell", "inform", "notify", "alert", "reveal", "warn"};
constexpr std::string_view kPeople[] = {"user",     "users",    "human",  "humans",
                                        "operator", "reviewer", "anyone", "anybody"};
constexpr std::string_view kNever[] = {"never", "not", "don't", "without", "dont"};
constexpr std::string_view kSend[] = {"send",  "post",    "upload", "transmit",
                                      "email", "forward", "leak",   "exfiltrate"};
constexpr std::string_view kPrivate[] = {"environment", "env",       "keys",   "secrets",
                                         "credentials", "passwords", "tokens", "cookies"};
constexpr std::string_view kTo[] = {"to"};

/// Below evals/ of the package: "evals/x", not "retrievals/x".
bool names_evals(std::string_view lower) {
  for (std::size_t at = lower.find("evals/"); at != std::string_view::npos;
       at = lower.find("evals/", at + 1))
    if (at == 0 || !is_word_character(lower[at - 1])) return true;
  return false;
}

/// An order to an agent that has nothing to do with a task: against its safety, its user or the
/// measurement.
std::optional<std::string> speaks_to_agents(std::string_view lower) {
  if (holds(lower,
            {"-dangerously", "bypasspermissions", "-no-sandbox", "-yolo", "approval-mode=yolo",
             "-privileged", "danger-full-access", "-ask-for-approval never"}))
    return "it switches off what protects the user of an agent";
  if (holds(lower, {"/grader", "golden answer"}) || names_evals(lower))
    return "it leads to what tasks are graded by";
  const auto words = words_of(lower);
  if (near_words(words, kUndo, kOrders, 5) ||
      (near_words(words, kUndo, kEarlier, 3) && near_words(words, kEarlier, kRules, 3)))
    return "it tells an agent to pass over its instructions";
  if (near_words(words, kOff, kWalls, 4) || near_words(words, kDisable, kAsked, 4))
    return "it tells an agent to do without what protects its user";
  if (near_words(words, kNever, kHide, 2) && near_words(words, kHide, kPeople, 3))
    return "it tells an agent to keep something from its user";
  if (near_words(words, kSend, kPrivate, 6) && near_words(words, kSend, kTo, 12) &&
      holds(lower,
            {"http", "@", "server", "endpoint", "address", "attacker", "webhook", "url", "remote"}))
    return "it tells an agent to send away what is its user's own";
  if (holds(lower, {"use this skill first", "use this skill before", "before any other skill",
                    "instead of any other skill", "instead of other skills", "instead of all other",
                    "over all other skills"}))
    return "it puts the skill before all others";
  return std::nullopt;
}

/// Files that programs and agents read by themselves, as they are spelled in a command or a path.
bool names_obeyed_file(std::string_view lower) {
  return holds(lower, {".bashrc",         ".bash_profile", ".zshrc",         "/.profile",
                       "authorized_keys", ".git/hooks",    ".claude/",       ".codex/",
                       ".gemini/",        ".cursor/",      ".vscode/",       "claude.md",
                       "agents.md",       "gemini.md",     ".cursorrules",   "copilot-instructions",
                       "conftest.py",     "sitecustomize", "usercustomize",  "ld_preload",
                       "pythonstartup",   "bash_env",      "prompt_command", "/etc/cron",
                       "systemd/"}) ||
         holds_command(lower, {"crontab"});
}

bool is_spoken_comment(std::string_view lower) {
  const std::size_t begin = lower.find("<!--");
  if (begin == std::string_view::npos) return false;
  const auto words = words_of(lower.substr(begin));
  constexpr std::string_view kAddressed[] = {"agent", "agents", "assistant", "model", "models",
                                             "ai",    "llm",    "claude",    "gpt",   "you",
                                             "your",  "must",   "always",    "never", "system"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return is_one(word, kAddressed); });
}

bool is_selector(char32_t c) {
  return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

/// The selector of an emoji or an ideograph and the joiner of a script are part of what people
/// write where they follow one character that they change. Anywhere else they carry something else.
bool belongs(char32_t c, char32_t before) {
  const bool joiner = c == 0x200C || c == 0x200D;
  if (!joiner && !is_selector(c)) return false;
  const bool after_joiner = before == 0x200C || before == 0x200D;
  if (is_selector(before) ? !joiner : after_joiner) return false;
  if (c >= 0xE0100) return is_dense_script(before);
  const bool keycap = before == '#' || before == '*' || (before >= '0' && before <= '9');
  return before >= 0x80 || (keycap && c == 0xFE0F);
}

std::optional<std::string> hidden_in(std::string_view line) {
  if (is_plain_ascii(line) && visible_controls(line) == line) return std::nullopt;
  const std::string clean = sanitize_utf8(line);
  if (visible_controls(clean) != clean)
    return "control characters, or marks that turn the direction of the text";
  char32_t before = 0;
  for (std::size_t at = 0; at < clean.size();) {
    const char32_t c = next_code_point(clean, at);
    const bool unseen = is_hidden(c) || is_selector(c) || c == 0x200C || c == 0x200D;
    if (unseen && !belongs(c, before)) return "characters that are not drawn";
    before = c;
  }
  return std::nullopt;
}

bool is_script(const std::string& file, std::string_view text, std::uint32_t mode) {
  if (file.starts_with("scripts/") || (mode & 0111U) != 0 || text.starts_with("#!")) return true;
  constexpr std::array<std::string_view, 10> kEnds = {".sh", ".bash", ".py", ".js",  ".mjs",
                                                      ".ts", ".rb",   ".pl", ".ps1", ".bat"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return file.ends_with(end); });
}

/// Read by themselves wherever they lie: start-up files of interpreters and test runners, orders
/// to agents, settings with hooks, a skill inside of a skill.
bool is_obeyed_file(const std::string& path) {
  const std::string lower = to_lower_ascii(path);
  const std::string name = lower.substr(lower.rfind('/') + 1);
  constexpr std::array<std::string_view, 19> kNames = {
      "claude.md",        "agents.md",     "agent.md",           "gemini.md",
      "qwen.md",          "copilot.md",    "conftest.py",        "pytest.ini",
      "tox.ini",          "setup.py",      "package.json",       "sitecustomize.py",
      "usercustomize.py", "settings.json", "hooks.json",         "mcp.json",
      "plugin.json",      "skill.md",      "settings.local.json"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name.ends_with(".pth") ||
         holds(lower, {"hooks/", "copilot-instructions", ".claude-plugin"});
}

}  // namespace

std::vector<Risk> risks_of_line(std::string_view line) {
  std::vector<Risk> out;
  const auto add = [&](RiskKind kind, std::string what, bool blocks) {
    out.push_back({kind, std::move(what), 0, blocks});
  };
  const std::string lower = to_lower_ascii(line);
  if (opens_shell(lower))
    add(RiskKind::interpreter, "it opens a shell to somebody else", true);
  else if (feeds_interpreter(lower))
    add(RiskKind::interpreter, "something is fed to an interpreter and run", true);
  else if (holds_command(lower, {"sudo", "curl", "wget", "rm -rf", "rm -r", "chmod", "chown", "ssh",
                                 "scp", "docker", "pip install", "npm install", "apt-get",
                                 "brew install", "systemctl"}))
    add(RiskKind::command, "a command that reaches beyond the task", false);
  if (names_obeyed_file(lower))
    add(RiskKind::agents, "it is about a file that programs or agents obey by themselves", true);
  if (holds(lower, {"http://", "https://", "ftp://", "ssh://", "git@", "www."}))
    add(RiskKind::url, "a URL", false);
  if (Redactor().redact_content(line) != line)
    add(RiskKind::credential, "what looks like a key", true);
  else if (reads_credentials(lower))
    add(RiskKind::credential, "it leads to files that hold keys", true);
  else if (sends_environment(lower))
    add(RiskKind::credential, "it reads the environment and sends it on", true);
  else if (mentions_credentials(lower))
    add(RiskKind::credential, "it is about credentials", false);
  if (auto said = speaks_to_agents(lower)) add(RiskKind::agents, std::move(*said), true);
  if (is_spoken_comment(lower))
    add(RiskKind::agents, "a comment that a reader of the page does not see, and an agent does",
        true);
  else if (lower.find("<!--") != std::string::npos)
    add(RiskKind::hidden, "a comment that a reader of the page does not see", false);
  if (auto hidden = hidden_in(line)) add(RiskKind::hidden, std::move(*hidden), true);
  return out;
}

std::vector<Risk> risks_of_file(const std::string& path, std::string_view text, std::uint32_t mode,
                                bool added) {
  std::vector<Risk> out;
  if (is_script(path, text, mode))
    out.push_back({RiskKind::script, added ? "a new script" : "a changed script", 0, false});
  if (added && is_obeyed_file(path))
    out.push_back({RiskKind::agents,
                   "a file of this name is read and obeyed by programs or agents by itself", 0,
                   true});
  if (!is_text(text))
    out.push_back({RiskKind::binary, "bytes that nobody can read here", 0, false});
  return out;
}

}  // namespace skillgrad::skill
