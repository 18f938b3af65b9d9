// SPDX-License-Identifier: MIT
#include "skill/hunks/risky_text.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/hunks/foreign_orders.hpp"
#include "skill/hunks/read_text.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {
namespace {

using Words = std::initializer_list<std::string_view>;

using Alternatives = std::span<const std::string_view>;

bool is_one(std::string_view word, Alternatives of) {
  return std::find(of.begin(), of.end(), word) != of.end();
}

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

bool is_interpreter(std::string_view word) {
  constexpr std::array<std::string_view, 17> kNames = {
      "sh",   "bash", "zsh",  "dash", "ksh",  "fish",       "python", "python3",  "perl",
      "ruby", "node", "deno", "php",  "pwsh", "powershell", "iex",    "osascript"};
  return std::find(kNames.begin(), kNames.end(), word) != kNames.end();
}

/// Something comes from the net, or out of a code.
bool fetches(std::string_view lower) {
  return holds_command(
             lower, {"curl", "wget", "aria2c", "lynx", "iwr", "invoke-webrequest", "uudecode"}) ||
         holds(lower, {"base64 -d", "base64 --decode", "xxd -r", "openssl enc", "urlopen",
                       "requests.get", "gunzip -c http"});
}

/// The word that a pipe leads into, behind wrappers, their options, quotes and brackets.
std::string_view piped_into(std::string_view lower, std::size_t at) {
  constexpr std::array<std::string_view, 8> kWrappers = {"sudo",    "env",   "exec", "xargs",
                                                         "busybox", "nohup", "time", "command"};
  while (true) {
    at = std::min(lower.find_first_not_of(" \t&\"'({}", at), lower.size());
    std::size_t end = std::min(lower.find_first_of(" \t\"')};|&", at), lower.size());
    std::string_view word = lower.substr(at, end - at);
    word = word.substr(word.rfind('/') + 1);
    const bool wrapper = std::find(kWrappers.begin(), kWrappers.end(), word) != kWrappers.end();
    const bool option = word.starts_with('-') || word.find('=') != std::string_view::npos;
    if (word.empty() || !(wrapper || option)) return word;
    at = end;
  }
}

bool is_shell_word(std::string_view word) {
  return is_interpreter(word) || word == "$shell" || word == "${shell}";
}

/// What comes from elsewhere is run unseen: `curl ... | sh`, `bash <(curl ...)`, `eval "$(curl
/// ...)"`. A pipe from a file of the task into a script of the skill is nothing of the kind, and
/// neither is the row of a table.
bool feeds_interpreter(std::string_view lower) {
  if (fetches(lower)) {
    for (std::size_t at = lower.find('|'); at != std::string_view::npos;
         at = lower.find('|', at + 1))
      if (fetches(lower.substr(0, at)) && is_shell_word(piped_into(lower, at + 1))) return true;
    const bool substituted = holds(lower, {"<(", "$(", "`", "<<<"});
    if (substituted &&
        (holds(lower, {"eval ", " -c ", "source ", ". <(", "/dev/stdin"}) ||
         holds_command(lower, {"bash <(", "sh <("}) || holds(lower, {"bash <(", "sh <("})))
      return true;
    if (holds(lower, {"&& python", "&& bash", "&& sh ", "&& ./", "; bash", "; sh ", "; python",
                      "&& chmod +x", "&& node ", "&& perl "}))
      return true;
  }
  return holds(lower, {"exec(", "eval(", "eval "}) &&
         holds(lower, {"http", "urlopen", "requests.", "b64", "base64", "fromhex", "marshal."});
}

constexpr std::string_view kShells[] = {"sh",  "bash", "zsh",    "dash",
                                        "ksh", "fish", "$shell", "${shell}"};

/// A text of the task itself is run. Rows of a table are no pipes.
bool feeds_shell_locally(std::string_view lower) {
  if (trim(lower).starts_with('|') || trim(lower).ends_with('|')) return false;
  for (std::size_t at = lower.find('|'); at != std::string_view::npos;
       at = lower.find('|', at + 1)) {
    if (is_one(piped_into(lower, at + 1), kShells)) return true;
  }
  return holds(lower, {"sh -c \"$(", "sh -c '$(", "eval \"$(", "eval $(", "bash <(", "source <("});
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

bool is_access_key(std::string_view lower) {
  for (std::size_t at = lower.find("akia"); at != std::string_view::npos;
       at = lower.find("akia", at + 1)) {
    std::size_t end = at;
    while (end < lower.size() && is_word_character(lower[end])) ++end;
    if (end - at == 20 && (at == 0 || !is_word_character(lower[at - 1]))) return true;
  }
  return lower.find("-----begin") != std::string_view::npos &&
         lower.find("private key") != std::string_view::npos;
}

bool reads_credentials(std::string_view lower) {
  return holds(lower, {"~/.ssh", "/.ssh/", "id_rsa", "id_ed25519", ".aws/", ".netrc", ".npmrc",
                       ".pypirc", ".pgpass", "/etc/shadow", "/proc/self/environ", "gcloud/",
                       ".docker/config", ".kube/config", "keychain"}) ||
         holds_command(lower, {"read .env", "cat .env", "source .env", "open .env"});
}

bool sends_environment(std::string_view lower) {
  const bool whole = holds_command(lower, {"printenv"}) ||
                     holds(lower, {"os.environ", "process.env", "$(env)", "`env`", "env |", "env|",
                                   "env >", "$(set)", "export -p"});
  const bool one = lower.find('$') != std::string_view::npos &&
                   holds(lower, {"_key", "_token", "_secret", "_password"});
  const bool sends = holds(lower, {"http", "curl", "wget", "nc ", "requests.", "urlopen", "base64",
                                   "socket", "dig ", "nslookup"});
  return sends && (whole || one);
}

bool mentions_credentials(std::string_view lower) {
  return holds(lower, {"api_key", "api-key", "apikey", "api key", "password", "passwd",
                       "secret_key", "access_key", "private key", "private_key", "access_token",
                       "auth_token", "bearer ", "credential", "secret token"}) ||
         holds_command(lower, {"printenv"});
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
constexpr std::string_view kOrders[] = {"instructions", "instruction", "guidelines",
                                        "policy",       "policies",    "safety",
                                        "restrictions", "safeguards",  "guardrails"};
constexpr std::string_view kRules[] = {"rules", "prompt", "prompts"};
constexpr std::string_view kEarlier[] = {"previous", "prior", "above", "earlier", "all",
                                         "any",      "other", "your",  "system"};
constexpr std::string_view kStop[] = {"not", "never", "stop", "don't", "dont", "cease"};
constexpr std::string_view kFollow[] = {"follow", "following", "obey", "obeying", "heed"};
/// Of an agent: orders in "any" text may be those that a defence is about.
constexpr std::string_view kYours[] = {"previous", "prior",  "earlier",
                                       "your",     "system", "original"};
constexpr std::string_view kDisable[] = {"disable", "deactivate", "bypass", "evade", "circumvent"};
constexpr std::string_view kAsked[] = {"permission", "permissions",  "approval",
                                       "approvals",  "confirmation", "confirmations"};
constexpr std::string_view kOff[] = {"disable", "deactivate", "bypass", "evade", "circumvent",
                                     "turn",    "switch",     "skip",   "escape"};
constexpr std::string_view kWalls[] = {"sandbox", "safeguards", "guardrails", "firewall",
                                       "moderation"};
constexpr std::string_view kAgree[] = {"approve", "accept", "confirm", "answer"};
constexpr std::string_view kEach[] = {"all", "every", "any", "each", "automatically"};
constexpr std::string_view kAsking[] = {"prompt", "prompts",     "confirmation", "confirmations",
                                        "calls",  "permissions", "permission"};
constexpr std::string_view kHide[] = {"tell",      "inform",   "notify",  "alert",
                                      "reveal",    "warn",     "telling", "informing",
                                      "notifying", "alerting", "warning"};
constexpr std::string_view kPeople[] = {"user",     "users",    "human",  "humans",
                                        "operator", "reviewer", "anyone", "anybody"};
constexpr std::string_view kWhat[] = {"about", "that", "of"};
constexpr std::string_view kNever[] = {"never", "not", "don't", "without", "dont"};
constexpr std::string_view kSend[] = {"send",  "post",    "upload", "transmit",
                                      "email", "forward", "leak",   "exfiltrate"};
constexpr std::string_view kPrivate[] = {
    "environment", "env",       "keys",      "secrets", "credentials", "tokens",    "cookies",
    "passwords",   "directory", "documents", "content", "contents",    "everything"};
constexpr std::string_view kTo[] = {"to"};
/// What tasks are about: an order about it is a rule of the work, or a defence.
constexpr std::string_view kOfTheTask[] = {
    "cell",    "cells",   "sheet",  "sheets", "file",  "files",  "column",
    "columns", "row",     "rows",   "data",   "table", "tables", "list",
    "price",   "records", "record", "json",   "field", "fields", "workbook"};

/// Below evals/ of the package: "evals/x", not "retrievals/x".
bool names_evals(std::string_view lower) {
  for (std::size_t at = lower.find("evals/"); at != std::string_view::npos;
       at = lower.find("evals/", at + 1))
    if (at == 0 || !is_word_character(lower[at - 1])) return true;
  return false;
}

/// `what` is done to nobody: "never", "do not" stand before it in its clause.
bool is_negated(const std::vector<std::string_view>& words, Alternatives what) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_one(words[i], what)) continue;
    bool negated = false;
    for (std::size_t k = i; k > 0 && i - k < 3 && !words[k - 1].empty(); --k)
      negated = negated || is_one(words[k - 1], kNever);
    if (!negated) return false;
  }
  return true;
}

