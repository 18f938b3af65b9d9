// SPDX-License-Identifier: MIT
// Many decision processes, which take a second as released and most of a minute under a sanitizer.
#include <gtest/gtest.h>

#include "study/study.hpp"

namespace skillgrad::study {
namespace {

// What the default promises, on a world that is in no file of the repository: more than the stored
// comparison, and beliefs that hold what they say.
TEST(DecisionStudy, GainsMoreThanStoredScoresDoAndBelievesWhatIsTrue) {
  const Json json = Json::parse(R"({"name":"small","tasks":{"train":40,"val":16,"test":200},
    "base_logit":{"mean":1.6,"sd":1.2},"lessons":12,"known":3,"needs":[0.45,0.40,0.15],
    "lesson_effect":-2.8,
    "candidates":{"fix":0.34,"fix_and_break":0.06,"null":0.30,"break":0.18,
                  "shift":{"p":0.12,"mean":-0.1,"sd":0.35}},
    "iterations":10,"batch":4,"error_rate":0.05})");
  const auto rows = run_study(*read_population(json, "x"),
                              {*rule_named("default"), *rule_named("stored")}, {40, 9, 2});
  EXPECT_GT(rows[0].gain, 1.5 * rows[1].gain);
  EXPECT_GT(rows[0].gain_p10, -0.01);
  EXPECT_LT(rows[0].worse_by_a_point, 0.1);
  for (const Calibrated& row : rows[0].calibration) {
    if (row.candidates < 40) continue;
    EXPECT_NEAR(row.better, row.believed, 0.25) << row.candidates;
  }
}

}  // namespace
}  // namespace skillgrad::study
