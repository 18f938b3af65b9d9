// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <skillgrad/agent/executor.hpp>

namespace skillgrad::agent {

/// A rollout in which nothing was done or paid for, and why.
[[nodiscard]] inline Rollout not_started(const RolloutRequest& request, Error error) {
  Rollout out;
  out.task_id = request.task->id;
  out.sample = request.sample;
  out.cost_usd = 0.0;
  TraceEvent event;
  event.kind = TraceEvent::Kind::error;
  event.text = error.to_line();
  event.is_error = true;
  out.trajectory.events.push_back(std::move(event));
  out.error = std::move(error);
  return out;
}

}  // namespace skillgrad::agent
