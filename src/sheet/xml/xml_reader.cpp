// SPDX-License-Identifier: MIT
#include "sheet/xml/xml_reader.hpp"

#include <algorithm>
#include <array>

#include "sheet/xml/xml_chars.hpp"

namespace skillgrad::sheet {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;

bool all_space(std::string_view text) {
  for (const char c : text) {
    if (!is_space(c)) return false;
  }
  return true;
}

// Of which signs the names of plain tags consist: those that cannot end or quote anything.
constexpr unsigned char kName = 1, kColon = 2;
constexpr auto kInName = [] {
  std::array<unsigned char, 256> table{};
  table.fill(kName);
  for (const char c : std::string_view("\0 \t\n\r\"'=<>/&", 12)) {
    table[static_cast<unsigned char>(c)] = 0;
  }
  table[':'] = kName | kColon;
  return table;
}();

// Signs of values in which nothing is to be replaced.
constexpr auto kInValue = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < table.size(); ++c) table[c] = true;
  for (const char c : std::string_view("\"'&<")) table[static_cast<unsigned char>(c)] = false;
  return table;
}();

constexpr auto kNotPlainText = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("<&>\r")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// `seen` gathers what the signs are.
const char* name_end(const char* at, const char* end, unsigned char& seen) {
  while (at != end) {
    const unsigned char kind = kInName[static_cast<unsigned char>(*at)];
    if (kind == 0) break;
    seen = static_cast<unsigned char>(seen | kind);
    ++at;
  }
  return at;
}

/// Takes ` NAME="VALUE"` off the front of a declaration.
bool take_pseudo_attribute(std::string_view& text, std::string_view name, std::string_view& value) {
  std::string_view rest = text;
  const auto skip_space = [&rest] {
    const std::size_t before = rest.size();
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    return before != rest.size();
  };
  if (!skip_space() || !rest.starts_with(name)) return false;
  rest.remove_prefix(name.size());
  skip_space();
  if (!rest.starts_with('=')) return false;
  rest.remove_prefix(1);
  skip_space();
  if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return false;
  const std::size_t end = rest.find(rest.front(), 1);
  if (end == std::string_view::npos) return false;
  value = rest.substr(1, end - 1);
  text = rest.substr(end + 1);
  return true;
}

/// What stands between "<?xml" and "?>", as expat takes it.
bool is_declaration(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto is_word = [&](std::string_view word) {
    return std::all_of(word.begin(), word.end(), [&](char c) {
      return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    });
  };
  std::string_view value;
  if (!take_pseudo_attribute(text, "version", value) || !is_word(value)) return false;
  if (take_pseudo_attribute(text, "encoding", value) &&
      (value.empty() || !is_letter(value.front()) || !is_word(value)))
    return false;
  if (take_pseudo_attribute(text, "standalone", value) && value != "yes" && value != "no")
    return false;
  return all_space(text);
}

}  // namespace

XmlReader::Token XmlReader::fail(std::string what) {
  if (!failed_) error_ = unreadable(source_.name() + ": " + std::move(what));
  failed_ = true;
  return Token::failed;
}

bool XmlReader::refuse(std::string what) {
  fail(std::move(what));
  return false;
}

// Drops what was consumed and appends one chunk. False at the end of the part or on an error.
bool XmlReader::refill() {
  if (source_ended_ || failed_) return false;
  const std::size_t kept = end_ - position_;
  if (kept + kChunk > capacity_) {
    capacity_ = std::max(2 * capacity_, kept + kChunk);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
    std::copy_n(buffer_.get() + position_, kept, larger.get());
    buffer_ = std::move(larger);
  } else if (kept > 0) {
    std::memmove(buffer_.get(), buffer_.get() + position_, kept);
  }
  position_ = 0;
  end_ = kept;
  auto got = source_.read(buffer_.get() + kept, kChunk);
  if (!got) {
    error_ = std::move(got).error();
    failed_ = true;
    return false;
  }
  end_ += *got;
  if (*got == 0) source_ended_ = true;
  return *got != 0;
}

// Offset of the tag's '>' relative to position_; a '>' in an attribute value is none. One pass, so
// that a tag full of such signs costs no more than others.
std::size_t XmlReader::find_tag_end() {
  std::size_t i = 1;
  char quote = 0;
  while (true) {
    // By hand: tags are short, and a search for one of several signs calls memchr for each byte.
    const std::string_view tag = unread();
    for (; i < tag.size(); ++i) {
      const char c = tag[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '>') {
        return i;
      } else if (c == '"' || c == '\'') {
        quote = c;
      }
    }
    if (i > kMaxTag) {
      fail("a tag is longer than " + std::to_string(kMaxTag) + " bytes");
      return 0;
    }
    if (!refill()) {
      fail("ends in the middle of a tag");
      return 0;
    }
  }
}

