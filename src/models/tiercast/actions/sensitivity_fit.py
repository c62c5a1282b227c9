"""How often each category is bought at a discount, and by how much customers differ beyond chance."""

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from tiercast.serving.sensitivity import PriceSensitivity, sums_of_lines

BOUNDS = (0.1, 10_000.0)
SHRUNK = 50.0
"""Lines that the share of all categories counts for in the share of one."""


def fit_sensitivity(rows: pd.DataFrame) -> PriceSensitivity:
    """Return the price sensitivity fitted to ``customer_id, category, lines, discounted_lines`` before a cutoff.

    The strength is the maximum of the negative-binomial likelihood of discounted lines, given the expected ones.

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)], "category": "x", "lines": 100,
    ...                      "discounted_lines": [80, 5] * 20})
    >>> fitted = fit_sensitivity(rows)
    >>> round(fitted.usual_share["x"], 2), fitted.strength < 5
    (0.42, True)
    """
    lines = float(rows["lines"].sum())
    overall = float(rows["discounted_lines"].sum()) / lines if lines > 0 else 0.0
    usual = {"": overall}
    if overall <= 0:
        return PriceSensitivity(usual, 1.0)
    sums = rows.groupby("category")[["lines", "discounted_lines"]].sum()
    share = (sums["discounted_lines"] + SHRUNK * overall) / (sums["lines"] + SHRUNK)
    usual |= {str(name): float(each) for name, each in share.items()}
    lines_of_each = sums_of_lines(rows, usual)
    expected, discounted = (lines_of_each[name].to_numpy(float) for name in ("expected", "discounted"))

    def against(log_strength: float) -> float:
        s = float(np.exp(log_strength))
        told = gammaln(discounted + s) - gammaln(s) + s * np.log(s) - (discounted + s) * np.log(expected + s)
        return -float(told.sum())

    found = minimize_scalar(
        against, bounds=(float(np.log(BOUNDS[0])), float(np.log(BOUNDS[1]))), method="bounded"
    )
    return PriceSensitivity(usual, float(np.exp(found.x)))
