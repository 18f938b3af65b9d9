// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <unordered_map>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "core/quick_json.hpp"

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace skillgrad {

namespace {

constexpr std::size_t kMaxDepth = 256;

/// LINE:COLUMN of the last of `taken` bytes; columns count code points from 1.
std::string position_text(std::string_view text, std::size_t taken) {
  const std::size_t at = std::min(taken > 0 ? taken - 1 : 0, text.size());
  std::size_t line = 1;
  std::size_t start = 0;
  for (std::size_t i = 0; i < at; ++i) {
    if (text[i] == '\n') {
      ++line;
      start = i + 1;
    }
  }
  const std::size_t column = count_code_points(text.substr(start, at - start)) + 1;
  return std::to_string(line) + ":" + std::to_string(column);
}

/// Feeds the parser and counts what it took, because its events carry no position.
class CountingIterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator() = default;
  CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_ = nullptr;
  std::size_t* taken_ = nullptr;
};

enum class RepeatedKeys { refuse, last_counts };

/// Builds the value; unlike the library's own builder it bounds the nesting and may refuse repeated
/// keys. Its many methods are those of the library's interface.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(RepeatedKeys repeated, DeepValues deep) : repeated_(repeated), deep_(deep) {}
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return refuse("binary value"); }
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (skipped_ > 0) return true;
    Frame& frame = frames_.back();
    frame.member = frame.place_of(name);
    if (frame.member < frame.value->size() && repeated_ == RepeatedKeys::refuse)
      return refuse("key \"" + name + "\" occurs twice");
    frame.key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    std::string text = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..."
    if (const auto at = text.find("] "); at != std::string::npos) text.erase(0, at + 2);
    if (text.rfind("parse error at", 0) == 0)
      text.erase(0, std::min(text.size(), text.find(": ") + 2));
    problem_ = std::move(text);
    position_ = position;
    return false;
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::optional<std::size_t> position() const { return position_; }
  Json take() { return std::move(root_); }

 private:
  struct Frame {
    Json* value = nullptr;
    std::string key;
    std::size_t member = 0;  ///< where the value of `key` stands, or will stand
    std::unordered_map<std::string, std::size_t> keys;  ///< of an object of many

    std::size_t place_of(const std::string& name) {
      constexpr std::size_t kMany = 16;
      const auto& members = value->get_ref<const Json::object_t&>();
      if (members.size() < kMany) {
        std::size_t at = 0;
        for (auto it = members.begin(); it != members.end() && it->first != name; ++it) ++at;
        return at;
      }
      if (keys.empty())
        for (const auto& [known, _] : members) keys.emplace(known, keys.size());
      return keys.try_emplace(name, members.size()).first->second;
    }
  };

  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  Json* place(Json&& value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Frame& frame = frames_.back();
    if (frame.value->is_array()) {
      auto& items = frame.value->get_ref<Json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    // The ordered map's own insert searches all keys; of ours the place is known.
    auto& members =
        static_cast<Json::object_t::Container&>(frame.value->get_ref<Json::object_t&>());
    if (frame.member < members.size()) return &(members[frame.member].second = std::move(value));
    members.emplace_back(std::move(frame.key), std::move(value));
    return &members.back().second;
  }
  bool add(Json value) {
    if (skipped_ == 0) place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (frames_.size() >= kMaxDepth) {
      if (deep_ == DeepValues::refuse) return refuse("nested deeper than 256 levels");
      if (skipped_++ == 0) place(Json());
      return true;
    }
    Json* placed = place(std::move(value));
    frames_.push_back({placed, {}, 0, {}});
    return true;
  }
  bool close() {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      frames_.pop_back();
    }
    return true;
  }

  RepeatedKeys repeated_;
  DeepValues deep_;
  std::size_t skipped_ = 0;  ///< levels below the deepest that is kept
  Json root_;
  std::vector<Frame> frames_;
  std::string problem_;
  std::optional<std::size_t> position_;
};