XmlReader::Token XmlReader::next() {
  if (failed_) return Token::failed;
  if (pending_end_) {
    pending_end_ = false;
    return pop();
  }
  while (!failed_) {
    if (position_ == end_ && !refill()) break;
    const Token token = buffer_[position_] == '<' ? read_markup() : read_text();
    started_ = true;
    // `done` stands for markup and white space that carry nothing.
    if (token != Token::done) return token;
  }
  if (failed_) return Token::failed;
  if (depth_ != 0 || !root_seen_) return fail("ends before the document does");
  return Token::done;
}

XmlReader::Token XmlReader::read_markup() {
  while (end_ - position_ < 9 && refill()) {
  }
  if (failed_) return Token::failed;
  const std::string_view rest = unread();
  const char kind = rest.size() > 1 ? rest[1] : '\0';
  if (kind == '?') {
    if (rest.starts_with("<?xml") && rest.size() > 5 && is_space(rest[5])) {
      if (started_) return fail("has a late XML declaration");
      return read_declaration() ? Token::done : Token::failed;
    }
    return skip_to("?>", 2) ? Token::done : Token::failed;
  }
  if (kind == '!') {
    if (rest.starts_with("<!--")) return skip_comment();
    return rest.starts_with("<![CDATA[") ? read_cdata() : fail("has a DTD");
  }
  if (kind == '/') {
    if (read_plain_end()) return pop();
  } else if (read_plain_start()) {
    return failed_ ? Token::failed : Token::start;
  }
  const std::size_t close = find_tag_end();
  if (failed_) return Token::failed;
  return kind == '/' ? read_end(close) : read_start(close);
}

bool XmlReader::read_declaration() {
  constexpr std::size_t kLongest = 1000;
  std::size_t end = unread().find("?>");
  while (end == std::string_view::npos && end_ - position_ < kLongest && refill())
    end = unread().find("?>");
  if (end == std::string_view::npos || !is_declaration(unread().substr(5, end - 5)))
    return refuse("has a malformed XML declaration");
  position_ += end + 2;
  return true;
}

// Long comments must not gather in memory, so they are skipped piece by piece.
bool XmlReader::skip_to(std::string_view end, std::size_t skip) {
  position_ += skip;
  while (true) {
    const std::size_t at = unread().find(end);
    if (at != std::string_view::npos) {
      position_ += at + end.size();
      return true;
    }
    position_ = std::max(position_, end_ - std::min(end_, end.size() - 1));
    if (!refill()) {
      fail("ends in the middle of a comment");
      return false;
    }
  }
}

XmlReader::Token XmlReader::skip_comment() {
  if (!skip_to("--", 4)) return Token::failed;
  if (position_ == end_) refill();
  if (failed_) return Token::failed;
  if (!unread().starts_with('>')) return fail("has two hyphens inside a comment");
  ++position_;
  return Token::done;
}

XmlReader::Token XmlReader::read_cdata() {
  constexpr std::size_t kOpen = 9;
  std::size_t close = unread().find("]]>", kOpen);
  while (close == std::string_view::npos) {
    if (end_ - position_ > kMaxTag) return fail("has a CDATA section that is too long");
    if (!refill()) return fail("ends in the middle of a CDATA section");
    close = unread().find("]]>", kOpen);
  }
  if (depth_ == 0) return fail("has text outside its root element");
  text_ = unread().substr(kOpen, close - kOpen);
  position_ += close + 3;
  token_depth_ = depth_;
  return Token::text;
}

// Gives the text up to the next tag or, when the buffer ends first, all of it that is certain.
XmlReader::Token XmlReader::read_text() {
  const std::string_view rest = unread();
  // Most texts are short and hold nothing to replace: they are passed on where they lie.
  bool literal = true;
  std::size_t size = 0;
  for (; size < rest.size(); ++size) {
    if (!kNotPlainText[static_cast<unsigned char>(rest[size])]) continue;
    if (rest[size] == '<') break;
    literal = false;
  }
  if (size == rest.size()) {
    // An entity or a CR LF pair may be cut in two by the chunk's end.
    const std::size_t amp = rest.rfind('&');
    const bool cut = (amp != std::string_view::npos && rest.size() - amp < kMaxXmlEntity &&
                      rest.find(';', amp) == std::string_view::npos) ||
                     rest.back() == '\r';
    if (cut && refill()) return read_text();
    if (failed_) return Token::failed;
  }
  text_ = unread().substr(0, size);
  position_ += size;
  if (depth_ == 0) {
    return all_space(text_) ? Token::done : fail("has text outside its root element");
  }
  if (!literal) {
    decoded_.clear();
    if (!decode(text_, false, decoded_)) return Token::failed;
    text_ = decoded_;
  }
  token_depth_ = depth_;
  return Token::text;
}