/// In the clause of one of `what`.
bool is_about_the_task(const std::vector<std::string_view>& words, Alternatives what) {
  bool of_it = false, about = false;
  const auto ends = [&] { return std::exchange(of_it, false) && std::exchange(about, false); };
  for (const std::string_view word : words) {
    if (word.empty()) {
      if (ends()) return true;
      about = false;
      continue;
    }
    of_it = of_it || is_one(word, what);
    about = about || is_one(word, kOfTheTask);
  }
  return ends();
}

/// An absolute path that begins so: "/grader/x", not "reports/grader.csv".
bool names_grader(std::string_view lower) {
  const std::size_t at = lower.find("/grader");
  return at != std::string_view::npos && (at == 0 || !is_word_character(lower[at - 1]));
}

/// An order to an agent that has nothing to do with a task: against its safety, its user or the
/// measurement.
std::optional<Order> speaks_to_agents(std::string_view lower) {
  if (holds(lower,
            {"-dangerously", "bypasspermissions", "-no-sandbox", "-yolo", "approval-mode=yolo",
             "-privileged", "danger-full-access", "-ask-for-approval never"}))
    return Order{"it switches off what protects the user of an agent"};
  if (holds(lower, {"golden answer", "reference solution", "tasks.jsonl", "../evals",
                    "expected answers file"}) ||
      names_grader(lower) || names_evals(lower))
    return Order{"it leads to what tasks are graded by"};
  const auto words = words_of(lower);
  // Letters that were set apart and put together again leave no blanks between the words.
  if (holds(lower, {"ignoreall", "ignoreprevious", "ignoretheprevious", "ignoreyour",
                    "disregardall", "disregardprevious", "donottelltheuser"}))
    return Order{"it tells an agent to pass over its instructions"};
  const bool not_followed = near_words(words, kStop, kFollow, 2) &&
                            near_words(words, kFollow, kYours, 3) &&
                            near_words(words, kYours, kOrders, 3);
  const bool set_aside = holds(lower, {"no attention to", "set aside", "throw away"}) &&
                         near_words(words, kYours, kOrders, 3);
  if (not_followed || set_aside)
    return Order{"it tells an agent to pass over its instructions",
                 !is_about_the_task(words, kOrders)};
  if (near_words(words, kUndo, kOrders, 5) ||
      (near_words(words, kUndo, kEarlier, 3) && near_words(words, kEarlier, kRules, 3)))
    return Order{"it tells an agent to pass over its instructions",
                 !is_about_the_task(words, kUndo) && !is_negated(words, kUndo)};
  if (near_words(words, kOff, kWalls, 4) || near_words(words, kDisable, kAsked, 4))
    return Order{"it tells an agent to do without what protects its user",
                 !is_about_the_task(words, kOff) && !is_negated(words, kOff)};
  if (near_words(words, kAgree, kAsking, 6) && near_words(words, kAgree, kEach, 6))
    return Order{"it tells an agent to agree to whatever is asked",
                 !is_about_the_task(words, kAgree)};
  if (near_words(words, kNever, kHide, 2) && near_words(words, kHide, kPeople, 3))
    return Order{"it tells an agent to keep something from its user",
                 near_words(words, kPeople, kWhat, 2)};
  if (near_words(words, kSend, kPrivate, 6) && near_words(words, kSend, kTo, 12) &&
      holds(lower, {"http", "@", "server", "endpoint", "address", "attacker", "webhook", "url",
                    "remote", "vendor"}))
    return Order{"it tells an agent to send away what is its user's own",
                 !is_about_the_task(words, kSend) || holds(lower, {"http", "@"})};
  if (holds(lower, {"use this skill first", "before any other skill", "before all other skills",
                    "this skill before all", "prefer this skill", "instead of any other",
                    "instead of other skills", "instead of all other", "over any other skill",
                    "over all other skills"}))
    return Order{"it puts the skill before all others"};
  return std::nullopt;
}

