// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/openpyxl/openpyxl_schema.hpp"
#include "sheet/openpyxl/openpyxl_values.hpp"
#include "sheet/xml/xml_reader.hpp"

namespace skillgrad::sheet {

/// What the constructor of an openpyxl class is given for one element.
class OpenpyxlValues {
 public:
  struct Given {
    const OpenpyxlField* field = nullptr;  ///< null: an attribute that the class does not know
    enum class Kind { text, none, object } kind = Kind::text;
    std::string text;
  };
  [[nodiscard]] std::optional<std::string_view> text(std::string_view field) const;
  [[nodiscard]] std::string text_or_empty(std::string_view field) const {
    return std::string(text(field).value_or(""));
  }
  [[nodiscard]] double number(std::string_view field, double otherwise) const;
  [[nodiscard]] const Given* find(const OpenpyxlField& field) const;
  std::vector<Given> given;
};

/// Reads elements as openpyxl's Serialisable.from_tree does, and finds what it raises for. One
/// document at a time.
class OpenpyxlElements {
 public:
  /// Told of each element that was taken, inner ones first: its names from the first checked
  /// element on, and its values. Of a list before its items, without values.
  using Seen =
      std::function<void(const std::vector<std::string>& path, const OpenpyxlValues& values)>;
  explicit OpenpyxlElements(Seen seen = nullptr) : seen_(std::move(seen)) {}

  using Outcome = Result<std::optional<OpenpyxlRefusal>>;
  /// After the start of an element: reads through its end. Errors: the XML is malformed.
  [[nodiscard]] Outcome check(XmlReader& reader, const OpenpyxlClass& type);

 private:
  struct Child;
  [[nodiscard]] Outcome check_children(XmlReader& reader, const OpenpyxlClass& type,
                                       OpenpyxlValues& values);
  [[nodiscard]] Outcome check_child(XmlReader& reader, const OpenpyxlField& field,
                                    OpenpyxlValues& values);
  [[nodiscard]] Outcome check_list(XmlReader& reader, std::string_view type);
  [[nodiscard]] Outcome check_fill(XmlReader& reader, bool& none);
  [[nodiscard]] Outcome check_pattern(XmlReader& reader);
  [[nodiscard]] static Result<std::string> drain(XmlReader& reader, bool& has_text);

  Seen seen_;
  std::vector<std::string> path_;
};

/// "unreadable: openpyxl refuses WHERE: WHAT".
[[nodiscard]] tl::unexpected<Error> openpyxl_refuses(const std::string& where,
                                                     const std::string& what);

}  // namespace skillgrad::sheet