// Reads what nearly every start tag is in one pass: all of it in the buffer, attributes with
// nothing to replace. False, and nothing is read: the tag is not of that kind, or it is wrong,
// which the long way finds out.
bool XmlReader::read_plain_start() {
  const char* const end = buffer_.get() + end_;
  const char* at = buffer_.get() + position_ + 1;
  unsigned char seen = 0;
  const std::string_view name(at, static_cast<std::size_t>(name_end(at, end, seen) - at));
  at += name.size();
  attribute_count_ = 0;
  while (true) {
    const char* const before = at;
    while (at != end && is_space(*at)) ++at;
    if (end - at < 2) return false;
    if (*at == '>' || *at == '/') break;
    const char* const equals = name_end(at, end, seen);
    if (at == before || equals == at || end - equals < 3 || *equals != '=') return false;
    const char quote = equals[1];
    if (quote != '"' && quote != '\'') return false;
    const char* const value = equals + 2;
    const char* close = value;
    while (close != end && kInValue[static_cast<unsigned char>(*close)]) ++close;
    if (close == end || *close != quote) return false;
    Attribute& slot = next_slot();
    slot.name = {at, static_cast<std::size_t>(equals - at)};
    slot.raw = {value, static_cast<std::size_t>(close - value)};
    slot.is_decoded = false;
    at = close + 1;
  }
  const bool empty = *at == '/';
  if (name.empty() || (empty && at[1] != '>')) return false;
  position_ = static_cast<std::size_t>(at - buffer_.get()) + (empty ? 2 : 1);
  pending_end_ = empty;
  if (open_element(name, true)) check_names((seen & kColon) != 0);
  return true;
}

bool XmlReader::read_plain_end() {
  if (depth_ == 0 || !open_[depth_ - 1].plain) return false;
  const std::string_view name = open_[depth_ - 1].name;
  const std::string_view tag = unread().substr(2);
  if (tag.size() <= name.size() || tag[name.size()] != '>' || !tag.starts_with(name)) return false;
  position_ += name.size() + 3;
  return true;
}

XmlReader::Token XmlReader::read_start(std::size_t close) {
  std::string_view tag = unread().substr(1, close - 1);
  position_ += close + 1;
  if (tag.ends_with('/')) {
    tag.remove_suffix(1);
    pending_end_ = true;
  }
  std::size_t size = 0;
  while (size < tag.size() && !is_space(tag[size])) ++size;
  if (!open_element(tag.substr(0, size), false)) return Token::failed;
  if (!read_attributes(tag.substr(size)) || !check_names(true)) return Token::failed;
  return Token::start;
}

bool XmlReader::open_element(std::string_view name, bool plain) {
  const char* const problem = name.empty()                ? "has a tag without a name"
                              : depth_ == 0 && root_seen_ ? "has two root elements"
                              : depth_ == kMaxDepth       ? "is nested too deeply"
                                                          : nullptr;
  if (problem != nullptr) {
    fail(problem);
    return false;
  }
  if (!source_.take_element()) {
    fail("makes more than " + std::to_string(ZipPart::kMaxElements) + " elements");
    return false;
  }
  root_seen_ = true;
  if (open_.size() == depth_) open_.emplace_back();
  Element& element = open_[depth_];
  element.name.assign(name);
  element.plain = plain;
  element.local = name.rfind(':') + 1;  // without a prefix npos + 1, which is 0
  name_ = name.substr(element.local);
  token_depth_ = ++depth_;
  return true;
}

XmlReader::Token XmlReader::read_end(std::size_t close) {
  std::string_view name = unread().substr(2, close - 2);
  while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
  if (depth_ == 0 || name != open_[depth_ - 1].name) {
    return fail("has a closing tag without its start");
  }
  position_ += close + 1;
  return pop();
}

XmlReader::Token XmlReader::pop() {
  token_depth_ = depth_--;
  while (!prefixes_.empty() && prefixes_.back().depth > depth_) {
    const bool is_default = prefixes_.back().name.empty();
    prefixes_.pop_back();
    if (!is_default) continue;
    const Prefix* outer = find_prefix({});
    default_space_ = outer == nullptr ? Space::none : outer->space;
  }
  name_ = std::string_view(open_[depth_].name).substr(open_[depth_].local);
  space_ = open_[depth_].space;
  attribute_count_ = 0;
  return Token::end;
}

}  // namespace skillgrad::sheet