/// Files that programs and agents read by themselves, as they are spelled in a command or a path.
bool names_obeyed_file(std::string_view lower) {
  return holds(lower, {".bashrc",         ".bash_profile",  ".zshrc",       "/.profile",
                       "authorized_keys", ".git/hooks",     ".claude/",     ".codex/",
                       ".gemini/",        ".cursor/",       ".cursorrules", "copilot-instructions",
                       "sitecustomize",   "usercustomize",  "ld_preload",   "pythonstartup",
                       "bash_env",        "prompt_command", "/etc/cron",    "systemd/"}) ||
         holds_command(lower, {"crontab"});
}

/// Orders to agents that lie beside the work; to read them is one thing, to write them another.
bool writes_orders(std::string_view lower) {
  return holds(lower, {"claude.md", "agents.md", "gemini.md"}) &&
         holds(lower, {"write", "put", "append", "add ", "create", "insert", "into", ">>", "> "});
}

/// Where a text begins that the rendered page does not show.
std::size_t unseen_from(std::string_view lower) {
  std::size_t first = std::string_view::npos;
  for (const std::string_view mark :
       {"<!--", "[//]:", "[comment]:", "[_]:", "display:none", "display: none", "visibility:hidden",
        "visibility: hidden", " hidden>", "font-size:0", "font-size: 0"})
    first = std::min(first, lower.find(mark));
  return first;
}

