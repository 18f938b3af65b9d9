// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/openpyxl_element.hpp"

#include <algorithm>

#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

using Token = XmlReader::Token;
using Form = OpenpyxlField::Form;
using Given = OpenpyxlValues::Given;
using Refusal = std::optional<OpenpyxlRefusal>;

constexpr std::string_view kFill = "Fill";

Refusal refuse(const OpenpyxlClass& type, const std::string& what, bool type_error = true) {
  return OpenpyxlRefusal{type_error, std::string(type.name) + ": " + what};
}

// Attributes in other namespaces are dropped; a hyphen is a Python name's underscore.
void take_attributes(const XmlReader& reader, const OpenpyxlClass& type, OpenpyxlValues& values) {
  for (std::size_t i = 0; i < reader.attribute_count(); ++i) {
    const std::string_view name = reader.attribute_name(i);
    if (name == "xmlns" || name.find(':') != std::string_view::npos) continue;
    Given given;
    given.field = type.find(name);
    if (given.field == nullptr && name.find('-') != std::string_view::npos) {
      std::string python(name);
      std::replace(python.begin(), python.end(), '-', '_');
      given.field = type.find(python);
    }
    given.text = reader.attribute_value(i);
    if (given.field == nullptr) given.text = name;
    values.given.push_back(std::move(given));
  }
  for (const OpenpyxlField& field : type.fields) {
    if (!field.namespaced) continue;
    if (const auto value = reader.attribute_in(XmlReader::Space::relationships, field.name))
      values.given.push_back({&field, Given::Kind::text, std::string(*value)});
  }
}

bool takes_objects(const OpenpyxlField& field) {
  return field.form == Form::object || field.form == Form::objects || field.form == Form::part ||
         field.form == Form::list;
}

Refusal check_given(const OpenpyxlField& field, const Given& given) {
  if (field.form == Form::anything || given.kind == Given::Kind::object) return std::nullopt;
  if (takes_objects(field)) {
    const bool none = given.kind == Given::Kind::none;
    const bool taken = none ? field.none_allowed : field.from_text;
    return taken ? std::nullopt : Refusal({true, "is no element"});
  }
  const auto value =
      given.kind == Given::Kind::none ? std::nullopt : std::optional<std::string_view>(given.text);
  if (field.form == Form::values || field.form == Form::texts)
    return value ? Refusal({true, "is no list"}) : std::nullopt;
  return check_openpyxl_value(field.value, value);
}

// A colour is of the first kind that is given; the others are not looked at.
Refusal construct_color(const OpenpyxlValues& values) {
  constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"index", "i"}, {"indexed", "i"}, {"theme", "i"}, {"auto", "x"}, {"rgb", "pRGB"}};
  for (const auto& [name, rule] : kKinds) {
    const auto value = values.text(name);
    if (!value) continue;
    if (auto refusal = check_openpyxl_value(rule, value)) return refusal;
    break;
  }
  const auto tint = values.text("tint");
  return tint ? check_openpyxl_value("mn-1,1", tint) : std::nullopt;
}

// What the constructor raises: for names that it does not know, then in its own order.
Refusal construct(const OpenpyxlClass& type, const OpenpyxlValues& values) {
  for (const Given& given : values.given) {
    if (given.field == nullptr && type.takes_anything) continue;
    if (given.field == nullptr) return refuse(type, "takes no \"" + given.text + "\"");
    if (given.field->unknown_to_constructor)
      return refuse(type, "takes no \"" + std::string(given.field->name) + "\"");
  }
  if (type.name == "Color") return construct_color(values);
  for (const OpenpyxlField& field : type.fields) {
    if (field.unknown_to_constructor) continue;
    const Given* given = values.find(field);
    if (given == nullptr && field.absent != '-')
      return refuse(type, "has no \"" + std::string(field.name) + "\"", field.absent == 'T');
    auto refusal = given == nullptr ? std::nullopt : check_given(field, *given);
    if (!refusal) continue;
    refusal->what = std::string(type.name) + "." + std::string(field.name) + ": " + refusal->what;
    return refusal;
  }
  return std::nullopt;
}

