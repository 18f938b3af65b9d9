// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/sheet/workbook.hpp>

#include "sheet/libreoffice_options.hpp"

namespace skillgrad::sheet {

[[nodiscard]] std::unique_ptr<Recalculator> make_libreoffice_recalculator(
    LibreOfficeOptions options);

}  // namespace skillgrad::sheet
