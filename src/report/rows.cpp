// SPDX-License-Identifier: MIT
#include "report/rows.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

namespace skillgrad::report {
namespace {

std::string decision_text(optim::Decision made, bool colour) {
  const std::string padded = fmt::format("{:<10}", name_of(made));
  const char* code = made == optim::Decision::accepted   ? "32"
                     : made == optim::Decision::rejected ? "31"
                                                         : nullptr;
  if (!colour || code == nullptr) return padded;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, padded);
}

}  // namespace

std::string Tally::text() const {
  std::string out = fmt::format("{} pass, {} fail", pass, fail);
  if (error > 0) out += fmt::format(", {} error{}", error, error == 1 ? "" : "s");
  return out;
}

std::string Tally::mean_text() const {
  const std::size_t graded = pass + fail;
  return graded == 0 ? "" : ", mean score " + percent(scores / static_cast<double>(graded));
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string out = strip_control(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  if (out.size() <= most) return out;
  std::size_t end = most - 4;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U)
    --end;  // whole characters
  return out.substr(0, end) + " ...";
}

std::string short_time(Duration duration) {
  const auto total = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{}:{:02d} min", total / 60, total % 60);
  return fmt::format("{}:{:02d} h", total / 3600, total / 60 % 60);
}

std::string iteration_line(const optim::IterationRow& row, std::size_t planned, bool colour) {
  std::string gate = "-";
  if (row.gate && row.gate->n > 0)
    gate = fmt::format("{} -> {}", percent(row.gate->before), percent(row.gate->after));
  const std::string of = planned > 0 ? fmt::format(" of {}", planned) : "";
  return fmt::format("iteration {:>3}{}  {} train {:>7}  gate {:<20} {}\n", row.iteration, of,
                     decision_text(row.decision, colour),
                     row.train_n > 0 ? percent(row.train_score) : "-", gate,
                     one_line(row.reason, 120));
}

}  // namespace skillgrad::report
