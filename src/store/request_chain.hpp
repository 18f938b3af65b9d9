// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::store {

/// 128 bits of a SHA-256, as a key of tables.
struct HashId {
  std::uint64_t high = 0, low = 0;
  bool operator==(const HashId&) const = default;
  struct Hasher {
    std::size_t operator()(const HashId& id) const { return static_cast<std::size_t>(id.low); }
  };
};
/// Of a text that is a hash in hex (its first 32 digits), or of any other (those of its hash).
[[nodiscard]] HashId hash_id(std::string_view text);

/// Each turn of a conversation sends all turns before it. So that a file of requests grows by what
/// is new in each, a request refers to the earlier one that holds the longest beginning of its
/// messages, if everything beside the messages is equal. Not thread-safe, but for outline().
class RequestChain {
 public:
  /// A request in parts that can be compared.
  struct Outline {
    std::vector<std::string_view> items;  ///< its messages; they are parts of the request's text
    std::vector<HashId> prefixes;         ///< of everything else and the first 0, 1, ... messages
  };
  /// An earlier request with so many messages in common.
  struct Link {
    std::uint64_t place = 0;
    std::size_t keep = 0;
  };

  /// Empty for a text without a list of messages.
  [[nodiscard]] static Outline outline(std::string_view request_json);
  [[nodiscard]] std::optional<Link> find(const Outline& outline) const;
  /// From now on later requests may refer to the one at `place`.
  void add(const Outline& outline, std::uint64_t place);
  /// `{"key":KEY,"keep":N,"add":[...]}`: the request of KEY with its first N messages and these.
  [[nodiscard]] static std::string reference(const Outline& outline, const std::string& key,
                                             std::size_t keep);

 private:
  std::unordered_map<HashId, Link, HashId::Hasher> known_;
};

}  // namespace skillgrad::store
