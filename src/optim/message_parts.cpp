// SPDX-License-Identifier: MIT
#include "optim/message_parts.hpp"

#include <fmt/format.h>

namespace skillgrad::optim {

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::optional<double> optional_number(StrictReader& reader, const char* key, double low) {
  const Json value = reader.any(key);
  if (value.is_null()) return std::nullopt;
  return reader.number(key, std::nullopt, low);
}

Result<> expect_schema(const Json& value, const std::string& schema) {
  if (!value.is_object())
    return fail(ErrorCode::input,
                fmt::format("got a JSON {}, expected an object", value.type_name()), schema,
                "write one JSON object");
  const auto found = value.find("schema");
  if (found == value.end() || (found->is_string() && found->get<std::string>() == schema))
    return {};
  return fail(ErrorCode::input, "got schema " + dump_json(*found) + ", expected \"" + schema + "\"",
              schema + " /schema", "set \"schema\" to \"" + schema + "\" or leave it out");
}

Result<int> expect_version(const Json& value, const std::string& name, int newest) {
  if (value.is_object())
    for (int version = 1; version < newest; ++version)
      if (value.value("schema", Json()) == Json(fmt::format("{}/{}", name, version)))
        return version;
  SKILLGRAD_CHECK(expect_schema(value, fmt::format("{}/{}", name, newest)));
  return value.contains("schema") ? newest : 0;
}

}  // namespace skillgrad::optim
