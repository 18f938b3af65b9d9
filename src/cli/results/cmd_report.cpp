// SPDX-License-Identifier: MIT
#include <charconv>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/interchange.hpp>
#include <skillgrad/report/run_report.hpp>

#include "cli/results/results.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

enum class ReportFormat { html, md, json, csv, junit, inspect, skill_creator, atif };

}  // namespace
}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::ReportFormat> {
  using enum cli::ReportFormat;
  static constexpr EnumName<cli::ReportFormat> kTable[] = {{html, "html"},
                                                           {md, "md"},
                                                           {json, "json"},
                                                           {csv, "csv"},
                                                           {junit, "junit"},
                                                           {inspect, "inspect"},
                                                           {skill_creator, "skill-creator"},
                                                           {atif, "atif"}};
};

}  // namespace skillgrad

namespace skillgrad::cli {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kMostTraces = 1024;

template <class E>
Result<E> choice_of(const Invocation& invocation, const char* flag, E fallback) {
  if (!invocation.has(flag)) return fallback;
  const std::string text = invocation.value(flag);
  if (const auto value = named<E>(text)) return *value;
  const auto near = nearest_match(text, names_of<E>());
  return fail(ErrorCode::usage, "got \"" + text + "\", expected " + join_or(names_of<E>()),
              std::string("--") + flag,
              near ? "did you mean \"" + *near + "\"?" : "use " + join_or(names_of<E>()));
}

Result<report::ReadOptions> read_options(const Invocation& invocation) {
  report::ReadOptions out;
  if (!invocation.has("traces")) return out;
  const std::string text = invocation.value("traces");
  std::size_t mib = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mib);
  if (error != std::errc() || end != text.data() + text.size() || mib > kMostTraces)
    return fail(
        ErrorCode::usage,
        "got \"" + text + "\", expected a whole number from 0 to " + std::to_string(kMostTraces),
        "--traces", "give the MiB of trajectories, such as --traces 4");
  out.trace_bytes = mib * kMiB;
  return out;
}

/// What the command line asks for.
struct Request {
  ReportFormat format = ReportFormat::html;
  report::CsvTable table = report::CsvTable::rollouts;
  std::string out;  ///< file, or "-"
  report::ReadOptions reading;
};

bool is_folder(ReportFormat format) {
  return format == ReportFormat::skill_creator || format == ReportFormat::atif;
}

Result<Request> request_of(const Invocation& invocation, bool json) {
  Request out;
  SKILLGRAD_TRY(out.format,
                choice_of(invocation, "format", json ? ReportFormat::json : ReportFormat::html));
  SKILLGRAD_TRY(out.table, choice_of(invocation, "table", report::CsvTable::rollouts));
  SKILLGRAD_TRY(out.reading, read_options(invocation));
  if (json && out.format != ReportFormat::json)
    return fail(ErrorCode::usage, "--json and --format " + invocation.value("format"),
                "skillgrad report", "give one of them");
  if (invocation.has("table") && out.format != ReportFormat::csv)
    return fail(ErrorCode::usage, "only CSV has one table of several", "--table",
                "give --format csv, or leave --table out");
  if (invocation.has("traces") && out.format != ReportFormat::html &&
      out.format != ReportFormat::md && out.format != ReportFormat::json)
    return fail(ErrorCode::usage,
                std::string("--format ") + name_of(out.format) + " takes no bound of trajectories",
                "--traces", "leave --traces out");
  out.out = invocation.value("out");
  if (is_folder(out.format) && (out.out.empty() || out.out == "-"))
    return fail(ErrorCode::usage,
                std::string("--format ") + name_of(out.format) + " writes a folder, and got none",
                "--out", "give --out DIR, a folder that does not exist yet");
  // The page goes into the run's folder; what programs read goes to stdout.
  if (out.out.empty())
    out.out = out.format == ReportFormat::html
                  ? (fs::path(invocation.arguments.front()) / "report.html").string()
                  : "-";
  return out;
}

Result<std::string> page_of(const fs::path& dir, const report::RunReport& report,
                            const Request& request, report::ExportNotes& notes) {
  switch (request.format) {
    case ReportFormat::html:
      return report::html_page(report);
    case ReportFormat::md:
      return report::markdown_page(report);
    case ReportFormat::json:
      return dump_json(report::to_json(report), 1) + "\n";
    case ReportFormat::csv:
      return report::csv_page(report, request.table);
    case ReportFormat::junit:
      return report::junit_page(dir, report, notes);
    case ReportFormat::inspect:
      return report::inspect_log(dir, report, notes);
    default:
      return fail(ErrorCode::internal, "a folder is no page", "skillgrad report");
  }
}

Result<> write_export(const fs::path& dir, const report::RunReport& report, const Request& request,
                      report::ExportNotes& notes) {
  if (request.format == ReportFormat::atif)
    return report::write_atif(dir, report, request.out, notes);
  if (request.format == ReportFormat::skill_creator)
    return report::write_skill_creator(dir, report, request.out, notes);
  SKILLGRAD_TRY(const std::string page, page_of(dir, report, request, notes));
  return write_file_atomic(request.out, page);
}

/// A folder of logs gets a log under the name that Inspect looks for.
void name_log(const report::RunReport& report, Request& request, report::ExportNotes& notes) {
  if (request.format != ReportFormat::inspect || request.out == "-") return;
  std::error_code ignored;
  const fs::path out = request.out;
  if (!out.has_filename() || fs::is_directory(out, ignored))
    request.out = (out / report::inspect_file_name(report)).string();
  else if (out.filename().string().find_first_of("0123456789") != 0)
    notes.push_back(
        "`inspect view` lists only logs whose names begin with a time: give a folder "
        "as --out for such a name");
}

void print_notes(const report::ExportNotes& notes) {
  for (const std::string& note : notes) print_err("note: " + strip_control(note) + "\n");
}

}  // namespace

Result<int> cmd_report(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(Request request, request_of(invocation, settings.get<"json">()));
  const fs::path dir = invocation.arguments.front();
  SKILLGRAD_TRY(const auto report, report::read_run(dir, request.reading));
  report::ExportNotes notes;
  name_log(report, request, notes);
  if (request.out == "-") {
    SKILLGRAD_TRY(const std::string page, page_of(dir, report, request, notes));
    print_notes(notes);
    print_out(page);
    return 0;
  }
  SKILLGRAD_CHECK(write_export(dir, report, request, notes));
  print_notes(notes);
  print_out(strip_control(report.verdict.line) + "\n" +
            (report.facts.condition == report::RunCondition::finished
                 ? ""
                 : std::string("the run is ") + name_of(report.facts.condition) +
                       "; the report says what is missing\n") +
            "report: " + fs::absolute(request.out).lexically_normal().string() + "\n");
  return 0;
}

}  // namespace skillgrad::cli
