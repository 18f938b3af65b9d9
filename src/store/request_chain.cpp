// SPDX-License-Identifier: MIT
#include "store/request_chain.hpp"

#include <charconv>

#include <skillgrad/core/hashing.hpp>

namespace skillgrad::store {
namespace {

/// Then it is emptied, and the next requests are kept whole: memory stays small in long runs.
constexpr std::size_t kMostKnown = 32'768;
constexpr std::string_view kLists[] = {"\"messages\":[", "\"input\":["};

/// Behind the string that begins at `at`, or npos.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

/// What stands between the commas of a JSON object or list without spaces; empty if it is none.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  if (text.size() < 3 || (text.front() != '{' && text.front() != '[')) return out;
  std::size_t depth = 0, begin = 1;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    const bool closes = c == '}' || c == ']';
    if (depth == 1 && (closes || c == ',')) {
      out.push_back(text.substr(begin, at - begin));
      begin = at + 1;
    }
    if (closes && --depth == 0)
      return at + 1 == text.size() ? out : std::vector<std::string_view>();
    ++at;
  }
  return {};
}

std::string id_text(const HashId& id) {
  return std::string(reinterpret_cast<const char*>(&id), sizeof id);
}

}  // namespace

HashId hash_id(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  const auto read = [](std::string_view digits, std::uint64_t& number) {
    if (digits.size() < kDigits) return false;
    const char* end = digits.data() + kDigits;
    return std::from_chars(digits.data(), end, number, 16).ptr == end;
  };
  HashId out;
  if (text.size() == 4 * kDigits && read(text, out.high) && read(text.substr(kDigits), out.low))
    return out;
  const std::string hash = sha256_hex(text);
  read(hash, out.high);
  read(std::string_view(hash).substr(kDigits), out.low);
  return out;
}

RequestChain::Outline RequestChain::outline(std::string_view request_json) {
  PartHasher frame;
  std::string_view list;
  for (const std::string_view member : parts_of(request_json)) {
    for (const std::string_view name : kLists)
      if (list.empty() && member.starts_with(name)) {
        list = member.substr(name.size() - 1);
        frame.add(name);
      }
    if (list.empty() || member.end() != list.end()) frame.add(member);
  }
  Outline out;
  if (list.empty()) return out;
  out.items = parts_of(list);
  out.prefixes.push_back(hash_id(frame.finish()));
  for (const std::string_view item : out.items)
    out.prefixes.push_back(
        hash_id(PartHasher().add(id_text(out.prefixes.back())).add(item).finish()));
  return out;
}

std::optional<RequestChain::Link> RequestChain::find(const Outline& outline) const {
  for (auto prefix = outline.prefixes.rbegin(); prefix != outline.prefixes.rend(); ++prefix)
    if (const auto found = known_.find(*prefix); found != known_.end()) return found->second;
  return std::nullopt;
}

void RequestChain::add(const Outline& outline, std::uint64_t place) {
  if (known_.size() + outline.prefixes.size() > kMostKnown) known_.clear();
  for (std::size_t i = 0; i < outline.prefixes.size(); ++i)
    known_.try_emplace(outline.prefixes[i], Link{place, i});
}

std::string RequestChain::reference(const Outline& outline, const std::string& key,
                                    std::size_t keep) {
  std::string out = "{\"key\":\"" + key + "\",\"keep\":" + std::to_string(keep) + ",\"add\":[";
  for (std::size_t i = keep; i < outline.items.size(); ++i) {
    if (i > keep) out += ',';
    out += outline.items[i];
  }
  return out + "]}";
}

}  // namespace skillgrad::store
