"""One check of strength: a single column that says almost everything about the label was made from the label."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import rankdata

from tiercast.auditing.report import Finding, listed
from tiercast.auditing.subject import BTYD
from tiercast.training.backtest import at
from tiercast.training.train import Prepared

LIMIT = {"churn": 0.90, "value": 0.85}
CERTAIN = 0.995
ERRORS = 3.0
"""A column is judged by its strength less three standard errors."""


def check_too_good(ready: Prepared) -> Finding:
    """Compare each column with the best of all other families at the newest origin before the tests.

    Strength is AUC for churn and |Spearman| for value. A column is too good when, less three standard errors, it is
    above the limit and stands less than half as far from perfection as the best column of any other family or of the
    BTYD stage; or when it is perfect but for half a per cent. Honest columns share what they know with others: on a
    history of clocks all of them are strong, and none is alone.
    """
    origin = ready.plan.folds[0].calibrate if ready.plan.folds else ready.plan.origins[0]
    rows = at(ready.panel, origin)
    names = [*ready.panel.columns, *BTYD]
    family = {**ready.catalogue.families, **dict.fromkeys(BTYD, "btyd")}
    matrix = rows.features[names].to_numpy(float)
    churned = 1.0 - rows.labels["purchased"].to_numpy(float)
    value = rows.labels["value_currency"].to_numpy(float)
    aucs, rhos = auc_by_column(matrix, churned), spearman_by_column(matrix, value)
    told: list[str] = []
    blamed: list[str] = []
    best: list[str] = []
    for target, measure, strength, error in (
        ("churn", "AUC", aucs, auc_error(aucs, churned)),
        ("value", "Spearman", rhos, spearman_error(rhos, len(value))),
    ):
        found = too_good(names, strength, strength - ERRORS * error, family, target=target)
        blamed += [name for name in found if name not in blamed]
        of = {name: f"{name} {each:.3f}" for name, each in zip(names, strength, strict=True)}
        if found:
            shown = listed([of[name] for name in found])
            told.append(f"{shown} ({measure} for {target}) at {origin}, far above every other family")
        elif np.isfinite(strength).any():
            best.append(f"{measure} for {target} {of[names[int(np.nanargmax(strength))]]}")
    if not told:
        told = [f"the strongest columns at {origin}: {', '.join(best) or 'one outcome only'}"]
    return Finding(
        "SINGLE_COLUMN_TOO_GOOD",
        "Does one column alone say too much about the label?",
        not blamed,
        "; ".join(told),
        tuple(blamed),
    )


def too_good(
    names: list[str], strength: np.ndarray, sure: np.ndarray, family: Mapping[str, str], *, target: str
) -> list[str]:
    """Return the columns that are too strong beside the other families, strongest first.

    Examples
    --------
    >>> names, of = ["a", "b", "c"], {"a": "x", "b": "y", "c": "z"}
    >>> strong = np.array([0.98, 0.85, 0.80])
    >>> too_good(names, strong, strong - 0.01, of, target="churn")
    ['a']
    >>> strong = np.array([0.98, 0.97, 0.80])
    >>> too_good(names, strong, strong - 0.01, of, target="churn")
    []
    """
    known = np.nan_to_num(strength, nan=0.5)
    best: dict[str, float] = {}
    for name, each in zip(names, known, strict=True):
        best[family[name]] = max(best.get(family[name], 0.0), float(each))
    found = []
    for place in np.argsort(-known, kind="stable"):
        name = names[place]
        others = max((each for of, each in best.items() if of != family[name]), default=0.5)
        alone = sure[place] > LIMIT[target] and 1.0 - sure[place] < 0.5 * (1.0 - others)
        if alone or sure[place] > CERTAIN:
            found.append(name)
    return found


def auc_by_column(matrix: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return each column's AUC in its better direction, absent values ranked last or first, whichever says more.

    Examples
    --------
    >>> auc_by_column(np.array([[1.0, np.nan], [2.0, 0.0], [3.0, 0.0]]), np.array([1.0, 0.0, 0.0])).tolist()
    [1.0, 1.0]
    """
    positives = float(actual.sum())
    negatives = len(actual) - positives
    if not positives or not negatives:
        return np.full(matrix.shape[1], np.nan)
    found = []
    for fill in (-np.inf, np.inf):
        ranks = rankdata(np.where(np.isnan(matrix), fill, matrix), axis=0)
        auc = (ranks[actual > 0].sum(axis=0) - positives * (positives + 1) / 2) / (positives * negatives)
        found.append(np.maximum(auc, 1 - auc))
    return np.asarray(np.maximum(*found))


def spearman_by_column(matrix: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return each column's |rank correlation| with the label, absent values ranked as in :func:`auc_by_column`."""
    target = rankdata(actual)
    target = target - target.mean()
    if not target.any():
        return np.full(matrix.shape[1], np.nan)
    found = []
    for fill in (-np.inf, np.inf):
        ranks = rankdata(np.where(np.isnan(matrix), fill, matrix), axis=0)
        ranks = ranks - ranks.mean(axis=0)
        size = np.sqrt((ranks**2).sum(axis=0) * (target**2).sum())
        found.append(np.abs(target @ ranks) / np.where(size > 0, size, np.inf))
    return np.asarray(np.maximum(*found))


def auc_error(auc: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return the standard error of an AUC (Hanley & McNeil 1982, equation 1)."""
    positives = max(float(actual.sum()), 1.0)
    negatives = max(len(actual) - float(actual.sum()), 1.0)
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) / (positives * negatives)))


def spearman_error(rho: np.ndarray, rows: int) -> np.ndarray:
    """Return the standard error of a rank correlation (Bonett & Wright 2000, taken back from Fisher's scale)."""
    return np.asarray((1 - rho**2) * np.sqrt((1 + rho**2 / 2) / max(rows - 3, 1)))
