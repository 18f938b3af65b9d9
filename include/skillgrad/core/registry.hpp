// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad {

/// Maps a config name to a factory. `Args` are what every factory of this kind receives.
template <class Interface, class... Args>
class Registry {
 public:
  using Factory = std::function<Result<std::unique_ptr<Interface>>(Args...)>;
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  void add(std::string name, Factory factory) { factories_[std::move(name)] = std::move(factory); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [name, factory] : factories_) out.push_back(name);
    return out;
  }
  [[nodiscard]] Result<std::unique_ptr<Interface>> make(const std::string& name,
                                                        Args... args) const {
    const auto found = factories_.find(name);
    if (found != factories_.end()) return found->second(std::forward<Args>(args)...);
    const auto near = nearest_match(name, names());
    return fail(ErrorCode::config, "unknown " + kind_ + " \"" + name + "\"", {},
                near ? "did you mean \"" + *near + "\"?" : "use one of: " + join(names(), ", "));
  }

 private:
  std::string kind_;
  std::map<std::string, Factory> factories_;
};

}  // namespace skillgrad
