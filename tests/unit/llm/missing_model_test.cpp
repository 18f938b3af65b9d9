// SPDX-License-Identifier: MIT
// Which errors say that the endpoint lacks the model (R3.2), and which only talk of
// models.
#include "llm/errors/missing_model.hpp"

#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

struct ModelCase {
  int status;
  const char* message;
  const char* code = "";
  const char* type = "";
};

bool missing(const ModelCase& given) {
  ErrorBody error;
  error.message = given.message;
  error.code = given.code;
  error.type = given.type;
  return says_model_not_found(given.status, error);
}

TEST(MissingModel, IsReadInTheWordsOfManyEndpoints) {
  for (const ModelCase& given : {
           ModelCase{404, "The model `gpt-x` does not exist or you do not have access to it.",
                     "model_not_found"},
           ModelCase{404, "no", "DeploymentNotFound"},
           ModelCase{404, "model 'x' not found"},
           ModelCase{404, "model \"x\" not found, try pulling it first"},
           ModelCase{404, "The model `x` does not exist."},
           ModelCase{404, "Model mine does not exist"},
           ModelCase{400, "Model qwen3:8b does not exist"},
           ModelCase{400, "The requested model 'x' does not exist."},
           ModelCase{400, "Model Not Exist"},
           ModelCase{400, "Model not found, inaccessible, and/or not deployed"},
           ModelCase{404,
                     "models/gemini-x is not found for API version v1main, or is not supported"},
           ModelCase{400, "Invalid model: x", "1500", "invalid_model"},
           ModelCase{400, "foo/bar is not a valid model ID"},
           ModelCase{404, "No endpoints found for foo/bar."},
           ModelCase{404, "Not found the model x or Permission denied"},
           ModelCase{404, "model: claude-x", "", "not_found_error"},
           ModelCase{400, "The model `x` has been decommissioned and is no longer supported."},
           ModelCase{400,
                     "The 'x' model is not supported when using this tool with such an account."},
           ModelCase{400, "Unknown model: x"},
       }) {
    EXPECT_TRUE(missing(given)) << given.message;
  }
}

TEST(MissingModel, IsNotReadFromSentencesAboutOtherThings) {
  for (const ModelCase& given : {
           ModelCase{400, "The model called a function that was not found in the tools list"},
           ModelCase{400, "The model's tool 'x' does not exist"},
           ModelCase{400, "Model output: function `x` not found"},
           ModelCase{400, "A field that does not exist was sent to the model"},
           ModelCase{400, "'system' role is not supported by this model"},
           ModelCase{400, "Function calling with model x is not supported"},
           ModelCase{400, "model x does not support tools; the tool does not exist"},
           ModelCase{400, "Unknown model parameter 'seed'"},
           ModelCase{404, "Not Found"},
       }) {
    EXPECT_FALSE(missing(given)) << given.message;
  }
}

TEST(MissingModel, IsNotReadFromAnErrorOfAnotherParameter) {
  ErrorBody error;
  error.message = "the model `x` does not exist";
  error.param = "tools";
  EXPECT_FALSE(says_model_not_found(400, error));
  error.param = "model";
  EXPECT_TRUE(says_model_not_found(400, error));
}

}  // namespace
}  // namespace skillgrad::llm
