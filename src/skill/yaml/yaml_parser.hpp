// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "skill/yaml/yaml_node.hpp"
#include "skill/yaml/yaml_scanner.hpp"

namespace skillgrad::skill::yaml {

/// Mappings and sequences on top of the scanner. What only lenient reading does stands in
/// yaml_lenient.cpp. A method for each production of the grammar.
class Parser {
 public:
  Parser(std::string_view text, Mode mode) : in_(text), mode_(mode) {}

  Scan<Document> document();

 private:
  [[nodiscard]] Scan<Node> below(int parent, bool sequence_at_parent);
  [[nodiscard]] Scan<Node> start(int parent);
  [[nodiscard]] Scan<Node> scalar(int parent);
  [[nodiscard]] Scan<Node> value_on_line(int parent);
  [[nodiscard]] Scan<Node> mapping();
  [[nodiscard]] Scan<Node> sequence();
  [[nodiscard]] Scan<Node> flow();
  [[nodiscard]] Scan<Node> flow_scalar();
  [[nodiscard]] Scan<> key(Entry& entry);
  [[nodiscard]] Scan<> explicit_key(Entry& entry);
  [[nodiscard]] Scan<> end_of_value();
  [[nodiscard]] Scan<> add(Node& map, Entry entry);
  [[nodiscard]] Scan<Node> whole_line(std::size_t begin, const Problem& original);
  [[nodiscard]] Scan<> entry_value(int indent, Entry& entry);
  [[nodiscard]] Scan<> entry_or_text(const Node& map, Entry& entry);
  [[nodiscard]] std::size_t text_end(const Node& map, std::size_t begin) const;
  [[nodiscard]] Scan<> text_instead(const Node& map, const Problem& original, Entry& entry);
  [[nodiscard]] bool marker() const {
    return in_.column() == 0 && in_.document_marker_at(in_.position());
  }
  [[nodiscard]] bool stop() const { return in_.done() || marker(); }
  [[nodiscard]] bool lenient() const { return mode_ == Mode::lenient; }

  Scanner in_;
  Mode mode_;
  int depth_ = 0;
  std::vector<Repair> repairs_;
};

}  // namespace skillgrad::skill::yaml
