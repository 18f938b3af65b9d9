// SPDX-License-Identifier: MIT
#include "optim/momentum/pattern_slug.hpp"

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::size_t kSlugBytes = 60;

}  // namespace

std::string pattern_slug(const std::string& text) {
  std::string slug = slugify(text);
  if (slug.size() > kSlugBytes) {
    std::size_t cut = slug.rfind('-', kSlugBytes);
    if (cut == std::string::npos || cut == 0) cut = kSlugBytes;
    while (cut > 0 && cut < slug.size() &&
           (static_cast<unsigned char>(slug[cut]) & 0xC0U) == 0x80U) {
      --cut;
    }
    slug.resize(cut);
  }
  if (slug.empty() || slug == "new" || slug == kNoSignal || slug == "none") {
    slug = slug.empty() ? "pattern" : slug + "-pattern";
  }
  return slug;
}

}  // namespace skillgrad::optim
