// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/enum_text.hpp>

namespace skillgrad::cli {

// What options with a few words to choose from come to, where no other room has an enum for it.

enum class GateChoice { none, loose, balanced, strict, stored, paired, no_regression };
enum class KeptSkill { best, last };              ///< what `optimize` hands over
enum class BlockingRules { general, procedure };  ///< the lint rules that block a patch
enum class ApprovalPlace { off, terminal, web };  ///< where a person is asked about patches
enum class OnTruncation { warn, error };          ///< where an endpoint seems to cut prompts

}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::GateChoice> {
  using enum cli::GateChoice;
  static constexpr EnumName<cli::GateChoice> kTable[] = {
      {none, "none"},     {loose, "loose"},   {balanced, "balanced"},          {strict, "strict"},
      {stored, "stored"}, {paired, "paired"}, {no_regression, "no-regression"}};
};

template <>
struct EnumText<cli::ApprovalPlace> {
  using enum cli::ApprovalPlace;
  static constexpr EnumName<cli::ApprovalPlace> kTable[] = {
      {off, "off"}, {terminal, "terminal"}, {web, "web"}};
};

template <>
struct EnumText<cli::KeptSkill> {
  using enum cli::KeptSkill;
  static constexpr EnumName<cli::KeptSkill> kTable[] = {{best, "best"}, {last, "last"}};
};

template <>
struct EnumText<cli::BlockingRules> {
  using enum cli::BlockingRules;
  static constexpr EnumName<cli::BlockingRules> kTable[] = {{general, "general"},
                                                            {procedure, "procedure"}};
};

template <>
struct EnumText<cli::OnTruncation> {
  using enum cli::OnTruncation;
  static constexpr EnumName<cli::OnTruncation> kTable[] = {{warn, "warn"}, {error, "error"}};
};

}  // namespace skillgrad
