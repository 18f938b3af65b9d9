// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <stdexcept>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/run_report.hpp>

#include "report/pages/visible.hpp"

namespace skillgrad::report {
namespace {

std::string asset(const std::string& name) {
  const auto found = resource("src/report/web/" + name);
  if (!found) throw std::logic_error("src/report/web/" + name + " is not compiled in");
  return std::string(*found);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// A source of a policy: the SHA-256 of an inline script or style.
std::string policy_hash(std::string_view text) {
  const std::string hex = sha256_hex(text);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return "'sha256-" + base64(bytes) + "'";
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// JSON that no HTML reader can mistake: without '<', '>' and '&', which stand in strings alone.
std::string data_block(const std::string& id, const Json& value) {
  std::string out = "<script type=\"application/json\" id=\"" + id + "\">";
  for (const char c : dump_json(value)) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out + "</script>\n";
}

/// What is read only when somebody asks for it stands in a block of its own.
struct Blocks {
  Json page, rollouts, traces;
};

Blocks blocks_of(const RunReport& report) {
  Blocks out{visible_texts(to_json(report)), Json::array(), Json::object()};
  out.traces = {{"texts", std::move(out.page["traces"]["texts"])}, {"pairs", Json::array()}};
  out.page["traces"].erase("texts");
  for (Json& task : out.page["tasks"]) {
    out.rollouts.push_back(std::move(task["rollouts"]));
    out.traces["pairs"].push_back({std::move(task["before"]), std::move(task["after"])});
    for (const char* key : {"rollouts", "before", "after"}) task.erase(key);
  }
  return out;
}

std::string title_of(const RunReport& report) {
  std::string skill = report.facts.skill;
  skill.erase(0, skill.rfind('/') + 1);
  return (skill.empty() ? "run" : skill) + ": " + report.verdict.line;
}

}  // namespace

Json shown_texts(const Json& value) { return visible_texts(value); }

Json page_blocks(const RunReport& report) {
  Blocks blocks = blocks_of(report);
  return {{"data", std::move(blocks.page)},
          {"rollouts", std::move(blocks.rollouts)},
          {"traces", std::move(blocks.traces)}};
}

std::string html_page(const RunReport& report, const Served& served) {
  const bool live = !served.review.is_null() || !served.view.is_null();
  const std::string style = asset("uPlot.min.css") + asset("report.css");
  const std::string licence = "/*\nuPlot 1.6.32\n" + asset("uPlot.LICENSE") + "*/\n";
  const std::string chart = licence + asset("uPlot.iife.min.js");
  const std::string script = asset("report.js");
  const std::string more = (served.review.is_null() ? "" : asset("review.js")) +
                           (served.view.is_null() ? "" : asset("view.js"));
  const std::string policy =
      "default-src 'none'; script-src " + policy_hash(chart) + " " + policy_hash(script) +
      (live ? " " + policy_hash(more) + "; connect-src 'self'" : "") + "; style-src " +
      policy_hash(style) + "; img-src data:; base-uri 'none'; form-action 'none'";
  const Blocks blocks = blocks_of(report);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
      policy +
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>" +
      html_text(title_of(report)) + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n";
  out += asset("report.html");
  out = replace_all(std::move(out), "{{verdict}}", html_text(report.verdict.line));
  out = replace_all(std::move(out), "{{explanation}}", html_text(report.verdict.explanation));
  out += data_block("data", blocks.page) + data_block("rollouts", blocks.rollouts) +
         data_block("traces", blocks.traces);
  if (!served.review.is_null()) out += data_block("review", served.review);
  if (!served.view.is_null()) out += data_block("view", served.view);
  out += "<script>" + chart + "</script>\n<script>" + script + "</script>\n";
  if (live) out += "<script>" + more + "</script>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace skillgrad::report
