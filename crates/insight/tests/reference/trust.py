"""Two-sample tests and the tails of their distributions, by SciPy 1.17.1, for trust.rs.

    pip install scipy==1.17.1
    python trust.py > trust.json
"""

import json

import numpy as np
from scipy import stats

random = np.random.default_rng(11)


def rounded(numbers):
    return [round(float(x), 3) for x in numbers]


smirnov = []
for n, m, shift in [(5, 7, 0.0), (30, 41, 0.6), (200, 150, 0.3), (90, 90, 2.5)]:
    # No two numbers are equal: with equal ones, SciPy's exact method has another opinion of them.
    a, b = random.normal(size=n), random.normal(shift, size=m)
    test = stats.ks_2samp(a, b, method="exact")
    smirnov.append({"a": list(a), "b": list(b), "statistic": test.statistic, "p": test.pvalue})
for n, m, shift in [(700, 900, 0.0), (2000, 1500, 0.04), (800, 700, 0.3)]:
    a, b = rounded(random.normal(size=n)), rounded(random.normal(shift, size=m))
    statistic = stats.ks_2samp(a, b).statistic
    p = stats.kstwobign.sf(statistic * np.sqrt(n * m / (n + m)))
    smirnov.append({"a": a, "b": b, "statistic": statistic, "p": p})

chi_square = []
for a, b in [([10, 20, 30], [12, 18, 33]), ([100, 3, 0, 40], [60, 30, 0, 41]), ([5, 5], [900, 100]), (list(range(40)), list(range(3, 43)))]:
    kept = [pair for pair in zip(a, b) if sum(pair) > 0]
    test = stats.chi2_contingency(np.array(kept).T, correction=False)
    chi_square.append({"a": a, "b": b, "statistic": test.statistic, "p": test.pvalue})

fisher = []
for found, drawn, marked, everything in [(3, 10, 12, 100), (40, 60, 500, 2000), (9, 9, 200, 16281), (150, 900, 2171, 16281)]:
    table = [[found, drawn - found], [marked - found, everything - drawn - marked + found]]
    fisher.append({"counts": [found, drawn, marked, everything], "p": stats.fisher_exact(table, alternative="greater").pvalue})

mann_whitney = []
for n, size, shift, digits in [(200, 40, 0.3, 6), (500, 31, 1.0, 1), (90, 45, 0.0, 0)]:
    numbers = np.abs(random.normal(size=n))
    inside = np.sort(random.choice(n, size, replace=False))
    numbers[inside] += shift
    numbers = np.round(numbers, digits) + 0.25
    rest = np.delete(numbers, inside)
    p = stats.mannwhitneyu(numbers[inside], rest, alternative="greater", method="asymptotic").pvalue
    mann_whitney.append({"numbers": numbers.tolist(), "inside": inside.tolist(), "p": p})

p = [0.001, 0.2, 0.011, 0.04, 0.9, 0.0001]
order = np.argsort(p)
holm, largest = [0.0] * len(p), 0.0
for before, place in enumerate(order):
    largest = max(largest, min(1.0, p[place] * (len(p) - before)))
    holm[place] = largest
print(json.dumps({"smirnov": smirnov, "chi_square": chi_square, "fisher": fisher, "mann_whitney": mann_whitney, "holm": {"p": p, "corrected": holm}}))
