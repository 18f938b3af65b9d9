// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// What selfcheck plays with: an office with two rules that no model can know, tasks that need one
/// of them each, and skills that teach none or the first. Two thirds of the tasks are about
/// invoices, which need the first rule; the rest are about receipts and need the second.
struct SelfcheckWorld {
  std::filesystem::path dir;
  [[nodiscard]] std::string flawed() const { return (dir / "flawed/office-notes").string(); }
  [[nodiscard]] std::string half() const { return (dir / "half/office-notes").string(); }
  [[nodiscard]] std::string tasks() const { return (dir / "tasks.jsonl").string(); }
  [[nodiscard]] std::string broken_grader() const { return (dir / "broken.jsonl").string(); }
  [[nodiscard]] std::string always_passes() const { return (dir / "always.jsonl").string(); }
  /// The name of a simulated model that plays it.
  [[nodiscard]] std::string model() const { return "sim:" + (dir / "scenario").string(); }
};

/// Heading of the section that the half skill has of the first rule, and the same place for the
/// second.
inline constexpr const char* kInvoiceHeading = "File invoices";
[[nodiscard]] std::string invoice_section();
[[nodiscard]] std::string receipt_section();
/// What a task's answer is, for a patch that gives it away.
[[nodiscard]] std::string answer_of(const std::string& task_id);

/// Writes its files below the folder. Errors: io.
[[nodiscard]] Result<SelfcheckWorld> write_world(const std::filesystem::path& dir);

}  // namespace skillgrad::cli
