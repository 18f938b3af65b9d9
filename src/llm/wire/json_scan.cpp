// SPDX-License-Identifier: MIT
#include "llm/wire/json_scan.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxDepth = 256;
constexpr std::string_view kBlanks = " \t\r\n";

bool is_scalar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.';
}

class Scanner {
 public:
  Scanner(std::string_view text, std::size_t start) : text_(text), at_(start) {}

  JsonScan run() {
    do {
      at_ = text_.find_first_not_of(kBlanks, at_);
      if (at_ == std::string_view::npos) return {JsonScan::Ending::cut, text_.size()};
      if (!step(text_[at_])) {
        const bool cut = at_ >= text_.size();
        return {cut ? JsonScan::Ending::cut : JsonScan::Ending::broken,
                std::min(at_, text_.size())};
      }
    } while (!open_.empty());
    return {JsonScan::Ending::whole, at_};
  }

 private:
  enum class Expect { value, value_or_end, key, key_or_end, colon, more };

  bool step(char c) {
    switch (expect_) {
      case Expect::value_or_end:
      case Expect::key_or_end:
        if (c == closing()) return close();
        return expect_ == Expect::key_or_end ? key(c) : value(c);
      case Expect::value:
        return value(c);
      case Expect::key:
        return key(c);
      case Expect::colon:
        if (c != ':') return false;
        expect_ = Expect::value;
        break;
      case Expect::more:
        if (c == closing()) return close();
        if (c != ',') return false;
        expect_ = closing() == '}' ? Expect::key : Expect::value;
        break;
    }
    ++at_;
    return true;
  }

  [[nodiscard]] char closing() const { return open_.empty() ? '\0' : open_.back(); }

  bool close() {
    open_.pop_back();
    expect_ = Expect::more;
    ++at_;
    return true;
  }

  bool value(char c) {
    if (c == '{' || c == '[') {
      if (open_.size() >= kMaxDepth) return false;
      open_ += c == '{' ? '}' : ']';
      expect_ = c == '{' ? Expect::key_or_end : Expect::value_or_end;
      ++at_;
      return true;
    }
    if (open_.empty()) return false;
    expect_ = Expect::more;
    if (c == '"') return string();
    if (!is_scalar(c)) return false;
    while (at_ < text_.size() && is_scalar(text_[at_])) ++at_;
    return true;
  }

  bool key(char c) {
    expect_ = Expect::colon;
    return c == '"' && string();
  }

  /// False, too, at a control character, which no JSON string holds.
  bool string() {
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') ++at_;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_;
  std::string open_;  ///< the brackets that are due
  Expect expect_ = Expect::value;
};

}  // namespace

JsonScan scan_json(std::string_view text, std::size_t start) { return Scanner(text, start).run(); }

void ObjectProgress::add(std::string_view piece) {
  for (const char c : piece) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      begun_ = true;
      ++depth_;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
    }
  }
}

}  // namespace skillgrad::llm
