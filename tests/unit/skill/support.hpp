// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/skill/editor.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {

inline SkillPackage make_package(const std::string& text,
                                 std::map<std::string, BundledFile> files = {}) {
  auto package = SkillPackage::from_files("my-skill", text, std::move(files));
  EXPECT_TRUE(package.has_value()) << (package ? "" : package.error().to_text());
  return package.value_or(SkillPackage{});
}

inline SkillPackage package_with_body(const std::string& body,
                                      std::map<std::string, BundledFile> files = {}) {
  return make_package("---\nname: my-skill\ndescription: d\n---\n" + body, std::move(files));
}

}  // namespace skillgrad::skill
