// SPDX-License-Identifier: MIT
#include "llm/text/think.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include <skillgrad/core/text.hpp>

#include "llm/text/search.hpp"
#include "llm/text/think_marks.hpp"

namespace skillgrad::llm {

namespace {

struct Span {
  std::size_t begin = 0, end = 0;
  std::size_t body = kNone, body_end = kNone;  ///< what is between its marks, where that is known
};

struct Tag {
  Span span;
  std::size_t kind = 0;  ///< a tag is closed by one of its kind
  bool closes = false;
};

struct TagForm {
  std::size_t kind;
  std::string_view open, close;
};
/// How models mark their thinking: most; Mistral; Seed-OSS; Kimi 1.5 and Kimi-VL; Kimi K3;
/// OpenThinker; Cohere; Apertus; Gemma 4; Pangu. At the beginning of a reply others count, too
/// (think_marks.hpp).
constexpr std::array<TagForm, 11> kForms = {
    {{0, "<think>", "</think>"},
     {0, "<thinking>", "</thinking>"},
     {1, "[THINK]", "[/THINK]"},
     {2, "<seed:think>", "</seed:think>"},
     {3, "\xE2\x97\x81think\xE2\x96\xB7", "\xE2\x97\x81/think\xE2\x96\xB7"},
     {4, "<|open|>think<|sep|>", "<|close|>think<|sep|>"},
     {5, "<|begin_of_thought|>", "<|end_of_thought|>"},
     {6, "<|START_THINKING|>", "<|END_THINKING|>"},
     {7, "<|inner_prefix|>", "<|inner_suffix|>"},
     {8, "<|channel>thought", "<channel|>"},
     {9, "[unused16]", "[unused17]"}}};
constexpr std::size_t kKinds = 10;
constexpr std::string_view kTagBegins = "<[\xE2";

std::optional<Tag> tag_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.empty() || kTagBegins.find(rest.front()) == kNone) return std::nullopt;
  for (const TagForm& form : kForms) {
    if (starts_with_icase(rest, form.open))
      return Tag{{at, at + form.open.size()}, form.kind, false};
    if (starts_with_icase(rest, form.close))
      return Tag{{at, at + form.close.size()}, form.kind, true};
  }
  return std::nullopt;
}

/// Length of what may stand before the thinking without being an answer: blanks, a BOM, characters
/// without width, and tokens of a chat template such as <|assistant|>.
std::size_t silent_prefix(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kZeroWidth = {
      "\xEF\xBB\xBF", "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D", "\xE2\x81\xA0"};
  constexpr std::size_t kLongestToken = 40;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const auto zero = std::find_if(kZeroWidth.begin(), kZeroWidth.end(),
                                   [&](std::string_view mark) { return rest.starts_with(mark); });
    if (std::string_view(" \t\r\n").find(rest.front()) != std::string_view::npos) {
      ++at;
    } else if (zero != kZeroWidth.end()) {
      at += zero->size();
    } else if (const auto end = rest.substr(0, kLongestToken).find("|>");
               rest.starts_with("<|") && end != kNone && rest.find_first_of("> \n") == end + 1 &&
               !think_mark_at(text, at)) {
      at += end + 2;
    } else {
      break;
    }
  }
  return at;
}

/// One pass over the text. Each search goes on where the last one of its kind stopped, so that no
/// text takes more than a multiple of its length.
class ThinkSplitter {
 public:
  explicit ThinkSplitter(std::string_view text) : text_(text) {}

  ThinkSplit split() {
    leading();
    find_tags();
    if (!any_tag_ && spans_.empty()) return {std::string(text_), {}, kNone};
    while (at_ < text_.size()) step();
    return result();
  }

 private:
  /// Blocks of thinking at the beginning, in the marks of any model.
  void leading() {
    while (true) {
      const auto block = leading_thinking(text_, at_ + silent_prefix(text_.substr(at_)));
      if (!block) return;
      spans_.push_back({block->begin, block->end, block->body, block->body_end});
      at_ = block->end;
    }
  }

