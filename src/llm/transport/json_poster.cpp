// SPDX-License-Identifier: MIT
#include <skillgrad/llm/http_post.hpp>

#include "llm/address/url.hpp"
#include "llm/transport/transport.hpp"

namespace skillgrad::llm {
namespace {

TransportOptions transport_options(const PostOptions& options) {
  TransportOptions out;
  out.url = options.url;
  out.headers = {"Content-Type: application/json", "Accept: application/json",
                 std::string("User-Agent: skillgrad/") + SKILLGRAD_VERSION, "Expect:"};
  for (const auto& [name, value] : options.headers)
    out.headers.push_back(name + ": " + value.reveal());
  out.ca_file = options.ca_file;
  out.insecure_tls = options.insecure_tls;
  out.connect_timeout = std::chrono::milliseconds(3000);
  out.max_reply_bytes = options.max_reply_bytes;
  return out;
}

class TransportPoster final : public JsonPoster {
 public:
  explicit TransportPoster(const PostOptions& options) : transport_(transport_options(options)) {}

  PostReply post(std::string_view json, std::chrono::milliseconds limit,
                 const std::stop_token& stop) override {
    AttemptLimits limits;
    limits.total = limit;
    HttpReply reply = transport_.perform(json, limits, stop);
    if (reply.ending != Ending::finished) return {0, {}, "it took too long, or answered too much"};
    if (reply.status == 0) return {0, {}, reply.curl_text.empty() ? "no answer" : reply.curl_text};
    return {reply.status, std::move(reply.body), {}};
  }

 private:
  Transport transport_;
};

}  // namespace

Result<std::unique_ptr<JsonPoster>> JsonPoster::create(PostOptions options) {
  SKILLGRAD_TRY(const Url url, parse_base_url(options.url));
  static_cast<void>(url);
  return std::make_unique<TransportPoster>(options);
}

}  // namespace skillgrad::llm
