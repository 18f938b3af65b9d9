// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/package_parts.hpp"

#include <functional>

#include <skillgrad/core/text.hpp>

#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

using Token = XmlReader::Token;

// No real workbook has as many relationships, number formats, styles or sheets.
constexpr std::size_t kMaxEntries = 1'000'000;

constexpr std::string_view kWorkbookTypes[] = {
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"};
constexpr std::string_view kSharedStringsType =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml";

/// As openpyxl's descriptors.base.Bool: "yes", " 1" and "False" are true.
bool is_true(std::optional<std::string_view> value) {
  return value && !value->empty() && *value != "0" && *value != "f" && *value != "false";
}

std::string text_of(std::optional<std::string_view> value) {
  return std::string(value.value_or(""));
}

std::string without_slash(std::string_view name) {
  return std::string(name.starts_with('/') ? name.substr(1) : name);
}

std::string folder_of(const std::string& part) {
  const std::size_t slash = part.rfind('/');
  return slash == std::string::npos ? "" : part.substr(0, slash);
}

constexpr double kMaxBuiltin = 164;

double id_of(std::optional<std::string_view> value) {
  return parse_python_int(value.value_or("")).value_or(0);
}

// Resolves "." and ".." of a target against the folder of its part; ".." cannot leave the package.
std::string resolve(const std::string& folder, std::string_view target) {
  if (target.starts_with('/')) return without_slash(target);
  std::vector<std::string> path;
  for (const std::string& step : split(folder + "/" + std::string(target), '/')) {
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      path.push_back(step);
    } else if (!path.empty()) {
      path.pop_back();
    }
  }
  return join(path, "/");
}

// Calls `on_start` for every element of a small part.
Result<> for_each_start(ZipArchive& archive, const std::string& part,
                        const std::function<void(const XmlReader&)>& on_start) {
  SKILLGRAD_TRY(ZipPart source, archive.part(part));
  XmlReader reader(std::move(source));
  std::size_t starts = 0;
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) return {};
    if (token != Token::start) continue;
    if (++starts > kMaxEntries) return unexpected(unreadable(part + " has too many elements"));
    on_start(reader);
  }
}

}  // namespace

Result<PackageIndex> read_package_index(ZipArchive& archive) {
  PackageIndex index;
  std::map<std::string, std::string> part_of_type;
  bool default_workbook = false;
  SKILLGRAD_CHECK(for_each_start(archive, "[Content_Types].xml", [&](const XmlReader& reader) {
    const std::string type = text_of(reader.attribute("ContentType"));
    if (reader.is("Override")) {
      part_of_type.try_emplace(type, without_slash(reader.attribute("PartName").value_or("")));
    } else if (reader.is("Default")) {
      for (const auto& known : kWorkbookTypes) default_workbook = default_workbook || type == known;
    }
  }));
  for (const auto& type : kWorkbookTypes) {
    const auto found = part_of_type.find(std::string(type));
    if (index.workbook.empty() && found != part_of_type.end()) index.workbook = found->second;
  }
  if (index.workbook.empty() && default_workbook) index.workbook = "xl/workbook.xml";
  if (index.workbook.empty()) return unexpected(unreadable("holds no workbook"));
  const auto strings = part_of_type.find(std::string(kSharedStringsType));
  if (strings != part_of_type.end()) index.shared_strings = strings->second;
  return index;
}

std::string resolve_target(const std::string& part, const std::string& target) {
  return resolve(folder_of(part), target);
}

std::string relationships_of(const std::string& part) {
  const std::string folder = folder_of(part);
  const std::string file = part.substr(folder.empty() ? 0 : folder.size() + 1);
  return (folder.empty() ? "" : folder + "/") + "_rels/" + file + ".rels";
}

Result<std::map<std::string, Relationship>> read_relationships(ZipArchive& archive,
                                                               const std::string& part) {
  const std::string folder = folder_of(part);
  std::map<std::string, Relationship> out;
  SKILLGRAD_CHECK(for_each_start(archive, relationships_of(part), [&](const XmlReader& reader) {
    if (!reader.is("Relationship") || reader.attribute("TargetMode") == "External") return;
    out[text_of(reader.attribute("Id"))] = {
        text_of(reader.attribute("Type")),
        resolve(folder, reader.attribute("Target").value_or(""))};
  }));
  return out;
}

Result<WorkbookPart> read_workbook_part(ZipArchive& archive, const std::string& part) {
  WorkbookPart out;
  bool in_sheets = false;
  SKILLGRAD_CHECK(for_each_start(archive, part, [&](const XmlReader& reader) {
    if (reader.depth() == 2) {
      in_sheets = reader.is("sheets");
      if (reader.is("workbookPr")) out.epoch_1904 = is_true(reader.attribute("date1904"));
      if (reader.is("calcPr")) {
        out.recalculates_on_load = is_true(reader.attribute("fullCalcOnLoad"));
      }
    } else if (reader.depth() == 3 && in_sheets && reader.is("sheet")) {
      out.sheets.push_back(
          {text_of(reader.attribute("name")), text_of(reader.prefixed_attribute("id"))});
    }
  }));
  return out;
}