bool is_spoken_comment(std::string_view lower) {
  const std::size_t begin = unseen_from(lower);
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

bool is_greek(char32_t c) { return c >= 0x370 && c <= 0x3FF; }

/// Of which nobody writes one between two letters of Latin.
bool looks_latin(char32_t c) {
  constexpr std::u32string_view kGreekAlike = U"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧικνορτυχ";
  return is_greek(c) && kGreekAlike.find(c) != std::u32string_view::npos;
}

/// The selector of an emoji or an ideograph and the joiner of a script are part of what people
/// write where they follow one character that they change. Anywhere else they carry something else.
bool belongs(char32_t c, char32_t before) {
  const bool joiner = c == 0x200C || c == 0x200D;
  if (!joiner && !is_selector(c)) return false;
  const bool after_joiner = before == 0x200C || before == 0x200D;
  if (is_selector(before) ? !joiner : after_joiner) return false;
  if (c >= 0xE0100) return is_dense_script(before);
  // Forms of signs of mathematics and of a few scripts; those of emoji come last.
  if (is_selector(c) && c < 0xFE0E)
    return is_dense_script(before) || (before >= 0x2200 && before <= 0x2AFF) ||
           (before >= 0x1000 && before <= 0x109F) || (before >= 0xA840 && before <= 0xA877);
  const bool keycap = before == '#' || before == '*' || (before >= '0' && before <= '9');
  return before >= 0x80 || (keycap && c == 0xFE0F);
}

/// Drawn as nothing, or as each font likes.
bool is_blank_or_private(char32_t c) {
  return c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 || c == 0x2800 || c == 0x3164 ||
         c == 0xFFA0 || c == 0xFFFC || (c >= 0x1D173 && c <= 0x1D17A) ||
         (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000;
}

/// The flags of England, Scotland and Wales are a black flag and at most six tags.
class Flag {
 public:
  bool takes(char32_t c) {
    if (c == 0x1F3F4) {
      left_ = 6;
      return false;
    }
    const bool tag = c >= 0xE0020 && c <= 0xE007F && left_ > 0;
    left_ = tag && c != 0xE007F ? left_ - 1 : 0;
    return tag;
  }

 private:
  int left_ = 0;
};

bool is_latin(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_cyrillic(char32_t c) { return c >= 0x400 && c <= 0x52F; }

std::optional<std::string> hidden_in(std::string_view line) {
  if (is_plain_ascii(line) && visible_controls(line) == line) return std::nullopt;
  const std::string clean = sanitize_utf8(line);
  if (visible_controls(clean) != clean)
    return "control characters, or marks that turn the direction of the text";
  char32_t before = 0, earlier = 0;
  Flag flag;
  for (std::size_t at = 0; at < clean.size();) {
    const char32_t c = next_code_point(clean, at);
    const bool unseen =
        is_hidden(c) || is_selector(c) || c == 0x200C || c == 0x200D || is_blank_or_private(c);
    const bool of_a_flag = flag.takes(c);
    if (unseen && !of_a_flag && !belongs(c, before)) return "characters that are not drawn";
    const bool escape = earlier == U'\\' && is_latin(before);  // "\\tСтолбец"
    if ((is_latin(before) && is_cyrillic(c) && !escape) || (is_cyrillic(before) && is_latin(c)))
      return "letters of two scripts in one word, which look alike";
    if (is_latin(earlier) && looks_latin(before) && is_latin(c))
      return "letters of two scripts in one word, which look alike";
    earlier = std::exchange(before, c);
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
  constexpr std::array<std::string_view, 28> kNames = {"claude.md",        "claude.local.md",
                                                       "agents.md",        "agents.override.md",
                                                       "agent.md",         "gemini.md",
                                                       "qwen.md",          "copilot.md",
                                                       "codex.md",         "crush.md",
                                                       "warp.md",          "conftest.py",
                                                       "pytest.ini",       "tox.ini",
                                                       "setup.py",         "setup.cfg",
                                                       "pyproject.toml",   "package.json",
                                                       "sitecustomize.py", "usercustomize.py",
                                                       "settings.json",    "hooks.json",
                                                       "mcp.json",         "plugin.json",
                                                       "skill.md",         "settings.local.json",
                                                       "opencode.json",    "opencode.jsonc"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name.ends_with(".pth") ||
         holds(lower, {"hooks/", "copilot-instructions", ".claude-plugin", "sitecustomize/",
                       "usercustomize/"});
}

/// The host of a URL behind "://", or "" where none is written out.
std::string_view authority_at(std::string_view lower, std::size_t at) {
  const std::size_t end = lower.find_first_of("/?# \t\"'`)>]}|,", at);
  return lower.substr(at, std::min(end, lower.size()) - at);
}

/// A number where a name or four numbers should stand: 2130706433, 0x7f000001, 0177.0.0.1.
bool is_odd_number(std::string_view host) {
  const std::size_t digits = host.starts_with("0x") ? 2 : 0;
  const bool hex = digits > 0 && host.size() > 2 &&
                   host.find_first_not_of("0123456789abcdef.x", digits) == std::string_view::npos;
  const bool whole =
      host.size() > 6 && host.find_first_not_of("0123456789") == std::string_view::npos;
  const bool octal = host.size() > 4 && host[0] == '0' &&
                     host.find_first_not_of("01234567.") == std::string_view::npos &&
                     !host.starts_with("0.");
  return hex || whole || octal;
}

/// A name of a host that people know, where a user's name stands.
bool looks_like_host(std::string_view user) {
  constexpr std::array<std::string_view, 10> kEnds = {".com", ".org", ".net", ".io", ".dev",
                                                      ".gov", ".edu", ".ai",  ".co", ".app"};
  user = user.substr(0, user.find(':'));
  const bool plain = std::all_of(user.begin(), user.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
  return plain && std::any_of(kEnds.begin(), kEnds.end(),
                              [&](std::string_view end) { return user.ends_with(end); });
}

/// Letters of other scripts among those of Latin, or codes of letters; `host` ends before what is
/// no part of it.
bool disguises_letters(std::string_view host) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (std::size_t at = 0; at < host.size();) {
    const bool code = host[at] == '%' && at + 2 < host.size() && is_hex(host[at + 1]) &&
                      is_hex(host[at + 2]) && at > 0;
    if (code) return true;
    if (static_cast<unsigned char>(host[at]) < 0x80) {
      ++at;
      continue;
    }
    // Text of a dense script goes on behind a URL without a blank.
    const std::string rest = sanitize_utf8(host.substr(at));
    std::size_t begin = 0;
    const char32_t c = next_code_point(rest, begin);
    return is_letter_or_number(c) && !is_dense_script(c);
  }
  return false;
}

/// Who reads the URL takes it for another one: a host's name before an "@", a number instead of a
/// name, codes or letters of other scripts in the name, a page in the URL itself.
bool hides_where_it_leads(std::string_view lower) {
  for (std::size_t at = lower.find("://"); at != std::string_view::npos;
       at = lower.find("://", at + 3)) {
    std::string_view host = authority_at(lower, at + 3);
    if (const std::size_t sign = host.rfind('@'); sign != std::string_view::npos) {
      if (looks_like_host(host.substr(0, sign))) return true;
      host.remove_prefix(sign + 1);
    }
    if (const std::size_t port = host.rfind(':'); port != std::string_view::npos)
      host = host.substr(0, port);
    const bool written = !host.empty() && host.find_first_of("${<[") == std::string_view::npos;
    if (written && (disguises_letters(host) || is_odd_number(host))) return true;
  }
  return holds(lower, {"data:text/html", "data:application/javascript", "data:text/javascript"});
}

/// As a reader of the rendered page sees it, with single blanks: entities are the letters that they
/// stand for.
std::string plain_line(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const std::size_t end = line.substr(at).starts_with("&#") ? line.find(';', at) : at;
    if (end != at && end != std::string_view::npos && end - at <= 9) {
      const bool hex = line[at + 2] == 'x' || line[at + 2] == 'X';
      const std::string digits(line.substr(at + (hex ? 3 : 2), end - at - (hex ? 3 : 2)));
      const long code = std::strtol(digits.c_str(), nullptr, hex ? 16 : 10);
      if (code > 31 && code < 127) {
        out += static_cast<char>(code);
        at = end;
        continue;
      }
    }
    const bool blank = line[at] == ' ' || line[at] == '\t' || line[at] == '\n' || line[at] == '\r';
    if (!blank || (!out.empty() && out.back() != ' ')) out += blank ? ' ' : line[at];
  }
  return to_lower_ascii(out);
}

bool removes_trees(std::string_view lower) {
  for (std::size_t at = lower.find("rm -"); at != std::string_view::npos;
       at = lower.find("rm -", at + 1)) {
    if (at > 0 && is_word_character(lower[at - 1])) continue;
    const std::string_view options = lower.substr(at + 4, lower.find(' ', at + 4) - at - 4);
    if (options.find('r') != std::string_view::npos || options.find('f') != std::string_view::npos)
      return true;
  }
  return holds(lower, {" -delete", "dd if=", "mkfs"});
}

bool reaches_beyond(std::string_view lower) {
  return removes_trees(lower) ||
         holds_command(
             lower,
             {"sudo",         "curl",       "wget",          "chmod",       "chown",
              "ssh",          "scp",        "docker",        "pip install", "pip3 install",
              "pipx",         "npx",        "npm install",   "apt-get",     "apt install",
              "brew install", "systemctl",  "uv add",        "uv pip",      "conda install",
              "gem install",  "go install", "cargo install", "dnf install", "yum install"}) ||
         holds(lower, {"base64 -d", "base64 --decode"});
}

/// An order in the line as it is written, or as it is read.
std::optional<Order> order_in(std::string_view line, std::string_view lower) {
  auto said = speaks_to_agents(lower);
  const std::string read = as_read(line);
  const auto stronger = [&](std::optional<Order> other) {
    if (other && (!said || (other->sure && !said->sure))) said = std::move(other);
  };
  if (read != lower) stronger(speaks_to_agents(read));
  stronger(foreign_order(read));
  return said;
}

std::optional<std::string> hidden_behind_reference(std::string_view line) {
  if (line.find('&') == std::string_view::npos) return std::nullopt;
  const std::string shown = without_references(line);
  return shown == line ? std::nullopt : hidden_in(shown);
}

}  // namespace

std::vector<Risk> risks_of_line(std::string_view line) {
  std::vector<Risk> out;
  const auto add = [&](RiskKind kind, std::string what, bool blocks) {
    out.push_back({kind, std::move(what), 0, blocks});
  };
  const std::string lower = plain_line(line);
  const std::string command = as_a_shell_reads(lower);
  const bool warns = holds(lower, {"never ", "do not ", "don't "});
  if (opens_shell(lower) || opens_shell(command))
    add(RiskKind::interpreter, "it opens a shell to somebody else", true);
  else if (feeds_interpreter(lower) || feeds_interpreter(command))
    add(RiskKind::interpreter, "something is fed to an interpreter and run", true);
  else if (feeds_shell_locally(lower))
    add(RiskKind::interpreter, "something is fed to an interpreter and run", false);
  else if (reaches_beyond(lower))
    add(RiskKind::command, "a command that reaches beyond the task", false);
  if (names_obeyed_file(lower) || writes_orders(lower))
    add(RiskKind::agents, "it is about a file that programs or agents obey by themselves", !warns);
  else if (holds(lower, {"claude.md", "agents.md", "gemini.md", "conftest.py"}))
    add(RiskKind::agents, "it names a file that programs or agents obey by themselves", false);
  if (hides_where_it_leads(lower))
    add(RiskKind::hidden, "a URL that does not show where it leads", true);
  if (holds(lower, {"http://", "https://", "ftp://", "ssh://", "git@", "www.", "javascript:"}))
    add(RiskKind::url, "a URL", false);
  if (Redactor().redact_content(line) != line || is_access_key(lower))
    add(RiskKind::credential, "what looks like a key", true);
  else if (reads_credentials(lower))
    add(RiskKind::credential, "it leads to files that hold keys", !warns);
  else if (sends_environment(lower))
    add(RiskKind::credential, "it reads the environment and sends it on", true);
  else if (mentions_credentials(lower))
    add(RiskKind::credential, "it is about credentials", false);
  if (auto said = order_in(line, lower)) add(RiskKind::agents, std::move(said->what), said->sure);
  if (is_spoken_comment(lower))
    add(RiskKind::agents, "a text that a reader of the page does not see, and an agent does", true);
  else if (unseen_from(lower) != std::string::npos)
    add(RiskKind::hidden, "a text that a reader of the page does not see", false);
  auto hidden = hidden_in(line);
  if (!hidden) hidden = hidden_behind_reference(line);
  if (hidden) add(RiskKind::hidden, std::move(*hidden), true);
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
  const std::string lower = to_lower_ascii(text);
  if (is_script(path, text, mode)) {
    const bool net = holds(
        lower, {"urlopen", "requests.", "http.client", "socket.", "curl ", "fetch(", "urllib"});
    if (net && holds(lower, {"dict(os.environ", "str(os.environ", "os.environ)", "os.environ.items",
                             "json.stringify(process.env", "printenv"}))
      out.push_back({RiskKind::credential, "it reads the environment and sends it on", 0, true});
    if (net && holds(lower, {"exec(", "eval("}))
      out.push_back({RiskKind::interpreter, "something is fed to an interpreter and run", 0, true});
  }
  if (!is_text(text))
    out.push_back({RiskKind::binary, "bytes that nobody can read here", 0, false});
  return out;
}

}  // namespace skillgrad::skill