  void find_tags() {
    for (auto at = text_.find_first_of(kTagBegins); at != kNone;
         at = text_.find_first_of(kTagBegins, at + 1)) {
      const auto tag = tag_at(text_, at);
      any_tag_ = any_tag_ || tag.has_value();
      if (tag && tag->closes && !is_quoted(tag->span)) closers_[tag->kind].push_back(tag->span);
    }
  }

  [[nodiscard]] bool is_quoted(const Span& tag) const {
    return tag.begin > 0 && text_[tag.begin - 1] == '`' && tag.end < text_.size() &&
           text_[tag.end] == '`';
  }

  void step() {
    at_ = text_.find_first_of("`<[\xE2", at_);
    if (at_ == kNone) {
      at_ = text_.size();
    } else if (text_[at_] == '`') {
      skip_code();
    } else if (const auto tag = tag_at(text_, at_)) {
      if (tag->closes) {
        close(tag->span);
      } else {
        open(*tag);
      }
    } else {
      ++at_;
    }
  }

  /// Everything so far was thinking whose opening tag is missing.
  void close(const Span& tag) {
    spans_.assign(1, {0, tag.end});
    unclosed_ = kNone;
    at_ = tag.end;
  }

  void open(const Tag& tag) {
    const std::vector<Span>& closers = closers_[tag.kind];
    std::size_t& closer = closer_[tag.kind];
    while (closer < closers.size() && closers[closer].begin < tag.span.end) ++closer;
    if (closer < closers.size()) {
      spans_.push_back({tag.span.begin, closers[closer].end});
      at_ = closers[closer].end;
      return;
    }
    if (begins_line(tag.span.begin)) {
      spans_.push_back({tag.span.begin, text_.size()});
      at_ = text_.size();
      return;
    }
    unclosed_ = std::min(unclosed_, tag.span.begin);
    at_ = begun_ = tag.span.end;
    clean_ = false;
  }

  /// Nothing visible stands between the tag and the beginning of its line, or the thinking before
  /// it. Called for tags one after the other.
  bool begins_line(std::size_t at) {
    if (!spans_.empty() && spans_.back().end > begun_) {
      begun_ = spans_.back().end;
      clean_ = true;
    }
    const std::string_view before = text_.substr(0, at);
    if (const auto end = before.substr(begun_).rfind('\n'); end != kNone) {
      begun_ += end + 1;
      clean_ = true;
    }
    return clean_ && begun_ + silent_prefix(before.substr(begun_)) == at;
  }

  /// Backticks on one line, or a fence that is closed, quote what is between them.
  void skip_code() {
    std::size_t after = text_.find_first_not_of('`', at_);
    if (after == kNone) after = text_.size();
    if (after - at_ >= 3 && only_blanks_before(at_)) {
      const std::size_t end = fence_end(after);
      at_ = end == kNone ? after : end;
      return;
    }
    const auto next = text_.find_first_of("`\n", after);
    if (next == kNone || text_[next] == '\n') {
      at_ = after;
      return;
    }
    const auto end = text_.find_first_not_of('`', next);
    at_ = end == kNone ? text_.size() : end;
  }

  [[nodiscard]] bool only_blanks_before(std::size_t at) const {
    while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\t')) --at;
    return at == 0 || text_[at - 1] == '\n';
  }

  std::size_t fence_end(std::size_t from) {
    if (no_more_fences_) return kNone;
    for (auto at = text_.find("```", from); at != kNone; at = text_.find("```", at + 3)) {
      if (!only_blanks_before(at)) continue;
      const auto end = text_.find_first_not_of('`', at);
      return end == kNone ? text_.size() : end;
    }
    no_more_fences_ = true;
    return kNone;
  }

