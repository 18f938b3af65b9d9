#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the statistics of the program against scipy, statsmodels and confseq on a grid of values.

usage: stats_oracle.py STATS_VALUES

STATS_VALUES is the program of that name (tests/tools/stats_values.cpp). What is not installed is left out and
named: `pip install scipy statsmodels`; of confseq (MIT) the pure Python modules on PYTHONPATH are enough.

Exit code: 0 all equal, 1 differences, 77 no scipy (ctest counts that as skipped).
"""
import math
import random
import subprocess
import sys
import types

SKIPPED = 77
TOLERANCE = 1e-9


def scipy_rows(rng):
    import numpy
    from scipy import special, stats
    for z in [-30, -8, -3.3, -1, -1e-3, 0, 0.4, 1.96, 5, 8.2]:
        yield "normal_cdf", [z], stats.norm.cdf(z)
    for share in [1e-300, 1e-12, 1e-4, 0.02, 0.0243, 0.3, 0.5, 0.7, 0.975, 0.999999]:
        yield "normal_quantile", [share], stats.norm.ppf(share)
        for freedom in [1, 2, 2.5, 5, 11, 39, 179, 5000]:
            if share > 1e-100:
                yield "student_t_quantile", [share, freedom], stats.t.ppf(share, freedom)
    for t in [-40, -2.2, -0.1, 0.0, 1e-4, 0.7, 3, 12]:
        for freedom in [1, 2, 3.5, 11, 60, 1000]:
            yield "student_t_cdf", [t, freedom], stats.t.cdf(t, freedom)
    for a in [0.5, 1, 2.5, 12, 150]:
        for b in [0.5, 1, 3, 40, 700]:
            for x in [1e-6, 0.1, 0.35, 0.5, 0.83, 0.9999]:
                yield "incomplete_beta", [a, b, x], special.betainc(a, b, x)
    for n in [1, 5, 12, 40, 400]:
        for k in sorted({0, 1, n // 3, n // 2, n - 1, n}):
            for rate in [0.1, 0.5, 0.9]:
                yield "binomial_upper_tail", [k, n, rate], stats.binom.sf(k - 1, n, rate)
            yield "sign_test", [k, n - k], stats.binomtest(k, n, 0.5, alternative="greater").pvalue
    for wins in [0, 1, 5, 12, 60, 300]:
        for losses in [0, 1, 8, 50]:
            # The integral of (2q)^w (2(1-q))^l over q in [1/2, 1], twice.
            from scipy import integrate
            value, _ = integrate.quad(
                lambda q: 2 * math.exp(wins * math.log(2 * q) + (losses * math.log(2 * (1 - q)) if losses else 0)),
                0.5, 1 - 1e-15, limit=500, epsabs=0, epsrel=1e-12, points=[min(0.999, max(0.501, wins / (wins + losses + 1)))])
            yield "mixture_e_value", [wins, losses], value
    for n in [4, 9, 12]:
        values = [round(rng.uniform(-1, 1), 3) for _ in range(n)]
        low, _ = stats.t.interval(0.95, n - 1, numpy.mean(values), stats.sem(values))
        yield "t_interval_low", values, low
        exact = stats.permutation_test((numpy.array(values),), numpy.mean, permutation_type="samples",
                                       alternative="two-sided", n_resamples=numpy.inf)
        yield "sign_flip_p", values, exact.pvalue
    for n, shift in [(30, 0.0), (30, 0.2), (90, 0.05)]:
        # Drawn, not exact, on both sides: to four standard errors.
        values = [round(min(1, max(-1, rng.gauss(shift, 0.5))), 3) for _ in range(n)]
        drawn = stats.permutation_test((numpy.array(values),), numpy.mean, permutation_type="samples",
                                       alternative="greater", n_resamples=100_000, rng=1)
        yield "sequential_p", values, drawn.pvalue, 4 * math.sqrt(drawn.pvalue * (1 - drawn.pvalue) / 10_000)


def statsmodels_rows(_):
    from statsmodels.stats.contingency_tables import mcnemar
    for fixed in [0, 1, 5, 15, 60]:
        for broken in [0, 2, 5, 31]:
            if fixed + broken > 0:
                yield "mcnemar_exact", [fixed, broken], mcnemar([[0, broken], [fixed, 0]], exact=True).pvalue


def confseq_rows(rng):
    for absent in ("matplotlib", "matplotlib.pyplot", "multiprocess"):  # plots and pools, which we do not use
        try:
            __import__(absent)
        except ImportError:
            sys.modules[absent] = types.ModuleType(absent)
    import numpy
    if not hasattr(numpy, "float_"):
        numpy.float_ = numpy.float64
    from confseq.betting import betting_mart
    from confseq.betting_strategies import lambda_aKelly  # named aGRAPA in the paper

    # Theirs bet on x in [0, 1] against 1/2, which is twice a bet on d = 2x - 1; both cut at half of what x allows.
    def martingale(x, bets):
        return float(betting_mart(x, 0.5, lambdas_fn_positive=bets, theta=1, trunc_scale=0.5)[-1])

    for n in [5, 20, 80]:
        for _ in range(5):
            differences = numpy.array([rng.choice([-1, -0.5, 0, 0, 0.5, 1, 1]) for _ in range(n)])
            x = (differences + 1) / 2
            yield "bet_agrapa", list(differences), martingale(x, lambda x, m: numpy.maximum(0, lambda_aKelly(x, m)))
            yield "bet_constant", list(differences), martingale(x, lambda x, m: numpy.full(len(x), 1.0))


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    rows, left_out = [], []
    for name, source in (("scipy", scipy_rows), ("statsmodels", statsmodels_rows), ("confseq", confseq_rows)):
        try:
            rows += [(name, *row) for row in source(random.Random(1))]
        except ImportError as error:
            left_out.append(f"{name} ({error})")
    if left_out:
        print("skipped, not installed: " + ", ".join(left_out))
    if not any(row[0] == "scipy" for row in rows):
        return SKIPPED
    asked = "".join(" ".join([row[1], *(repr(float(x)) for x in row[2])]) + "\n" for row in rows)
    done = subprocess.run([sys.argv[1]], input=asked, capture_output=True, text=True)
    ours = [float(line) for line in done.stdout.split()]
    if done.returncode != 0 or len(ours) != len(rows):
        print(f"{sys.argv[1]}: exit code {done.returncode}, {len(ours)} answers to {len(rows)} questions; {done.stderr}")
        return 1
    wrong, count = [], {}
    for (source, name, arguments, theirs, *bound), mine in zip(rows, ours):
        count[source] = count.get(source, 0) + 1
        allowed = bound[0] if bound else TOLERANCE * max(abs(theirs), 1e-290)
        if not abs(mine - theirs) <= allowed:
            wrong.append(f"{name}({', '.join(map(str, arguments[:6]))}): {mine!r}, {source} {theirs!r}")
    print("; ".join(f"{number} values as {source} gives them" for source, number in count.items()) +
          f"; {len(wrong)} differ")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