Result<Json> parse_with(std::string_view text, std::string_view where, bool comments,
                        Builder builder = {RepeatedKeys::refuse, DeepValues::refuse}) {
  if (auto value = read_quick_json(text)) return std::move(*value);
  constexpr std::size_t kMaxProblem = 500;  // it may quote a string of any length
  std::size_t taken = 0;
  const CountingIterator begin(text.data(), &taken);
  const CountingIterator end(text.data() + text.size(), &taken);
  const bool good =
      Json::sax_parse(begin, end, &builder, nlohmann::detail::input_format_t::json, true, comments);
  if (good) return builder.take();
  return fail(ErrorCode::input,
              "invalid JSON: " + truncate_middle(sanitize_utf8(builder.problem()), kMaxProblem),
              std::string(where) + ":" + position_text(text, builder.position().value_or(taken)));
}

Result<> check_not_empty(std::string_view text, std::string_view where) {
  if (!trim(text).empty()) return {};
  return fail(ErrorCode::input, "invalid JSON: the text is empty", std::string(where) + ":1:1");
}

/// Content of the only fenced block whose content is an object.
std::string fenced_object(const std::string& text) {
  std::string found;
  std::size_t at = text.find("```");
  while (at != std::string::npos) {
    const std::size_t line_end = text.find('\n', at);
    if (line_end == std::string::npos) break;
    // Line breaks inside JSON strings are escaped, so a fence at a line's start ends the block.
    const std::size_t close = text.find("\n```", line_end);
    if (close == std::string::npos) break;
    const std::string content(trim(std::string_view(text).substr(line_end, close - line_end)));
    if (!content.empty() && content.front() == '{') {
      if (!found.empty()) return {};
      found = content;
    }
    at = text.find("```", close + 4);
  }
  return found;
}

Json with_sorted_keys(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(with_sorted_keys(item));
    return out;
  }
  if (!value.is_object()) return value;
  std::vector<Json::const_iterator> members;
  for (auto member = value.begin(); member != value.end(); ++member) members.push_back(member);
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.key() < b.key(); });
  Json::object_t out;
  // Not by name, which would compare it with every one before.
  for (const auto& member : members) out.emplace_back(member.key(), with_sorted_keys(*member));
  return out;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view where, bool comments) {
  SKILLGRAD_CHECK(check_not_empty(text, where));
  return parse_with(text, where, comments);
}

Result<Json> parse_tolerant_json(std::string_view text, std::string_view where, DeepValues deep) {
  SKILLGRAD_CHECK(check_not_empty(text, where));
  return parse_with(text, where, false, {RepeatedKeys::last_counts, deep});
}

Result<Json> read_json(const fs::path& path, bool comments) {
  SKILLGRAD_TRY(const std::string text, read_file(path));
  auto value = parse_json(text, path.string(), comments);
  if (!value && value.error().mend.empty())
    value.error().mend =
        "mend the file there: look for a comma, quotation mark or bracket that is missing or too "
        "many";
  return value;
}

Result<std::vector<Json>> read_json_lines(const fs::path& path) {
  SKILLGRAD_TRY(const std::string text, read_file(path));
  std::vector<Json> out;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++number;
    if (number == 1 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
    line = trim(line);
    if (line.empty()) continue;
    auto value = parse_with(line, "", false);
    if (!value) {
      // ":1:COLUMN" of the single line becomes "file:LINE:COLUMN".
      const std::string column = value.error().where.substr(3);
      value.error().where = path.string() + ":" + std::to_string(number) + ":" + column;
      return tl::unexpected(std::move(value).error());
    }
    out.push_back(std::move(*value));
  }
  return out;
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_json(const Json& value) { return dump_json(with_sorted_keys(value)); }

Result<> write_json(const fs::path& path, const Json& value) {
  return write_file_atomic(path, dump_json(value, 1) + "\n");
}

Result<Json> object_in_text(const std::string& text) {
  const std::string whole(trim(text));
  std::vector<std::string> candidates;
  if (!whole.empty() && whole.front() == '{') candidates.push_back(whole);
  if (std::string fenced = fenced_object(whole); !fenced.empty()) candidates.push_back(fenced);
  const std::size_t open = whole.find('{'), close = whole.rfind('}');
  if (open != std::string::npos && close != std::string::npos && open < close) {
    candidates.push_back(whole.substr(open, close - open + 1));
  }
  for (const std::string& candidate : candidates) {
    if (auto json = parse_json(candidate, "answer"); json && json->is_object()) {
      return std::move(*json);
    }
  }
  return fail(ErrorCode::malformed_reply, "the answer holds no single JSON object", "answer");
}

}  // namespace skillgrad