void keep_first(Refusal& first, Refusal next) {
  if (!first) first = std::move(next);
}

}  // namespace

const Given* OpenpyxlValues::find(const OpenpyxlField& field) const {
  // Of several the last counts.
  for (std::size_t i = given.size(); i-- > 0;) {
    if (given[i].field == &field) return &given[i];
  }
  return nullptr;
}

std::optional<std::string_view> OpenpyxlValues::text(std::string_view field) const {
  for (std::size_t i = given.size(); i-- > 0;) {
    const Given& one = given[i];
    if (one.field != nullptr && one.field->name == field && one.kind == Given::Kind::text)
      return one.text;
  }
  return std::nullopt;
}

double OpenpyxlValues::number(std::string_view field, double otherwise) const {
  const auto value = text(field);
  return value ? parse_python_int(*value).value_or(otherwise) : otherwise;
}

// Reads through the end of an element; its text is what stands before the first child.
Result<std::string> OpenpyxlElements::drain(XmlReader& reader, bool& has_text) {
  const std::size_t base = reader.depth();
  std::string text;
  bool before_children = true;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed || token == Token::done) return unexpected(reader.error());
    if (token == Token::start) before_children = false;
    if (token == Token::text && before_children) text.append(reader.text());
    if (token == Token::end && reader.depth() == base) break;
  }
  has_text = !text.empty();
  return text;
}

OpenpyxlElements::Outcome OpenpyxlElements::check(XmlReader& reader, const OpenpyxlClass& type) {
  if (type.opaque) {
    bool ignored = false;
    SKILLGRAD_TRY(const std::string text, drain(reader, ignored));
    return Refusal();
  }
  if (!type.list_of.empty()) return check_list(reader, type.list_of);
  OpenpyxlValues values;
  if (type.name != "Stylesheet") take_attributes(reader, type, values);
  SKILLGRAD_TRY(Refusal refusal, check_children(reader, type, values));
  if (!refusal) refusal = construct(type, values);
  if (!refusal && seen_) seen_(path_, values);
  return refusal;
}

OpenpyxlElements::Outcome OpenpyxlElements::check_children(XmlReader& reader,
                                                           const OpenpyxlClass& type,
                                                           OpenpyxlValues& values) {
  const std::size_t base = reader.depth();
  Refusal first;
  std::string text;
  bool before_children = true;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed || token == Token::done) return unexpected(reader.error());
    if (token == Token::end && reader.depth() == base) break;
    if (token == Token::text && before_children && type.takes_text) text.append(reader.text());
    if (token != Token::start) continue;
    before_children = false;
    const OpenpyxlField* field = type.find(reader.name());
    path_.emplace_back(reader.name());
    bool ignored = false;
    auto outcome = field == nullptr || field->form == Form::anything
                       ? drain(reader, ignored).map([](const std::string&) { return Refusal(); })
                       : check_child(reader, *field, values);
    path_.pop_back();
    if (!outcome) return outcome;
    keep_first(first, std::move(*outcome));
  }
  const OpenpyxlField* own = text.empty() ? nullptr : type.find("attr_text");
  if (own != nullptr) values.given.push_back({own, Given::Kind::text, std::move(text)});
  return first;
}

