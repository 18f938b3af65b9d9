// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skillgrad::stats {

/// Share of alpha that may be spent up to the share `information` of the data (Lan & DeMets 1983,
/// of the kind of O'Brien & Fleming): 2 (1 - Phi(z_{alpha/2} / sqrt(information))), for 0 <
/// information
/// <= 1; 0 at 0.
[[nodiscard]] double spent_alpha(double information, double alpha);

/// How a sequential test stands after a look.
enum class Standing { open, shown, futile, not_shown };

struct SequentialOptions {
  std::size_t looks = 4;          ///< evenly spread over the tasks planned
  double alpha = 0.05;            ///< one-sided
  std::size_t futility_from = 2;  ///< look from which a sum <= 0 ends the test; 0: never
  std::size_t flips = 9'999;      ///< sign patterns beside the one observed
  std::uint64_t seed = 0;
};

struct SequentialResult {
  Standing standing = Standing::open;
  std::size_t look = 0;   ///< the look that decided, or the last one done
  std::size_t used = 0;   ///< differences that it saw
  double mean = 0;        ///< of these
  double p = 1;           ///< one-sided, ordered by look and then by sum
  double boundary_z = 0;  ///< what the standardised sum had to pass at that look, for intervals;
                          ///< inf where nothing could have
};

/// Tasks that look 1..looks sees of `planned`, the last all.
[[nodiscard]] std::size_t look_size(std::size_t planned, std::size_t looks, std::size_t look);

/// Group-sequential paired sign-flip test of "the mean difference is not above 0". `sizes` says for
/// each look done how many of the differences it saw, and look k of `looks` may have spent
/// spent_alpha(k / looks): tasks that could not be graded make a look smaller, not later. Each look
/// ranks the observed sum among those of the same random sign patterns; patterns that an earlier
/// look put out are out, and as many go out as the spending allows (all of a tie or none), so that
/// the error is at most alpha in finite samples. Call it again with one size more for the next
/// look; what was found for those before stays.
[[nodiscard]] SequentialResult sequential_sign_flip(const std::vector<double>& differences,
                                                    const std::vector<std::size_t>& sizes,
                                                    const SequentialOptions& options = {});

}  // namespace skillgrad::stats
