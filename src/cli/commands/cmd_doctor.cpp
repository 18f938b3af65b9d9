// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "cli/commands/commands.hpp"
#include "cli/doctor/doctor.hpp"
#include "cli/models/call_stores.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/roles.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {
namespace {

using Row = DoctorRow;

Row check_sandbox(const Settings& settings, std::unique_ptr<exec::Sandbox>& sandbox) {
  auto opened = exec::make_sandbox(settings.get<"sandbox">() == exec::SandboxMode::off
                                       ? exec::SandboxMode::off
                                       : exec::SandboxMode::automatic);
  if (!opened) return {"sandbox", Row::State::bad, opened.error().message, opened.error().mend};
  sandbox = std::move(*opened);
  const auto info = sandbox->info();
  if (info.weaknesses.empty()) return {"sandbox", Row::State::ok, info.backend, {}};
  return {
      "sandbox", Row::State::weak, info.backend + ": " + join(info.weaknesses, "; "),
      info.backend == "bwrap"
          ? "run skillgrad as an ordinary user, on a current kernel, with bubblewrap 0.8 or newer"
          : "apt install bubblewrap"};
}

Row check_program(exec::Sandbox& sandbox, const std::string& what, const std::string& code,
                  const std::string& mend) {
  Row out{what, Row::State::ok, {}, {}};
  const auto work = TempDir::create("skillgrad-doctor");
  if (!work) return {what, Row::State::bad, work.error().to_line(), "check the temporary folder"};
  exec::CommandSpec spec;
  spec.argv = {"python3", "-c", code};
  spec.work_dir = work->path();
  spec.env = exec::scrubbed_environment();
  spec.limits.wall = std::chrono::seconds(30);
  const auto result = sandbox.run(spec, {});
  if (result && result->exit_code == 0) {
    out.found = trim(result->out);
    return out;
  }
  return {what, Row::State::weak, result ? "not found in the sandbox" : result.error().to_line(),
          mend};
}

Row check_libreoffice(exec::SandboxMode sandbox) {
  const auto office = sheet::make_libreoffice_recalculator(1, sandbox);
  const std::string version = office->version(), outside = office->outside();
  if (!version.empty() && outside.empty())
    return {"LibreOffice", Row::State::ok, version + ", in the sandbox", {}};
  if (!version.empty())
    return {"LibreOffice", Row::State::weak,
            version + ", outside of the sandbox, with workbooks that a model wrote: " + outside,
            sandbox == exec::SandboxMode::off
                ? "leave --sandbox off out, or grade with --recalc never"
                : "apt install bubblewrap, or grade with --recalc never"};
  if (!outside.empty())
    return {"LibreOffice", Row::State::weak, outside, "use --sandbox auto, or --recalc never"};
  return {"LibreOffice", Row::State::weak,
          "not found: formulas without cached values cannot be graded",
          "apt install libreoffice-calc-nogui"};
}

Row check_disk(const Settings& settings) {
  std::error_code error;
  // A new folder comes to lie on the disk of the nearest one that exists.
  fs::path dir = fs::absolute(settings.get<"run">().empty() ? "." : settings.get<"run">());
  while (!fs::exists(dir, error) && dir.has_relative_path()) dir = dir.parent_path();
  const auto space = fs::space(dir, error);
  if (error) return {"disk", Row::State::bad, error.message(), "choose another folder with --run"};
  const double free_gb = static_cast<double>(space.available) / 1e9;
  const std::string found = fmt::format("{:.1f} GB free", free_gb);
  if (free_gb >= 1) return {"disk", Row::State::ok, found, {}};
  return {"disk", Row::State::bad, found, "free some space or choose another folder with --run"};
}

/// What each model costs and who says so; roles with one model and price share a row.
std::vector<Row> check_prices(const Settings& settings) {
  const auto prices = role_prices(settings, SystemClock().wall_now());
  if (!prices) return {{"price", Row::State::bad, prices.error().to_line(), prices.error().mend}};
  std::vector<Row> out;
  for (const auto& price : *prices) {
    const std::string text = to_text(price);
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const Row& row) { return row.found == text; });
    if (same != out.end()) continue;
    Row row{out.empty() ? "price" : "price " + price.role, Row::State::ok, text, {}};
    if (!price.price.price) {
      row.state = Row::State::weak;
      row.mend =
          "--price '{\"input\":1,\"output\":4}' (USD per million tokens) or --prices FILE; "
          "without a price, --max-usd is refused and costs are shown as unknown";
    } else if (!price.price.warning.empty()) {
      row.state = Row::State::weak;
      row.mend = price.price.warning;
    }
    out.push_back(std::move(row));
  }
  return out;
}

