// SPDX-License-Identifier: MIT
#include "llm/stored/exchange.hpp"

#include <array>
#include <utility>

#include "llm/transport/sink.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::array<std::pair<Ending, const char*>, 6> kEndings = {{
    {Ending::finished, ""},
    {Ending::cancelled, "cancelled"},
    {Ending::first_byte, "first_byte"},
    {Ending::idle, "idle"},
    {Ending::progress, "progress"},
    {Ending::too_big, "too_big"},
}};

constexpr std::array<const char*, 9> kHeaders = {
    "content-type", "date",         "retry-after",     "retry-after-ms", "x-should-retry",
    "location",     "x-request-id", "apim-request-id", "cf-ray"};

}  // namespace

Exchange exchange_of(const HttpReply& http) {
  Exchange out;
  out.status = http.status;
  out.body = http.body;
  for (const char* name : kHeaders)
    if (const auto found = http.headers.find(name); found != http.headers.end())
      out.headers[name] = found->second;
  for (const auto& [ending, name] : kEndings)
    if (ending == http.ending) out.failure = name;
  out.curl_code = http.curl_code;
  out.curl_text = http.curl_text;
  return out;
}

HttpReply reply_of(const Exchange& exchange, std::size_t max_bytes) {
  HttpReply http;
  ReplySink sink(max_bytes);
  if (exchange.status != 0) sink.header_line("HTTP/1.1 " + std::to_string(exchange.status));
  for (const auto& [name, value] : exchange.headers) sink.header_line(name + ": " + value);
  const bool whole = sink.bytes(exchange.body);
  sink.finish(http);
  for (const auto& [ending, name] : kEndings)
    if (exchange.failure == name) http.ending = ending;
  if (!whole) http.ending = Ending::too_big;
  http.curl_code = exchange.curl_code;
  http.curl_text = exchange.curl_text;
  http.sent = exchange.status != 0;
  return http;
}

}  // namespace skillgrad::llm