  [[nodiscard]] ThinkSplit result() const {
    ThinkSplit out;
    std::size_t from = 0;
    for (const Span& span : spans_) {
      add_visible(from, span.begin, out);
      add_reasoning(span, out);
      from = span.end;
    }
    add_visible(from, text_.size(), out);
    const std::size_t front = spans_.empty() ? 0 : silent_prefix(out.visible);
    if (out.certain != kNone) out.certain -= std::min(out.certain, front);
    out.visible = std::string(trim(std::string_view(out.visible).substr(front)));
    return out;
  }

  void add_visible(std::size_t begin, std::size_t end, ThinkSplit& out) const {
    if (unclosed_ >= begin && unclosed_ < end) out.certain = out.visible.size() + unclosed_ - begin;
    out.visible += text_.substr(begin, end - begin);
  }

  /// The tags at both ends are left out.
  void add_reasoning(const Span& span, ThinkSplit& out) const {
    if (span.body != kNone) {
      add_line(text_.substr(span.body, span.body_end - span.body), out);
      return;
    }
    std::string_view text = text_.substr(span.begin, span.end - span.begin);
    if (const auto tag = text.empty() ? std::nullopt : tag_at(text, 0); tag && !tag->closes) {
      text.remove_prefix(tag->span.end);
    }
    const auto last = closing_tag(text);
    if (last != kNone) text = text.substr(0, last);
    add_line(text, out);
  }

  static void add_line(std::string_view text, ThinkSplit& out) {
    text = trim(text);
    if (text.empty()) return;
    if (!out.reasoning.empty()) out.reasoning += '\n';
    out.reasoning += text;
  }

  /// Where the tag begins that ends a text.
  static std::size_t closing_tag(std::string_view text) {
    for (const TagForm& form : kForms) {
      if (text.size() < form.close.size()) continue;
      const std::size_t at = text.size() - form.close.size();
      if (starts_with_icase(text.substr(at), form.close)) return at;
    }
    return kNone;
  }

  std::string_view text_;
  std::array<std::vector<Span>, kKinds> closers_;
  std::vector<Span> spans_;
  std::array<std::size_t, kKinds> closer_{};  ///< the first of closers_ that may still be needed
  std::size_t at_ = 0;
  std::size_t unclosed_ = kNone;  ///< the first opening tag that is not thinking
  std::size_t begun_ = 0;         ///< where a line may begin; nothing before it matters any more
  bool clean_ = true;             ///< a line does begin there
  bool any_tag_ = false, no_more_fences_ = false;
};

}  // namespace

ThinkSplit split_think(const std::string& content) { return ThinkSplitter(content).split(); }

std::string without_end_tokens(std::string text) {
  static constexpr std::array<std::string_view, 20> kTokens = {
      "<|eom_id|>",
      "<|eot_id|>",
      "<|im_end|>",
      "<|end|>",
      "<|return|>",
      "<|eom|>",
      "<|eot|>",
      "<|endoftext|>",
      "<|end_of_text|>",
      "<|end_of_solution|>",
      "<|END_RESPONSE|>",
      "<|END_OF_TURN_TOKEN|>",
      "<|assistant_end|>",
      "<|close|>response<|sep|>",
      "<|close|>message<|sep|>",
      "<|role_end|>",
      "<end_of_turn>",
      "<turn|>",
      "</s>",
      "<\xEF\xBD\x9C"
      "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>"};
  static constexpr std::array<std::string_view, 3> kBeginnings = {
      "<|begin_of_solution|>", "<|START_RESPONSE|>", "<|open|>response<|sep|>"};
  std::string_view rest = text;
  std::size_t size = text.size();
  while (true) {
    rest = rest.substr(0, rest.find_last_not_of(" \t\r\n") + 1);
    const auto token = std::find_if(kTokens.begin(), kTokens.end(),
                                    [&](std::string_view word) { return rest.ends_with(word); });
    if (token == kTokens.end()) break;
    size = rest.size() - token->size();
    rest = rest.substr(0, size);
  }
  text.resize(size);
  for (const std::string_view word : kBeginnings) {
    if (text.starts_with(word)) text.erase(0, word.size());
  }
  return text;
}

}  // namespace skillgrad::llm