OpenpyxlElements::Outcome OpenpyxlElements::check_child(XmlReader& reader,
                                                        const OpenpyxlField& field,
                                                        OpenpyxlValues& values) {
  Given given{&field, Given::Kind::object, {}};
  Refusal refusal;
  if (takes_objects(field)) {
    bool none = false;
    auto outcome = field.form == Form::list ? check_list(reader, field.of)
                   : field.of == kFill      ? check_fill(reader, none)
                                            : check(reader, openpyxl_class(field.of));
    if (!outcome) return outcome;
    refusal = std::move(*outcome);
    if (none) given.kind = Given::Kind::none;
  } else {
    std::optional<std::string> value;
    if (field.form == Form::child_value || field.form == Form::values) {
      const std::string_view wanted = field.form == Form::values ? "val" : field.of;
      for (std::size_t i = 0; i < reader.attribute_count(); ++i) {
        if (reader.attribute_name(i) == wanted) value = reader.attribute_value(i);
      }
    }
    bool has_text = false;
    SKILLGRAD_TRY(std::string text, drain(reader, has_text));
    const bool by_text =
        field.form == Form::text || field.form == Form::value || field.form == Form::texts;
    if (by_text && has_text) value = std::move(text);
    // An element that stands for an attribute: of some descriptors openpyxl asks for a type in
    // vain.
    const char rule = field.value.empty() ? 'x' : field.value.front();
    if (field.form == Form::value && (rule == 'e' || rule == 'o' || rule == 'p'))
      refusal = OpenpyxlRefusal{false, std::string(field.name) + " is an element"};
    if (field.form == Form::values || field.form == Form::texts) {
      refusal = check_openpyxl_value(field.value, value);
      given.text = value.value_or("");
    } else if (field.form != Form::child_present) {
      given = {&field, value ? Given::Kind::text : Given::Kind::none, value.value_or("")};
    }
  }
  values.given.push_back(std::move(given));
  return refusal;
}

OpenpyxlElements::Outcome OpenpyxlElements::check_list(XmlReader& reader, std::string_view type) {
  const std::size_t base = reader.depth();
  const OpenpyxlClass* of = type.empty() || type == kFill ? nullptr : &openpyxl_class(type);
  if (seen_) seen_(path_, {});  // of two lists of one name the last counts
  Refusal first;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed || token == Token::done) return unexpected(reader.error());
    if (token == Token::end && reader.depth() == base) return first;
    if (token != Token::start) continue;
    bool none = false;
    path_.emplace_back(reader.name());
    auto outcome = of == nullptr ? check_fill(reader, none) : check(reader, *of);
    path_.pop_back();
    if (!outcome) return outcome;
    if (none) *outcome = OpenpyxlRefusal{true, "a fill has no content"};
    keep_first(first, std::move(*outcome));
  }
}

// The first child says what kind of fill it is, others are not looked at.
OpenpyxlElements::Outcome OpenpyxlElements::check_fill(XmlReader& reader, bool& none) {
  const std::size_t base = reader.depth();
  Refusal found;
  none = true;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed || token == Token::done) return unexpected(reader.error());
    if (token == Token::end && reader.depth() == base) break;
    if (token != Token::start || reader.depth() != base + 1 || !none) continue;
    none = false;
    const bool pattern = reader.name().find("patternFill") != std::string_view::npos;
    auto outcome = pattern ? check_pattern(reader) : check(reader, openpyxl_class("GradientFill"));
    if (!outcome) return outcome;
    found = std::move(*outcome);
  }
  if (seen_ && !found) seen_(path_, {});
  return found;
}

// Reads what it finds without asking which names the class has.
OpenpyxlElements::Outcome OpenpyxlElements::check_pattern(XmlReader& reader) {
  static const OpenpyxlClass& kPattern = openpyxl_class("PatternFill");
  static const OpenpyxlClass& kColor = openpyxl_class("Color");
  const std::size_t base = reader.depth();
  OpenpyxlValues values;
  Refusal first;
  for (std::size_t i = 0; i < reader.attribute_count(); ++i) {
    const std::string_view name = reader.attribute_name(i);
    if (name == "xmlns" || name.starts_with("xmlns:")) continue;
    const OpenpyxlField* field = kPattern.find(name);
    values.given.push_back({field, Given::Kind::text,
                            std::string(field == nullptr ? name : reader.attribute_value(i))});
  }
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed || token == Token::done) return unexpected(reader.error());
    if (token == Token::end && reader.depth() == base) break;
    if (token != Token::start) continue;
    const std::string name(reader.name());
    auto outcome = check(reader, kColor);
    if (!outcome) return outcome;
    keep_first(first, std::move(*outcome));
    const OpenpyxlField* field = kPattern.find(name);
    values.given.push_back({field, Given::Kind::object, name});
  }
  return first ? first : construct(kPattern, values);
}

tl::unexpected<Error> openpyxl_refuses(const std::string& where, const std::string& what) {
  return unexpected(unreadable("openpyxl refuses " + where + ": " + what));
}

}  // namespace skillgrad::sheet
