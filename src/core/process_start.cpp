// SPDX-License-Identifier: MIT
#include "core/process_start.hpp"

#include <cstdlib>
#include <sstream>
#include <string>

#include <skillgrad/core/files.hpp>

namespace skillgrad {

std::uint64_t start_of(pid_t pid) {
  const std::string line = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  // The name of the program, which may hold anything, ends with the last ')'.
  const std::size_t name = line.rfind(')');
  if (name == std::string::npos) return 0;
  std::istringstream rest(line.substr(name + 1));
  std::string word;
  constexpr int kState = 3, kStart = 22;
  for (int field = kState; field <= kStart && rest >> word; ++field) {
    if (field == kState && (word == "Z" || word == "X")) return 0;
    if (field == kStart) return std::strtoull(word.c_str(), nullptr, 10);
  }
  return 0;
}

}  // namespace skillgrad
