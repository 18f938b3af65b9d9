// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/openpyxl_schema.hpp"

#include <algorithm>
#include <stdexcept>

#include <skillgrad/core/resources.hpp>

namespace skillgrad::sheet {
namespace {

using Form = OpenpyxlField::Form;
using Table = std::map<std::string_view, OpenpyxlClass, std::less<>>;

std::string_view next_word(std::string_view& line, char separator = ' ') {
  const std::size_t end = line.find(separator);
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

// "C:Font?~", "A:val:i?", "S:x"
void read_form(std::string_view code, OpenpyxlField& field) {
  field.form = static_cast<Form>(code.front());
  code.remove_prefix(std::min<std::size_t>(2, code.size()));
  switch (field.form) {
    case Form::object:
    case Form::objects:
    case Form::part:
    case Form::list:
      if (code.ends_with('~')) {
        field.from_text = true;
        code.remove_suffix(1);
      }
      if (code.ends_with('?')) {
        field.none_allowed = true;
        code.remove_suffix(1);
      }
      field.of = code;
      return;
    case Form::child_value:
      field.of = next_word(code, ':');
      break;
    default:
      break;
  }
  field.value = code;
}

OpenpyxlField read_field(std::string_view line) {
  OpenpyxlField field;
  field.name = next_word(line);
  read_form(next_word(line), field);
  const std::string_view absent = next_word(line);
  field.unknown_to_constructor = absent == "!";
  field.absent = absent.front();
  field.namespaced = line == "@r";
  return field;
}

OpenpyxlClass read_class(std::string_view line) {
  constexpr std::string_view kList = "list:";
  OpenpyxlClass out;
  out.name = next_word(line);
  out.opaque = line == "opaque";
  out.takes_text = line == "text";
  out.takes_anything = line == "any";
  if (line.starts_with(kList)) out.list_of = line.substr(kList.size());
  return out;
}

Table read_table() {
  std::string_view text = resource("configs/openpyxl_schema.txt").value_or("");
  Table table;
  OpenpyxlClass* current = nullptr;
  while (!text.empty()) {
    std::string_view line = next_word(text, '\n');
    if (line.starts_with("C ")) {
      OpenpyxlClass made = read_class(line.substr(2));
      current = &table.emplace(made.name, std::move(made)).first->second;
    } else if (line.starts_with("  ") && current != nullptr) {
      current->fields.push_back(read_field(line.substr(2)));
    }
  }
  return table;
}

}  // namespace

const OpenpyxlField* OpenpyxlClass::find(std::string_view field) const {
  for (const OpenpyxlField& known : fields) {
    if (known.name == field) return &known;
  }
  return nullptr;
}

const OpenpyxlClass& openpyxl_class(std::string_view name) {
  static const Table table = read_table();
  const auto found = table.find(name);
  if (found == table.end())
    throw std::logic_error("no class " + std::string(name) + " in the table");
  return found->second;
}

}  // namespace skillgrad::sheet
