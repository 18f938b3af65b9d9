// SPDX-License-Identifier: MIT
#include <skillgrad/agent/external.hpp>

#include "agent/relay/request_head.hpp"

namespace skillgrad::agent {

Result<AgentWalls> walls_of(const exec::SandboxInfo& sandbox,
                            const llm::EndpointOptions& endpoint) {
  SKILLGRAD_TRY(const Address address, read_address(endpoint.base_url));
  AgentWalls out;
  if (sandbox.isolates_network && !sandbox.remaps_paths)
    return fail(ErrorCode::sandbox,
                "in the sandbox \"" + sandbox.backend +
                    "\" an agent cannot reach its endpoint: there is no network of "
                    "its own in which a way to it could be made",
                "--executor", "apt install bubblewrap, or accept the risk with --sandbox off");
  out.only_endpoint = sandbox.isolates_network;
  const bool has_key = !endpoint.api_key.empty();
  out.key_stays_out = !has_key || (out.only_endpoint && !address.tls);
  if (!out.only_endpoint)
    out.weaknesses.emplace_back(
        "the agent reaches the whole network, not the endpoint of its model alone");
  if (!sandbox.isolates_files)
    out.weaknesses.emplace_back(
        "the agent can read what you can read, the answers of the tasks and your skills among it");
  if (!out.key_stays_out)
    out.weaknesses.emplace_back(
        address.tls && out.only_endpoint
            ? "the agent can read the key: its TLS is passed through untouched"
            : "the agent can read the key of its endpoint");
  return out;
}

}  // namespace skillgrad::agent
