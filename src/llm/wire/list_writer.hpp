// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {

/// Writes a JSON array of objects field by field, in the order given: histories are long and their
/// bytes must not change from one call to the next.
class ListWriter {
 public:
  /// Begins an object with its first field.
  void begin(std::string_view key, std::string_view text) {
    if (out_.size() > 1) out_ += ',';
    out_ += "{\"";
    out_ += key;
    out_ += "\":";
    append_json_string(out_, text);
  }
  void field(std::string_view key, std::string_view text) {
    name(key);
    append_json_string(out_, text);
  }
  void json(std::string_view key, std::string_view value) {
    name(key);
    out_ += value;
  }
  void end() { out_ += '}'; }
  /// A whole object.
  void object(std::string_view value) {
    if (out_.size() > 1) out_ += ',';
    out_ += value;
  }
  [[nodiscard]] std::string take() { return std::move(out_) + "]"; }

 private:
  void name(std::string_view key) {
    out_ += ',';
    append_json_string(out_, key);
    out_ += ':';
  }

  std::string out_ = "[";
};

}  // namespace skillgrad::llm
