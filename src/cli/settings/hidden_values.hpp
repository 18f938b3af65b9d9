// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>

namespace skillgrad::cli {

/// A text that can name an environment variable and does not look like a key itself.
[[nodiscard]] bool names_variable(const std::string& text);

/// Takes out of a setting what looks like a key, holds a secret, or has a name like "api_key".
class ValueHider {
 public:
  enum class As {
    stars,  ///< for people
    hash    ///< with a hash, so that another value is another setting
  };
  ValueHider(const Redactor& redactor, As as) : redactor_(redactor), as_(as) {}
  void hide(Json& value) { hide_below(value, "", ""); }
  /// JSON pointers of the values that were hidden.
  [[nodiscard]] const std::vector<std::string>& places() const { return places_; }
  /// What stood there.
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  void hide_below(Json& value, const std::string& name, const std::string& place);

  const Redactor& redactor_;
  As as_;
  std::vector<std::string> places_, texts_;
};

}  // namespace skillgrad::cli
