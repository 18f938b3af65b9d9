// SPDX-License-Identifier: MIT
#pragma once

namespace skillgrad::cli::otel {

/// All names of attributes that spans have, and nowhere else. Those of OpenTelemetry are of its
/// semantic conventions 1.41.0, the last version that holds those of generative AI itself.
inline constexpr const char* kSchemaUrl = "https://opentelemetry.io/schemas/1.41.0";

inline constexpr const char* kServiceName = "service.name";
inline constexpr const char* kServiceVersion = "service.version";
inline constexpr const char* kErrorType = "error.type";
inline constexpr const char* kHttpStatus = "http.response.status_code";

inline constexpr const char* kOperation = "gen_ai.operation.name";
inline constexpr const char* kProvider = "gen_ai.provider.name";
inline constexpr const char* kAgentName = "gen_ai.agent.name";
inline constexpr const char* kConversation = "gen_ai.conversation.id";
inline constexpr const char* kRequestModel = "gen_ai.request.model";
inline constexpr const char* kResponseModel = "gen_ai.response.model";
inline constexpr const char* kResponseId = "gen_ai.response.id";
inline constexpr const char* kFirstChunk = "gen_ai.response.time_to_first_chunk";
inline constexpr const char* kInputTokens = "gen_ai.usage.input_tokens";
inline constexpr const char* kOutputTokens = "gen_ai.usage.output_tokens";
inline constexpr const char* kCacheRead = "gen_ai.usage.cache_read.input_tokens";
inline constexpr const char* kCacheWrite = "gen_ai.usage.cache_creation.input_tokens";
inline constexpr const char* kToolName = "gen_ai.tool.name";
inline constexpr const char* kToolCallId = "gen_ai.tool.call.id";
inline constexpr const char* kToolType = "gen_ai.tool.type";

// Values of gen_ai.operation.name.
inline constexpr const char* kInvokeAgent = "invoke_agent";
inline constexpr const char* kChat = "chat";
inline constexpr const char* kExecuteTool = "execute_tool";
/// Of gen_ai.provider.name: whose wire API is spoken.
inline constexpr const char* kOpenAi = "openai";

// What the conventions have no name for.
inline constexpr const char* kCommand = "skillgrad.command";
inline constexpr const char* kRun = "skillgrad.run";
inline constexpr const char* kStage = "skillgrad.stage";
inline constexpr const char* kIteration = "skillgrad.iteration";
inline constexpr const char* kDecision = "skillgrad.decision";
inline constexpr const char* kTask = "skillgrad.task.id";
inline constexpr const char* kTrial = "skillgrad.trial";
inline constexpr const char* kStatus = "skillgrad.status";
inline constexpr const char* kScore = "skillgrad.score";
inline constexpr const char* kAttempt = "skillgrad.attempt";
inline constexpr const char* kCost = "skillgrad.cost_usd";

}  // namespace skillgrad::cli::otel
