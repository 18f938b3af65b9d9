// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace skillgrad::skill::yaml {

enum class Kind { scalar, mapping, sequence };
enum class Style { empty, plain, single_quoted, double_quoted, literal, folded, flow };

struct Entry;

/// A value with the bytes it stands on. Every scalar is text; nothing is typed.
struct Node {
  Kind kind = Kind::scalar;
  Style style = Style::empty;
  std::string value;            ///< scalars
  std::vector<Entry> entries;   ///< mappings, in file order
  std::vector<Node> items;      ///< sequences
  std::size_t begin = 0;        ///< first byte: quote, `|`, or text; offset into the parsed text
  std::size_t end = 0;          ///< one after the last byte that belongs to the value
  std::size_t column = 0;       ///< indentation of a block mapping or sequence
  bool cut_by_comment = false;  ///< a plain scalar that an unquoted " #" ended
};

struct Entry {
  std::string key;
  bool key_quoted = false;
  std::size_t begin = 0;  ///< first byte of the key
  std::size_t after_colon = 0;
  Node value;
};

struct Problem {
  std::size_t offset = 0;
  std::string what;
  std::string mend;
};

/// A deviation that lenient reading mended.
struct Repair {
  std::size_t offset = 0;
  std::string what;
};

enum class Mode {
  strict_subset,  ///< exactly the subset
  lenient         ///< with the repairs of section 4
};

struct Document {
  Node root;  ///< an empty document is an empty scalar
  std::vector<Repair> repairs;
};

}  // namespace skillgrad::skill::yaml
