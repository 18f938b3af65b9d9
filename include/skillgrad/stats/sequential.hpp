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
  std::size_t planned = 0;        ///< tasks in all
  std::size_t looks = 4;          ///< evenly spread, the last at `planned`
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
  double boundary_z = 0;  ///< normal quantile of the alpha that its look could spend, for intervals
};

/// Tasks that look 1..looks sees of `planned`, the last all.
[[nodiscard]] std::size_t look_size(const SequentialOptions& options, std::size_t look);

/// Group-sequential paired sign-flip test of "the mean difference is not above 0" on the first
/// differences[0 .. size). Each look ranks the observed sum among those of the same random sign
/// patterns; patterns that an earlier look had put out are out, and as many go out as the spending
/// function allows (all of a tie or none), so that the error is at most alpha in finite samples.
/// Looks beyond the differences given are open: call again with more (the same at the front). When
/// the data end early for good (missing tasks), `complete` makes what there is the last look.
[[nodiscard]] SequentialResult sequential_sign_flip(const std::vector<double>& differences,
                                                    const SequentialOptions& options,
                                                    bool complete = false);

}  // namespace skillgrad::stats
