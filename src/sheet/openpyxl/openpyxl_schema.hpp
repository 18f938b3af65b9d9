// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad::sheet {

/// What openpyxl makes of one attribute or child element of a class: its descriptors, as a table
/// that scripts/openpyxl_schema writes from openpyxl itself.
struct OpenpyxlField {
  std::string_view name;
  enum class Form : char {
    value = 'S',          ///< an attribute; a child of this name gives its text
    text = 'T',           ///< a child's text
    child_value = 'A',    ///< an attribute of a child
    child_present = 'E',  ///< whether there is such a child
    object = 'C',         ///< a child of a class
    objects = 'Q',        ///< children of a class
    part = 'M',           ///< the same, several names in one list
    list = 'L',           ///< a child whose children are all of a class
    values = 'W',         ///< children, an attribute of each
    texts = 'P',          ///< children, the text of each
    anything = 'a'        ///< an attribute of which nothing is made
  } form = Form::anything;
  std::string_view of;     ///< the class, or the attribute of the child
  std::string_view value;  ///< what values are taken: openpyxl_values.hpp
  bool none_allowed = false, from_text = false;
  bool unknown_to_constructor = false;
  bool namespaced = false;  ///< also as an attribute of the relationships' namespace
  char absent = '-';        ///< 'T': raises TypeError, 'V': another error
};

struct OpenpyxlClass {
  std::string_view name;
  std::string_view list_of;  ///< all children are of this class
  bool opaque = false;       ///< nothing in it is refused
  bool takes_text = false;
  bool takes_anything = false;        ///< also what it does not know
  std::vector<OpenpyxlField> fields;  ///< in the order in which the constructor looks at them
  [[nodiscard]] const OpenpyxlField* find(std::string_view field) const;
};

/// The class of this name, which is one of the table's. Thread-safe.
[[nodiscard]] const OpenpyxlClass& openpyxl_class(std::string_view name);

}  // namespace skillgrad::sheet
