"""Cox's proportional hazards, for the repurchase curve and for the chance within the window: penalised partial likelihood.

A customer who bought on the last day of the window, and one who bought on its first, are the same to a learner of yes and
no. To the partial likelihood they are not, and who came after the window still tells of it. Nor has a window to be over: who
is silent since last month is known to have been silent for a month, so the newest weeks count, which no closed window holds.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tiercast.learners.learner import Learner, Panel, Range, Setup, constant, sampled
from tiercast.learners.linear import design_of, linear_of
from tiercast.serving.cox import Cox
from tiercast.serving.linear import Linear
from tiercast.serving.rules import RateTable

MOST_ROWS = 40_000
MOST_STEPS = 12


def fit_cox(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Cox:
    """Fit the partial likelihood (Cox 1972; ties as Breslow 1974) with an L2 penalty, by Newton's method.

    Days to the next purchase count from 1; who has not bought by the end of follow-up is censored there.
    """
    rows = sampled(panel, MOST_ROWS, setup.seed)
    columns, centres, scales, design, occurs = design_of(rows)
    seen = rows.labels["observed_days"].to_numpy(float)
    wait = rows.labels["days_to_purchase"].to_numpy(float)
    bought = np.isfinite(wait) & (wait <= seen)
    day = np.maximum(np.where(bought, wait, seen), 1.0).astype(np.int64)
    weights, days, baseline = partial_likelihood(
        design, day, bought, rows.weights(), penalty=float(parameters["penalty"])
    )
    if not len(days):
        days, baseline = np.array([1]), np.array([0.0])
    risk = linear_of(columns, centres, scales, weights, occurs, 0.0, "log")
    return Cox(risk, tuple(int(each) for each in days), tuple(float(each) for each in baseline))


def fit_within(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Linear | RateTable:
    """Fit P(purchase within the window) as 1 - exp(-H), H the cumulative hazard of :func:`fit_cox` by the window's end.

    One score, read through the complementary log-log link (Prentice & Gloeckler 1978, *Biometrics* 34).
    """
    fitted = fit_cox(panel, parameters, setup)
    ahead = float(np.interp(setup.horizon.days, (0, *fitted.days), (0.0, *fitted.baseline)))
    if ahead <= 0:
        return constant(0.0)
    return replace(fitted.risk, intercept=fitted.risk.intercept + float(np.log(ahead)), link="cloglog")


def partial_likelihood(
    design: np.ndarray, day: np.ndarray, bought: np.ndarray, weight: np.ndarray, *, penalty: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the coefficients, the days on which somebody bought, and the cumulative baseline hazard by each.

    Parameters
    ----------
    design : array, shape (rows, columns)
    day : array of int, shape (rows,)
        Of the purchase or of the end of follow-up.
    bought : array of bool, shape (rows,)
    weight : array, shape (rows,)
    penalty : float
        Of half the squared coefficients, for each unit of weight that bought.

    Examples
    --------
    >>> design = np.array([[0.0], [1.0], [0.0], [1.0]])
    >>> told = partial_likelihood(design, np.array([4, 1, 3, 2]), np.full(4, True), np.ones(4), penalty=0.1)
    >>> bool(told[0][0] > 0), told[1].tolist()
    (True, [1, 2, 3, 4])
    """
    order = np.argsort(day, kind="stable")
    design, day, bought, weight = design[order], day[order], bought[order], weight[order]
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1)) if len(day) else np.zeros(0, dtype=np.int64)
    groups = list(zip(starts, np.append(starts[1:], len(day)), strict=True))
    event = weight * bought
    events = np.array([event[start:end].sum() for start, end in groups])
    told = events > 0
    scale = penalty * max(float(events.sum()), 1e-9)
    pull = (event[:, None] * design).sum(axis=0)
    beta = np.zeros(design.shape[1])
    best = (-np.inf, beta)
    for _ in range(MOST_STEPS):
        score = np.clip(design @ beta, -30.0, 30.0)
        heft = weight * np.exp(score)
        first, second, third = 0.0, np.zeros(design.shape[1]), np.zeros((design.shape[1],) * 2)
        slope, bend, reached = pull - scale * beta, scale * np.eye(len(beta)), float(event @ score)
        for place in range(len(groups) - 1, -1, -1):  # from the last day back: the risk set grows
            rows = slice(*groups[place])
            held = heft[rows, None] * design[rows]
            first, second, third = (
                first + heft[rows].sum(),
                second + held.sum(axis=0),
                third + held.T @ design[rows],
            )
            if told[place]:
                mean = second / first
                slope = slope - events[place] * mean
                bend = bend + events[place] * (third / first - np.outer(mean, mean))
                reached -= events[place] * np.log(first)
        reached -= 0.5 * scale * float(beta @ beta)
        if reached < best[0] - 1e-9 * abs(best[0]):  # a step too far: go back half of it
            beta = (beta + best[1]) / 2
            continue
        done = reached - best[0] < 1e-7 * abs(reached)
        best = (reached, beta)
        if done:
            break
        beta = beta + np.linalg.solve(bend, slope)
    beta = best[1]
    heft = weight * np.exp(np.clip(design @ beta, -30.0, 30.0))
    at_risk = np.cumsum([heft[start:end].sum() for start, end in groups][::-1])[::-1]
    days = day[starts][told]
    return beta, days, np.cumsum(events[told] / np.maximum(at_risk[told], 1e-12))


PENALTY = Range(1e-3, 1.0, log=True)
COX = Learner(
    "cox", "repurchase", "model", fit_cox, {"penalty": 0.1}, {"penalty": PENALTY}, open_rows=MOST_ROWS
)
COX_WITHIN = Learner("cox_within", "churn", "model", fit_within, {"penalty": 0.1}, {}, open_rows=MOST_ROWS)
