// SPDX-License-Identifier: MIT
#include "llm/text/harmony.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kLongestHeader = 300;
constexpr std::string_view kStart = "<|start|>", kChannel = "<|channel|>", kMessage = "<|message|>";

void add_part(std::string& text, std::string_view part) {
  part = trim(part);
  if (part.empty()) return;
  if (!text.empty()) text += "\n";
  text += part;
}

/// Behind the token with which a message ends; where another begins; or the end.
std::pair<std::size_t, std::size_t> body_end(std::string_view text, std::size_t from) {
  for (auto at = text.find("<|", from); at != kNone; at = text.find("<|", at + 2)) {
    const std::string_view rest = text.substr(at);
    for (const std::string_view token : {"<|end|>", "<|return|>", "<|call|>"}) {
      if (rest.starts_with(token)) return {at, at + token.size()};
    }
    if (rest.starts_with(kStart) || rest.starts_with(kChannel)) return {at, at};
  }
  return {text.size(), text.size()};
}

std::string_view word_behind(std::string_view header, std::string_view mark) {
  const auto at = header.find(mark);
  if (at == kNone) return {};
  std::string_view rest = trim(header.substr(at + mark.size()));
  return rest.substr(0, rest.find_first_of(" \t\r\n<"));
}

class HarmonySplitter {
 public:
  explicit HarmonySplitter(std::string_view text) : text_(trim(text)) {}

  std::optional<HarmonyTexts> split() {
    if (auto plain = without_tokens()) return plain;
    if (!is_harmony()) return std::nullopt;
    std::size_t at = lead();
    while (at < text_.size()) at = message(at);
    HarmonyTexts out;
    add_part(out.visible, final_.empty() ? said_ : final_);
    add_part(out.visible, calls_);
    out.reasoning = std::move(reasoning_);
    return out;
  }

 private:
  /// "analysisHm.assistantfinalYes": servers that take tokens out leave the words between them.
  [[nodiscard]] std::optional<HarmonyTexts> without_tokens() const {
    static constexpr std::string_view kAnalysis = "analysis", kFinal = "assistantfinal",
                                      kCall = "assistantcommentary to=";
    if (text_.starts_with(kFinal))
      return HarmonyTexts{std::string(text_.substr(kFinal.size())), {}};
    if (!text_.starts_with(kAnalysis)) return std::nullopt;
    const auto end = std::min(text_.find(kFinal), text_.find(kCall));
    if (end == kNone) return std::nullopt;
    const bool final = text_.substr(end).starts_with(kFinal);
    return HarmonyTexts{std::string(trim(text_.substr(final ? end + kFinal.size() : end))),
                        std::string(trim(text_.substr(kAnalysis.size(), end - kAnalysis.size())))};
  }

  /// It begins with a header; or the header stood in the prompt, and a message follows the first.
  [[nodiscard]] bool is_harmony() const {
    if (text_.starts_with(kStart) || text_.starts_with(kChannel)) {
      return text_.substr(0, kLongestHeader).find(kMessage) != kNone;
    }
    const auto next = text_.find("<|start|>assistant");
    if (next == kNone) return false;
    const std::string_view header = text_.substr(next, kLongestHeader);
    return header.find(kChannel) != kNone && header.find(kMessage) != kNone &&
           trim(text_.substr(0, next)).ends_with("<|end|>");
  }

  std::size_t lead() {
    if (text_.starts_with(kStart) || text_.starts_with(kChannel)) return 0;
    const auto [end, next] = body_end(text_, 0);
    std::string_view body = text_.substr(0, end);
    if (body.starts_with(kMessage)) body.remove_prefix(kMessage.size());
    add_part(reasoning_, body);
    return next;
  }

  std::size_t message(std::size_t at) {
    const auto size = text_.substr(at, kLongestHeader).find(kMessage);
    if (size == kNone) {
      add_part(said_, text_.substr(at));
      return text_.size();
    }
    const std::string_view header = text_.substr(at, size);
    const auto [end, next] = body_end(text_, at + size + kMessage.size());
    const std::string_view body =
        text_.substr(at + size + kMessage.size(), end - at - size - kMessage.size());
    const std::string_view channel = word_behind(header, kChannel);
    const bool answered_by_tool =
        header.starts_with(kStart) && !header.substr(kStart.size()).starts_with("assistant");
    if (answered_by_tool || (channel == "analysis" && header.find("to=") == kNone)) {
      add_part(reasoning_, body);
    } else if (header.find("to=") != kNone) {
      add_part(calls_, text_.substr(at, next - at));
    } else {
      add_part(channel == "final" || channel.empty() ? final_ : said_, body);
    }
    return std::max(next, at + size + kMessage.size());
  }

  std::string_view text_;
  std::string final_, said_, calls_, reasoning_;
};

}  // namespace

std::optional<HarmonyTexts> split_harmony(const std::string& text) {
  return HarmonySplitter(text).split();
}

}  // namespace skillgrad::llm
