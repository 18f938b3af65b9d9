// SPDX-License-Identifier: MIT
#include "llm/call/call_errors.hpp"

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/client.hpp>

#include "llm/errors/explain.hpp"

namespace skillgrad::llm {

std::string reason_of(const Endpoint& endpoint, const Failure& failure) {
  constexpr std::size_t kShort = 200;
  std::string out = failure.status > 0 ? "HTTP " + std::to_string(failure.status) : "";
  const bool said = !failure.body.message.empty() || failure.body.empty;
  for (const std::string& text : {failure.detail, said ? failure.body.text() : std::string()}) {
    if (text.empty()) continue;
    out += (out.empty() ? "" : ": ") + text;
  }
  const bool refusal = failure.cls == FailureClass::auth;
  return truncate_middle(refusal ? endpoint.redact_refusal(out) : endpoint.redact(out), kShort);
}

bool is_fatal(FailureClass cls) {
  return cls == FailureClass::auth || cls == FailureClass::quota ||
         cls == FailureClass::model_not_found || cls == FailureClass::wrong_url ||
         cls == FailureClass::tls;
}

Error give_up(const CallFacts& facts, const RequestForm& form, const Failure& failure,
              const std::string& note) {
  const Endpoint& endpoint = facts.endpoint;
  ErrorScene scene;
  scene.url = endpoint.url(form.style());
  scene.model = endpoint.options().model;
  scene.attempts = facts.attempt;
  scene.output_cap = form.body().output_cap;
  scene.note = note;
  scene.redact = [&endpoint](const std::string& text) { return endpoint.redact(text); };
  scene.redact_refusal = [&endpoint](const std::string& text) {
    return endpoint.redact_refusal(text);
  };
  if (failure.cls == FailureClass::model_not_found && facts.played_from == nullptr) {
    scene.offered_models =
        list_models(endpoint.options(), std::chrono::seconds(5), facts.context.stop).names;
  }
  return explain(failure, scene);
}

Error end_run(Endpoint& endpoint, Error error) {
  endpoint.set_fatal(error);
  return error;
}

}  // namespace skillgrad::llm
