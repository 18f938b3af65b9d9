// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <set>

#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/hunks.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/edit/line_script.hpp"
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

std::optional<std::string> hidden_in(std::string_view line) {
  if (is_plain_ascii(line) && visible_controls(line) == line) return std::nullopt;
  const std::string clean = sanitize_utf8(line);
  if (visible_controls(clean) != clean)
    return "control characters, or marks that turn the direction of the text";
  for (std::size_t at = 0; at < clean.size();)
    if (is_hidden(next_code_point(clean, at))) return "characters that are not drawn";
  return std::nullopt;
}

bool is_script(const std::string& file, std::string_view text, std::uint32_t mode) {
  if (file.starts_with("scripts/") || (mode & 0111U) != 0 || text.starts_with("#!")) return true;
  constexpr std::array<std::string_view, 10> kEnds = {".sh", ".bash", ".py", ".js",  ".mjs",
                                                      ".ts", ".rb",   ".pl", ".ps1", ".bat"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return file.ends_with(end); });
}

class Look {
 public:
  void line(std::string_view text, std::size_t number) {
    const std::string lower = to_lower_ascii(text);
    if (feeds_interpreter(lower))
      add(RiskKind::interpreter, "something is fed to an interpreter and run", number);
    else if (holds_command(lower, {"sudo", "curl", "wget", "rm -rf", "rm -r", "chmod", "chown",
                                   "ssh", "scp", "docker", "pip install", "npm install", "apt-get",
                                   "brew install", "crontab", "systemctl"}))
      add(RiskKind::command, "a command that reaches beyond the task", number);
    if (holds(lower, {"http://", "https://", "ftp://", "ssh://", "git@", "www."}))
      add(RiskKind::url, "a URL", number);
    if (Redactor().redact_content(text) != text)
      add(RiskKind::credential, "what looks like a key", number);
    else if (holds(lower, {"api_key",      "api-key",    "apikey",     "api key",     "password",
                           "passwd",       "secret_key", "access_key", "private key", "private_key",
                           "access_token", "auth_token", "bearer ",    "/.ssh",       "id_rsa",
                           ".aws/",        "credential", ".netrc",     ".npmrc",      "/etc/shadow",
                           ".pgpass"}))
      add(RiskKind::credential, "it is about credentials", number);
    if (const auto hidden = hidden_in(text)) add(RiskKind::hidden, *hidden, number);
  }
  void add(RiskKind kind, std::string what, std::size_t number) {
    if (seen_.emplace(kind, what).second) out_.push_back({kind, std::move(what), number});
  }
  std::vector<Risk> take() { return std::move(out_); }

 private:
  std::set<std::pair<RiskKind, std::string>> seen_;  ///< one of a kind is enough to look
  std::vector<Risk> out_;
};

void look_at_whole(const Hunk& hunk, std::string_view text, Look& look) {
  if (hunk.kind != HunkKind::remove && is_script(hunk.file, text, hunk.mode))
    look.add(RiskKind::script, hunk.kind == HunkKind::create ? "a new script" : "a changed script",
             0);
  if (hunk.kind != HunkKind::remove && !is_text(text))
    look.add(RiskKind::binary, "bytes that nobody can read here", 0);
}

}  // namespace

std::vector<Risk> risks_of(const Hunk& hunk, const std::optional<std::string>& text) {
  Look look;
  look_at_whole(hunk, text ? std::string_view(*text) : std::string_view(hunk.new_text), look);
  if (text) {
    std::size_t number = hunk.begin + 1;
    for (const std::string_view line : lines_of(*text)) look.line(line, number++);
    return look.take();
  }
  std::size_t number = hunk.new_line;
  for (const HunkLine& line : hunk.lines) {
    if (line.mark == '+') look.line(line.text, number);
    if (line.mark != '-') ++number;
  }
  return look.take();
}

}  // namespace skillgrad::skill
