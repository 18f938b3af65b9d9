// SPDX-License-Identifier: MIT
#include "llm/stored/json_difference.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

constexpr std::size_t kBefore = 30;
constexpr std::size_t kExcerpt = 120;

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string excerpt(const std::string& text, std::size_t at) {
  const std::size_t from = at > kBefore ? at - kBefore : 0;
  std::string out = from > 0 ? "..." : "";
  out += sanitize_utf8(text.substr(from, kExcerpt));
  if (from + kExcerpt < text.size()) out += "...";
  return one_line(out);
}

std::string shown(const Json* value) {
  if (value == nullptr) return kNothing;
  return excerpt(value->is_string() ? value->get<std::string>() : dump_json(*value), 0);
}

std::string pointer_part(std::string key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

class Comparison {
 public:
  std::optional<JsonDifference> run(const Json& expected, const Json& got) {
    visit(expected, got, "");
    return std::move(found_);
  }

 private:
  void report(const std::string& path, std::string expected, std::string got) {
    found_ = JsonDifference{path, std::move(expected), std::move(got), equal_};
  }

  void visit(const Json& expected, const Json& got, const std::string& path) {
    if (expected.is_object() && got.is_object()) {
      visit_members(expected, got, path);
    } else if (expected.is_array() && got.is_array()) {
      visit_elements(expected, got, path);
    } else if (expected.is_string() && got.is_string()) {
      visit_text(expected.get_ref<const std::string&>(), got.get_ref<const std::string&>(), path);
    } else if (expected == got) {
      ++equal_;
    } else {
      report(path, shown(&expected), shown(&got));
    }
  }

  void visit_members(const Json& expected, const Json& got, const std::string& path) {
    for (const auto& [key, value] : expected.items()) {
      const auto other = got.find(key);
      if (other == got.end())
        return report(path + pointer_part(key), shown(&value), shown(nullptr));
      visit(value, *other, path + pointer_part(key));
      if (found_) return;
    }
    for (const auto& [key, value] : got.items()) {
      if (!expected.contains(key))
        return report(path + pointer_part(key), shown(nullptr), shown(&value));
    }
  }

  void visit_elements(const Json& expected, const Json& got, const std::string& path) {
    const std::size_t both = std::min(expected.size(), got.size());
    for (std::size_t i = 0; i < both && !found_; ++i)
      visit(expected[i], got[i], path + "/" + std::to_string(i));
    if (found_ || expected.size() == got.size()) return;
    report(path + "/" + std::to_string(both),
           shown(both < expected.size() ? &expected[both] : nullptr),
           shown(both < got.size() ? &got[both] : nullptr));
  }

  void visit_text(const std::string& expected, const std::string& got, const std::string& path) {
    const auto [a, b] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
    const auto at = static_cast<std::size_t>(a - expected.begin());
    equal_ += at + 1;
    if (a != expected.end() || b != got.end())
      report(path, excerpt(expected, at), excerpt(got, at));
  }

  std::optional<JsonDifference> found_;
  std::size_t equal_ = 0;
};

}  // namespace

std::optional<JsonDifference> first_difference(const Json& expected, const Json& got) {
  return Comparison().run(expected, got);
}

}  // namespace skillgrad::llm