const char* mark(Row::State state) {
  switch (state) {
    case Row::State::ok:
      return "ok  ";
    case Row::State::weak:
      return "weak";
    case Row::State::bad:
      return "BAD ";
  }
  return "";
}

void print_row(const Row& row) {
  print_out(fmt::format("{}  {:<18} {}\n", mark(row.state), row.what, strip_control(row.found)));
  if (!row.mend.empty()) print_out(fmt::format("      {:<18} fix: {}\n", "", row.mend));
}

/// Everything besides the endpoints.
void check_machine(const Settings& settings, DoctorRows& rows) {
  for (auto& row : check_prices(settings)) rows.add(std::move(row));
  std::unique_ptr<exec::Sandbox> sandbox;
  rows.add(check_sandbox(settings, sandbox));
  if (sandbox) {
    rows.add(check_program(*sandbox, "python3", "import sys; print(sys.version.split()[0])",
                           "apt install python3"));
    for (const char* module : {"openpyxl", "pandas"}) {
      if (rows.stop().stop_requested()) return;
      rows.add(check_program(*sandbox, std::string("python3 ") + module,
                             fmt::format("import {0}; print({0}.__version__)", module),
                             std::string("apt install python3-") + module));
    }
  }
  if (rows.stop().stop_requested()) return;
  if (sandbox) check_executor_agent(settings, *sandbox, rows);
  rows.add(check_libreoffice(settings.get<"sandbox">()));
  rows.add(check_disk(settings));
}

Json report_json(const EndpointReport& endpoints, const DoctorRows& rows, bool stopped) {
  Json checks = Json::array();
  bool bad = false;
  for (const auto& row : rows.all()) {
    bad = bad || row.state == Row::State::bad;
    checks.push_back({{"check", row.what},
                      {"state", std::string(trim(mark(row.state)))},
                      {"found", row.found},
                      {"mend", row.mend}});
  }
  Json out = {{"schema", "skillgrad.doctor/1"},
              {"ok", !bad && !stopped},
              {"checks", checks},
              {"endpoints", endpoints.facts},
              {"notes", notes_json(notes().all())}};
  if (stopped) out["stopped"] = true;
  if (!endpoints.recording.is_null()) out["recording"] = endpoints.recording;
  return out;
}

}  // namespace

Result<int> cmd_doctor(const Invocation& invocation) {
  const auto settings = load_settings(invocation);
  if (!settings) return tl::unexpected(settings.error());
  const bool json = settings->get<"json">();
  DoctorRows rows([json](const Row& row) { json ? void() : print_row(row); }, invocation.stop);
  const EndpointReport endpoints =
      replays_only(*settings) ? check_recording(*settings, rows) : check_endpoints(*settings, rows);
  if (!invocation.stop.stop_requested()) check_machine(*settings, rows);
  const bool stopped = invocation.stop.stop_requested();
  const bool bad = std::any_of(rows.all().begin(), rows.all().end(),
                               [](const Row& row) { return row.state == Row::State::bad; });
  if (json) print_out(dump_json(report_json(endpoints, rows, stopped), 1) + "\n");
  if (stopped) {
    print_error({ErrorCode::cancelled,
                 "stopped on request: the checks that are left were not made",
                 "skillgrad doctor",
                 "run it again for the rest",
                 {}});
    return exit_code_of(ErrorCode::cancelled);
  }
  return bad ? 3 : 0;
}

}  // namespace skillgrad::cli