Result<std::vector<NumberKind>> read_cell_styles(ZipArchive& archive) {
  const std::string part = "xl/styles.xml";
  if (!archive.has(part)) return std::vector<NumberKind>{NumberKind::plain};
  std::map<double, NumberKind> formats;
  std::vector<double> format_ids;
  std::string section;
  SKILLGRAD_CHECK(for_each_start(archive, part, [&](const XmlReader& reader) {
    if (reader.depth() == 2) section = reader.name();
    if (reader.depth() != 3) return;
    if (section == "numFmts" && reader.is("numFmt")) {
      formats[id_of(reader.attribute("numFmtId"))] =
          kind_of_format(reader.attribute("formatCode").value_or(""));
    } else if (section == "cellXfs" && reader.is("xf")) {
      format_ids.push_back(id_of(reader.attribute("numFmtId")));
    }
  }));
  std::vector<NumberKind> out;
  out.reserve(format_ids.size() + 1);
  for (const double id : format_ids) {
    const auto custom = formats.find(id);
    out.push_back(custom != formats.end()       ? custom->second
                  : id >= 0 && id < kMaxBuiltin ? kind_of_builtin_format(static_cast<unsigned>(id))
                                                : NumberKind::plain);
  }
  if (out.empty()) out.push_back(NumberKind::plain);
  return out;
}

namespace {

// What a text holds besides text: read only to see whether openpyxl refuses it.
Result<bool> check_in_text(XmlReader& reader, std::size_t depth, OpenpyxlElements& elements) {
  const char* type = depth == 2 && reader.is("rPr")          ? "InlineFont"
                     : depth == 1 && reader.is("rPh")        ? "PhoneticText"
                     : depth == 1 && reader.is("phoneticPr") ? "PhoneticProperties"
                                                             : nullptr;
  if (type == nullptr) return false;
  SKILLGRAD_TRY(const auto refusal, elements.check(reader, openpyxl_class(type)));
  if (refusal) return openpyxl_refuses("a text", refusal->what);
  return true;
}

}  // namespace

Result<> read_rich_text(XmlReader& reader, TextBudget& budget, std::string& out,
                        OpenpyxlElements* elements, const std::function<Result<>()>* nested) {
  const std::size_t base = reader.depth();
  std::string& plain = out;
  std::string runs;
  plain.clear();
  std::string* target = nullptr;
  std::size_t target_depth = 0;
  bool in_run = false;
  while (true) {
    const Token token = reader.next();
    const std::size_t depth = reader.depth() - base;
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) return unexpected(unreadable("a text has no end"));
    if (token == Token::start) {
      const bool text = reader.is("t");
      if (nested != nullptr && reader.is("si") && reader.space() == XmlReader::Space::main) {
        SKILLGRAD_CHECK((*nested)());
        if (depth == 1) in_run = false;
        continue;
      }
      if (elements != nullptr && depth <= 2) {
        SKILLGRAD_TRY(const bool taken, check_in_text(reader, depth, *elements));
        if (taken) continue;
      }
      if (depth == 1) in_run = reader.is("r");
      if (depth == 1 && text) plain.clear();  // of several plain texts the last one counts
      if (text && (depth == 1 || (depth == 2 && in_run))) {
        target = depth == 1 ? &plain : &runs;
        target_depth = reader.depth();
      }
    } else if (token == Token::end) {
      if (depth == 0) break;
      if (reader.depth() == target_depth) target = nullptr;
    } else if (target != nullptr && reader.depth() == target_depth) {
      if (!budget.take_text(reader.text().size(), target->size()))
        return unexpected(unreadable("holds too much text"));
      target->append(reader.text());
    }
  }
  out += runs;
  return {};
}

Result<std::vector<std::string_view>> read_shared_strings(ZipArchive& archive,
                                                          const std::string& part,
                                                          std::size_t max_strings,
                                                          TextBudget& budget, TextStore& texts,
                                                          OpenpyxlElements* elements) {
  constexpr std::string_view kDropped = "x005F_";
  SKILLGRAD_TRY(ZipPart source, archive.part(part));
  XmlReader reader(std::move(source));
  std::vector<std::string_view> out;
  std::string spare;  // its room is used again
  // openpyxl takes them from anywhere, each as it ends: one inside of another comes before it.
  std::function<Result<>()> read_one = [&]() -> Result<> {
    std::string text = std::move(spare);
    SKILLGRAD_CHECK(
        read_rich_text(reader, budget, text, elements, elements == nullptr ? nullptr : &read_one));
    if (out.size() == max_strings || !budget.take(TextBudget::kSharedString))
      return unexpected(unreadable("too many shared strings"));
    // openpyxl drops this part of escapes such as _x005F_ and decodes no other.
    if (text.find(kDropped) != std::string::npos) text = replace_all(text, kDropped, "");
    out.push_back(texts.keep(text));
    spare = std::move(text);
    return {};
  };
  while (true) {
    const Token token = reader.next();
    if (token == Token::failed) return unexpected(reader.error());
    if (token == Token::done) return out;
    if (token != Token::start || !reader.is("si")) continue;
    const bool counts =
        elements == nullptr ? reader.depth() == 2 : reader.space() == XmlReader::Space::main;
    if (counts) SKILLGRAD_CHECK(read_one());
  }
}

}  // namespace skillgrad::sheet
