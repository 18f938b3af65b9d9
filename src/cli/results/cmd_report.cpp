// SPDX-License-Identifier: MIT
#include <charconv>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/run_report.hpp>

#include "cli/results/results.hpp"
#include "cli/run/load_settings.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {
namespace {

enum class ReportFormat { html, md, json, csv };

}  // namespace
}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::ReportFormat> {
  using enum cli::ReportFormat;
  static constexpr EnumName<cli::ReportFormat> kTable[] = {
      {html, "html"}, {md, "md"}, {json, "json"}, {csv, "csv"}};
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
  out.out = invocation.value("out");
  // The page goes into the run's folder; what programs read goes to stdout.
  if (out.out.empty())
    out.out = out.format == ReportFormat::html
                  ? (fs::path(invocation.arguments.front()) / "report.html").string()
                  : "-";
  return out;
}

std::string page_of(const report::RunReport& report, const Request& request) {
  switch (request.format) {
    case ReportFormat::html:
      return report::html_page(report);
    case ReportFormat::md:
      return report::markdown_page(report);
    case ReportFormat::json:
      return dump_json(report::to_json(report), 1) + "\n";
    case ReportFormat::csv:
      return report::csv_page(report, request.table);
  }
  return {};
}

}  // namespace

Result<int> cmd_report(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(const Request request, request_of(invocation, settings.get<"json">()));
  SKILLGRAD_TRY(const auto report, report::read_run(invocation.arguments.front(), request.reading));
  const std::string page = page_of(report, request);
  if (request.out == "-") {
    print_out(page);
    return 0;
  }
  SKILLGRAD_CHECK(write_file_atomic(request.out, page));
  print_out(strip_control(report.verdict.line) + "\n" +
            (report.facts.condition == report::RunCondition::finished
                 ? ""
                 : std::string("the run is ") + name_of(report.facts.condition) +
                       "; the report says what is missing\n") +
            "report: " + fs::absolute(request.out).lexically_normal().string() + "\n");
  return 0;
}

}  // namespace skillgrad::cli
