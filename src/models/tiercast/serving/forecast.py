"""The forecast: one curve owns activity, so churn, dates, orders and value never contradict each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from .ahead import VALUE_DAYS, WITHIN_DAYS, rising, value_names, within_name
from .blend import ORDERS_AHEAD, Predicts
from .btyd_stage import EXPECTED_ORDERS, PURCHASE_PROBABILITY, BtydStage
from .calibration import Calibration
from .intervals import ValueIntervals
from .measure import NET_REVENUE, ValueMeasure

GRID_DAYS: tuple[int, ...] = (
    1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 21, 25, 30, 35, 42, 50, 60, 70, 80, 90, 105, 120, 140, 160, 182,
)  # fmt: skip
LONGEST_DAYS = GRID_DAYS[-1]
MOST_TIMES_THE_PROCESS = 4.0
"""By how much, at most, the growth past the window may exceed what the purchase process says. Where the activity part sees a
chance and the process, sure of its rhythm, next to none within the window, its ratio of a year to the window has no bound."""


class HasHazard(Protocol):
    """Anything that gives a curve: -ln S(t), shape (rows, days)."""

    def cumulative_hazard(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray: ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Forecast:
    """All that is predicted of a customer who has bought before.

    The activity part says how likely a purchase within the window is that it learned from; it is calibrated, and the
    curve part is moved, by one factor a customer, so that it passes through it: up to the window in hazard, past it in
    odds (proportional odds; Bennett 1983, *Statistics in Medicine* 2). Who is likelier to come within a month is not as
    much likelier within half a year: among customers whose rates differ, odds keep their ratio where hazards converge.
    The curve then answers for any horizon: ``churn probability = S(H)``, exactly. Past what the curve's data reached,
    the BTYD stage's hazard goes on. Orders and value of the window are carried to the horizon, and to every other, by the
    stage's expected orders (without a stage: in proportion to the days; where the activity part contradicts the stage, within
    a bound); value is zero when the chance to buy is, and no
    longer horizon is told less than a shorter one. The spread of value was learned on the window, by the level of
    expected value, and is taken at the level that each horizon has.

    Parameters
    ----------
    btyd : BtydStage or None
    activity, value : parts that predict
    calibration : Calibration
    curve : part with a cumulative hazard
    value_level : float
        One factor for the level of the newest matured window.
    intervals : ValueIntervals
    horizon_days, gap_days : int
        The question is about ``[cutoff + gap, cutoff + gap + horizon)``; days of the curve count from its start.
    window_days : int
        What activity, orders and value learned to answer for: the horizon, or less where the history is too short.
    orders : part that predicts, or None
        Days with a purchase within the window; None takes the stage's.
    basis : dict of str to str
        ``churn``, ``repurchase``, ``value`` → ``model``, ``btyd`` or ``rule``.
    measure : ValueMeasure
        What the value that is told counts; all that is learned and judged is net revenue, the default.
    """

    btyd: BtydStage | None
    activity: Predicts
    calibration: Calibration
    curve: HasHazard
    value: Predicts
    value_level: float
    intervals: ValueIntervals
    horizon_days: int
    gap_days: int
    basis: dict[str, str]
    window_days: int = 0
    orders: Predicts | None = None
    measure: ValueMeasure = NET_REVENUE

    def __post_init__(self) -> None:
        object.__setattr__(self, "window_days", self.window_days or self.horizon_days)

    def wide(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the features with the BTYD stage's columns beside them.

        Features that carry the stage's columns already (a panel's, fitted at their own origin) keep theirs.
        """
        if self.btyd is None or PURCHASE_PROBABILITY in features:
            return features
        return pd.concat([features, self.btyd.columns(features)], axis=1)

    def staged(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the features with the BTYD stage's columns and the calibrated ``purchase_probability`` beside them."""
        wide = self.wide(features)
        probability = np.asarray(self.calibration.calibrate(self.activity.predict(wide)))
        return wide.assign(purchase_probability=probability)

    def survival(self, staged: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return P(no purchase within t days of the window's start), shape (rows, days)."""
        asked = np.concatenate([np.asarray(days, dtype=float), [float(self.window_days)]])
        hazard = np.clip(self._hazard(staged, asked), 1e-12, 600.0)
        probability = staged["purchase_probability"].to_numpy(float)[:, None]
        within = np.exp(hazard[:, :-1] * np.log1p(-probability) / hazard[:, -1:])
        odds_ratio = probability / (1.0 - probability) / np.expm1(hazard[:, -1:])
        beyond = 1.0 / (1.0 + np.expm1(hazard[:, :-1]) * odds_ratio)
        return np.asarray(np.where(asked[:-1] <= self.window_days, within, beyond))

    def _hazard(self, staged: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return the curve's cumulative hazard, and past its reach the stage's."""
        reach = float(getattr(self.curve, "reach_days", np.inf))
        if self.btyd is None or days.max() <= reach:
            return self.curve.cumulative_hazard(staged, days)
        hazard = np.array(self.curve.cumulative_hazard(staged, np.minimum(days, reach)))
        past = days > reach
        ahead = self.btyd.cumulative_hazard(staged, np.append(days[past], reach))
        hazard[:, past] += ahead[:, :-1] - ahead[:, -1:]
        return hazard

    def _grown(self, staged: pd.DataFrame, days: Sequence[int]) -> np.ndarray:
        """Return how much each horizon holds of what the window holds, a factor on orders and value, (rows, days)."""
        if self.btyd is None:
            return np.tile(np.asarray(days, dtype=float) / self.window_days, (len(staged), 1))
        asked = sorted({*days, self.window_days})
        within = np.maximum(self.btyd.expected_orders(staged, asked), 1e-9)
        window = within[:, [asked.index(self.window_days)]]
        within = within[:, [asked.index(day) for day in days]]
        least = staged["purchase_probability"].to_numpy(float)[:, None] / MOST_TIMES_THE_PROCESS
        tempered = (np.asarray(days) > self.window_days) & (window < least)
        return np.where(tempered, 1.0 + (within - window) / least, within / window)

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the predictions of each row; NaN throughout for a customer who never bought.

        Returns
        -------
        pandas.DataFrame
            ``purchase_probability``, ``churn_probability`` (their sum is 1),
            ``purchase_within_{7,30,60,90}d_probability``,
            ``next_purchase_{from,median,until}_days`` (10, 50 and 90 % of the curve, NaN past 182 days),
            ``expected_orders``, ``expected_value_currency`` and its central 80 % interval;
            ``purchase_within_{180,365}d_probability``, and ``expected_value_{30,90,180,365}d_currency`` with theirs. Who is
            asked about the served horizon twice is told the very same number.
        """
        bought = features["order_days"].to_numpy(float) > 0
        rows = features.loc[bought].reset_index(drop=True)
        answers = self._of_buyers(rows) if len(rows) else _nothing()
        placed = pd.DataFrame(np.nan, index=features.index, columns=answers.columns, dtype="float64")
        placed.loc[bought] = answers.to_numpy(float)
        return placed

    def _of_buyers(self, features: pd.DataFrame) -> pd.DataFrame:
        staged = self.staged(features)
        grid = np.asarray(sorted({*GRID_DAYS, *WITHIN_DAYS, self.horizon_days}), dtype=float)
        survival = self.survival(staged, grid)
        within_window = staged["purchase_probability"].to_numpy(float)
        told = sorted({*WITHIN_DAYS, self.horizon_days})
        chances = 1.0 - survival[:, np.searchsorted(grid, told)]
        served = told.index(self.horizon_days)
        if self.window_days == self.horizon_days:
            chances[:, served] = within_window
        chance = dict(zip(told, rising(chances, kept=served).T, strict=True))
        probability = chance[self.horizon_days]
        days = sorted({*VALUE_DAYS, self.horizon_days})
        served = days.index(self.horizon_days)
        grown = self._grown(staged, days)
        near = grid <= LONGEST_DAYS
        orders = self._window_orders(staged)
        staged = staged.assign(**{ORDERS_AHEAD: at_least_one(orders, within_window)})
        answers = {
            "purchase_probability": probability,
            "churn_probability": 1.0 - probability,
            **{within_name(day): chance[day] for day in WITHIN_DAYS},
            "expected_orders": at_least_one(orders * grown[:, served], probability),
        }
        for name, share in (("from", 0.1), ("median", 0.5), ("until", 0.9)):
            waits = first_day_reached(survival[:, near], grid[near], share)
            answers[f"next_purchase_{name}_days"] = waits
        values = self._values(staged, np.column_stack([chance[day] for day in days]), grown, days)
        for name, each in zip(VALUE_NAMES, values, strict=True):
            answers[name] = each[:, served]
        for day in VALUE_DAYS:
            at = days.index(day)
            answers |= {name: each[:, at] for name, each in zip(value_names(day), values, strict=True)}
        return pd.DataFrame({name: answers[name] for name in PREDICTIONS})

    def _window_orders(self, staged: pd.DataFrame) -> np.ndarray:
        """Return days with a purchase within the window."""
        probability = staged["purchase_probability"].to_numpy(float)
        if self.orders is not None:
            return np.asarray(self.orders.predict(staged))
        if PURCHASE_PROBABILITY not in staged:
            return np.asarray(-np.log1p(-np.minimum(probability, 1.0 - 1e-9)))
        base = np.clip(staged[PURCHASE_PROBABILITY].to_numpy(float), 1e-9, 1.0)
        return np.asarray(staged[EXPECTED_ORDERS].to_numpy(float) * probability / base)

    def _values(
        self, staged: pd.DataFrame, chances: np.ndarray, grown: np.ndarray, days: Sequence[int]
    ) -> tuple[np.ndarray, ...]:
        """Return value, low and high end within each of the days, as the measure counts them, each of shape (rows, days)."""
        window = np.maximum(self.value.predict(staged), 0.0) * self.value_level
        revenue = np.where(chances > 0.0, window[:, None] * grown, 0.0)
        low, high = self.intervals.interval(chances, revenue / np.maximum(chances, 1e-9))
        worth = self.measure.worth_share(grown, days, gap_days=self.gap_days)
        served = days.index(self.horizon_days)
        return tuple(rising(each * worth, kept=served) for each in (revenue, low, high))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "forecast",
            "btyd": None if self.btyd is None else self.btyd.to_json(),
            "activity": self.activity.to_json(),
            "calibration": self.calibration.to_json(),
            "curve": self.curve.to_json(),
            "value": self.value.to_json(),
            "value_level": self.value_level,
            "intervals": self.intervals.to_json(),
            "horizon_days": self.horizon_days,
            "gap_days": self.gap_days,
            "basis": dict(self.basis),
            "window_days": self.window_days,
            "orders": None if self.orders is None else self.orders.to_json(),
            "measure": self.measure.to_json(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the forecast that was stored."""
        from .parts import restore

        return cls(
            btyd=None if stored["btyd"] is None else restore(stored["btyd"]),
            activity=restore(stored["activity"]),
            calibration=restore(stored["calibration"]),
            curve=restore(stored["curve"]),
            value=restore(stored["value"]),
            value_level=float(stored["value_level"]),
            intervals=restore(stored["intervals"]),
            horizon_days=int(stored["horizon_days"]),
            gap_days=int(stored["gap_days"]),
            basis=dict(stored["basis"]),
            window_days=int(stored["window_days"]),
            orders=None if stored["orders"] is None else restore(stored["orders"]),
            measure=ValueMeasure.from_json(stored.get("measure", {})),
        )


def at_least_one(orders: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Return expected orders that are no fewer than the chance of one: who buys, buys at least once.

    Examples
    --------
    >>> at_least_one(np.array([0.2, 1.5]), np.array([0.3, 0.7])).tolist()
    [0.3, 1.5]
    """
    return np.asarray(np.maximum(orders, probability))


def first_day_reached(survival: np.ndarray, grid: np.ndarray, share: float) -> np.ndarray:
    """Return the first whole day by which ``share`` have bought; NaN when the grid ends before.

    Between grid days the cumulative hazard is taken as linear.

    Examples
    --------
    >>> first_day_reached(np.array([[0.8, 0.4], [0.99, 0.97]]), np.array([7.0, 14.0]), 0.5).tolist()
    [12.0, nan]
    """
    hazard = np.concatenate([np.zeros((len(survival), 1)), -np.log(np.clip(survival, 1e-300, 1.0))], axis=1)
    days = np.concatenate([[0.0], grid])
    goal = -np.log1p(-share)
    reached = hazard >= goal - 1e-12
    place = np.maximum(reached.argmax(axis=1), 1)
    rows = np.arange(len(survival))
    before, after = hazard[rows, place - 1], hazard[rows, place]
    part = (goal - before) / np.maximum(after - before, 1e-300)
    day = days[place - 1] + np.clip(part, 0.0, 1.0) * (days[place] - days[place - 1])
    return np.where(reached.any(axis=1), np.maximum(np.ceil(day - 1e-9), 1.0), np.nan)


VALUE_NAMES = ("expected_value_currency", "expected_value_low_currency", "expected_value_high_currency")
PREDICTIONS: tuple[str, ...] = (
    "purchase_probability",
    "churn_probability",
    *map(within_name, (7, 30, 60, 90)),
    *(f"next_purchase_{name}_days" for name in ("from", "median", "until")),
    "expected_orders",
    *VALUE_NAMES,
    *map(within_name, (180, 365)),
    *(name for day in VALUE_DAYS for name in value_names(day)),
)
"""The columns of a prediction, in their order."""


def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype="float64") for name in PREDICTIONS})
