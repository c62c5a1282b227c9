"""Conversion: candidates are judged out of time on prospects, and the best becomes a part that tells when they first buy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from tiercast.errors import NotTrainable
from tiercast.evaluation.calibration import level_factor
from tiercast.evaluation.probability import roc_auc
from tiercast.evaluation.survival import concordance, integrated_brier, kaplan_meier
from tiercast.learners.conversion import FIRST_CHANNEL, SINCE_FIRST_TOUCH, TARGET
from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.serving.conversion import Conversion
from tiercast.serving.forecast import GRID_DAYS
from tiercast.training.backtest import at, served_part
from tiercast.training.prospects import known_at
from tiercast.windows import Horizon

NOT_TRAINABLE = "CONVERSION_NOT_TRAINABLE"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class ConversionMinima:
    """What prospects must bring.

    Parameters
    ----------
    conversions, prospects : int
        Customers who first bought after an origin, and who had not by the end: fewer are refused.
    level_conversions : int
        In the newest weeks; with fewer, the level is left as it was learned.
    level_days : int
        How many days these weeks are.
    new_days : int
        A prospect whose first touch was within so many days counts as new.
    channel_prospects : int
        A channel with fewer at a test origin is counted among the others.
    """

    conversions: int = 100
    prospects: int = 100
    level_conversions: int = 30
    level_days: int = 28
    new_days: int = 30
    channel_prospects: int = 50


MINIMA = ConversionMinima()


@dataclass(frozen=True)
class ConversionReport:
    """How the candidates were judged, and what is served.

    Parameters
    ----------
    figures : dict
        ``figures[candidate][origin or "mean"]``: AUC of conversion within the horizon, among all and among new prospects;
        Uno's C; the integrated Brier score; expected over seen conversions.
    selection : dict of str to float
        Each candidate's integrated Brier score at the origin before the tests: the tests play no part in the choice.
    winner : str
    rule : str
        The better of the rules at the same origin.
    by_channel : pandas.DataFrame
        At each test origin, of the winner and the rule: ``candidate``, ``origin``, ``channel``, ``prospects``,
        ``expected_share`` within the horizon and ``seen_share`` (Kaplan-Meier).
    calibration_error : dict of str to float
        By candidate: the mean distance of the two shares over channels and origins, weighted by prospects.
    parts : dict of str to Conversion
        ``winner`` and ``rule``, fitted on everything known.
    prospects, conversions : int
        Different customers in the panel, and those of them who first bought after an origin.
    """

    figures: dict[str, dict[str, dict[str, float]]]
    selection: dict[str, float]
    winner: str
    rule: str
    by_channel: pd.DataFrame
    calibration_error: dict[str, float]
    parts: dict[str, Conversion]
    prospects: int
    conversions: int
    tests: tuple[date, ...]
    horizon_days: int


def check_prospects(prospects: int, conversions: int, minima: ConversionMinima = MINIMA) -> None:
    """Refuse too few prospects or conversions.

    Raises
    ------
    NotTrainable
    """
    for has, needs, what in (
        (conversions, minima.conversions, "prospects who first bought after an origin"),
        (prospects - conversions, minima.prospects, "prospects who had not bought by the end of the data"),
    ):
        if has < needs:
            raise NotTrainable(
                target=TARGET,
                needs=f"{needs} {what}",
                has=f"{has}",
                fix="keep touchpoints from before the first purchase too, and wait until more prospects have decided",
            )


def judge_conversion(
    panel: Panel,
    learners: Mapping[str, Learner],
    setup: Setup,
    *,
    tests: Sequence[date],
    data_ends_on: date,
    channels: Sequence[str],
    minima: ConversionMinima = MINIMA,
    progress: Progress = lambda _: None,
) -> ConversionReport:
    """Judge every candidate at each test origin, choose before the first of them, and fit what is served.

    Parameters
    ----------
    panel : Panel
        Of prospects; see :func:`tiercast.training.prospects.prospect_panel`. It holds the test origins.
    channels : sequence of str
        The vocabulary behind ``first_channel_code``.

    Raises
    ------
    NotTrainable
    """
    names = panel.features["customer_id"].astype("str")
    bought = panel.labels["days_to_purchase"].notna().to_numpy()
    people, converted = int(names.nunique()), int(names[bought].nunique())
    check_prospects(people, converted, minima)
    candidates = {name: each for name, each in learners.items() if each.target == TARGET}
    fit = _Fit(panel, setup, minima)
    tests = tuple(sorted(tests))
    selection = _select(fit, candidates, tests[0])
    chosen = {
        "winner": min(selection, key=lambda name: selection[name]),
        "rule": min(
            (name for name in selection if candidates[name].basis == "rule"), key=lambda name: selection[name]
        ),
    }
    figures: dict[str, dict[str, dict[str, float]]] = {name: {} for name in candidates}
    by_channel = []
    for test in tests:
        rows = at(known_at(panel, data_ends_on, gap_days=setup.horizon.gap_days), test)
        for name, learner in candidates.items():
            progress(f"judging {name} at {test}")
            part = fit.part(learner, test)
            figures[name][test.isoformat()] = conversion_figures(part, rows, minima)
            by_channel.append(channel_table(part, rows, channels, minima).assign(candidate=name, origin=test))
    for of_candidate in figures.values():
        each = list(of_candidate.values())
        of_candidate["mean"] = {metric: _mean([one[metric] for one in each]) for metric in each[0]}
    told = pd.concat(by_channel, ignore_index=True)
    progress("fitting what is served")
    parts = {role: fit.part(candidates[name], data_ends_on) for role, name in chosen.items()}
    return ConversionReport(
        figures, selection, chosen["winner"], chosen["rule"], told, _errors(told), parts, people, converted, tests,
        setup.horizon.days,
    )  # fmt: skip


@dataclass
class _Fit:
    """Curves by candidate and by the day up to which they know; each is fitted once."""

    panel: Panel
    setup: Setup
    minima: ConversionMinima
    _curves: dict[tuple[str, date], Any] = field(default_factory=dict)

    def curve(self, learner: Learner, end: date) -> Any:
        if (learner.name, end) not in self._curves:
            self._curves[learner.name, end] = self._fitted(learner, end)
        return self._curves[learner.name, end]

    def _fitted(self, learner: Learner, end: date) -> Any:
        known = known_at(self.panel, end, gap_days=self.setup.horizon.gap_days)
        if not known.labels["days_to_purchase"].notna().any():
            raise NotTrainable(
                target=TARGET,
                needs=f"prospects who first bought before {end}",
                has="none",
                fix="judge at later origins, or wait",
            )
        return served_part(learner.fit(known, learner.defaults, self.setup), learner)

    def part(self, learner: Learner, end: date) -> Conversion:
        """Return the candidate fitted at ``end``, at the level of the newest weeks before it."""
        horizon = self.setup.horizon
        level = self.level(learner, end)
        return Conversion(self.curve(learner, end), level, horizon.days, horizon.gap_days, learner.basis)

    def level(self, learner: Learner, end: date) -> float:
        """Return conversions of the newest weeks over those expected by a fit that did not know these weeks.

        Over everybody's own follow-up: under the right hazard both have the same mean (Aalen 1978).
        """
        gap = self.setup.horizon.gap_days
        start = end - timedelta(days=self.minima.level_days)
        origins = sorted({day for day in self.panel.features["cutoff"] if day <= start})
        if not origins:
            return 1.0
        rows = at(known_at(self.panel, end, gap_days=gap), origins[-1])
        bought = rows.labels["days_to_purchase"].notna().to_numpy()
        if bought.sum() < self.minima.level_conversions:
            return 1.0
        wait = rows.labels["days_to_purchase"].to_numpy(float)
        followed = np.where(bought, wait, rows.labels["observed_days"].to_numpy(float))
        try:
            curve = self.curve(learner, origins[-1])
        except NotTrainable:
            return 1.0
        days = np.unique(followed)
        hazard = curve.cumulative_hazard(rows.features, days)
        expected = float(hazard[np.arange(len(rows)), np.searchsorted(days, followed)].sum())
        return level_factor(float(bought.sum()), expected)


def _select(fit: _Fit, candidates: Mapping[str, Learner], first_test: date) -> dict[str, float]:
    """Return each candidate's integrated Brier score at the newest origin a level's weeks before the first test."""
    gap = fit.setup.horizon.gap_days
    newest = first_test - timedelta(days=fit.minima.level_days)
    origins = sorted({day for day in fit.panel.features["cutoff"] if day <= newest})
    losses = {}
    for name, learner in candidates.items():
        losses[name] = float("inf")
        if origins:
            rows = at(known_at(fit.panel, first_test, gap_days=gap), origins[-1])
            try:
                part = fit.part(learner, origins[-1])
            except NotTrainable:
                continue
            losses[name] = conversion_figures(part, rows, fit.minima)["integrated_brier"]
    known = {name: loss for name, loss in losses.items() if np.isfinite(loss)}
    return known or dict.fromkeys(losses, 0.0)  # nothing to choose by: the first rule stands in


def conversion_figures(part: Conversion, rows: Panel, minima: ConversionMinima = MINIMA) -> dict[str, float]:
    """Return the figures of a part on the prospects of one origin."""
    wait = rows.labels["days_to_purchase"].to_numpy(float)
    seen = rows.labels["observed_days"].to_numpy(float)
    within = _within(part, seen)
    grid = np.asarray(sorted({day for day in (*GRID_DAYS, within) if day <= within}), dtype=float)
    survival = part.survival(rows.features, grid)
    soon = 1.0 - survival[:, -1]
    happened = (wait <= within).astype(float)
    new = rows.features[SINCE_FIRST_TOUCH].to_numpy(float) <= minima.new_days
    expected, actual = float(soon.sum()), float(happened.sum())
    return {
        "roc_auc": roc_auc(happened, soon),
        "roc_auc_new": roc_auc(happened[new], soon[new]),
        "concordance": concordance(wait, seen, soon, until_days=within),
        "integrated_brier": integrated_brier(wait, seen, survival, grid),
        "expected_to_seen": expected / actual if actual else float("nan"),
        "prospects": float(len(rows)),
        "conversions": actual,
    }


def channel_table(
    part: Conversion, rows: Panel, channels: Sequence[str], minima: ConversionMinima = MINIMA
) -> pd.DataFrame:
    """Return, for each first channel, the share expected to convert within the horizon beside Kaplan-Meier's."""
    codes = (
        rows.features[FIRST_CHANNEL].to_numpy(float)
        if FIRST_CHANNEL in rows.features
        else np.full(len(rows), np.nan)
    )
    named = np.asarray([*channels, "others"], dtype=object)
    place = np.where(np.isfinite(codes), np.nan_to_num(codes), len(channels)).astype(np.intp)
    size = np.bincount(place, minlength=len(named))
    place = np.where(size[place] < minima.channel_prospects, len(channels), place)
    wait = rows.labels["days_to_purchase"].to_numpy(float)
    seen = rows.labels["observed_days"].to_numpy(float)
    within = _within(part, seen)
    said = 1.0 - part.survival(rows.features, np.array([within]))[:, 0]
    told = []
    for code in np.unique(place):
        inside = place == code
        stays = kaplan_meier(wait[inside], seen[inside], [within])[0]
        told.append(
            {
                "channel": str(named[code]),
                "prospects": int(inside.sum()),
                "expected_share": float(said[inside].mean()),
                "seen_share": float(1.0 - stays),
            }
        )
    return pd.DataFrame(told, columns=["channel", "prospects", "expected_share", "seen_share"])


def _within(part: Conversion, seen: np.ndarray) -> float:
    """Return the horizon, or as much of it as everybody was followed."""
    longest = float(seen.min()) if len(seen) else 0.0
    return min(float(part.horizon_days), max(longest, 1.0))


def from_first_touch(
    firsts: pd.DataFrame, *, data_ends_day: int, days: Sequence[int] = (30, 90, 180)
) -> pd.DataFrame:
    """Return, for each first channel, how long customers take from the first touch to the first purchase.

    Kaplan-Meier, so that who came lately counts for as long as they were followed. Who bought on the very day of the
    first touch was never a prospect at a midnight and is counted apart.

    Returns
    -------
    pandas.DataFrame
        ``channel``, ``prospects``, ``bought_on_first_day``, ``conversions``, ``converted_within_30d_share`` …, and
        ``median_days`` (NaN where not half of them convert within the longest follow-up); most prospects first.

    Examples
    --------
    >>> firsts = pd.DataFrame({"channel": "web", "first_day": [0.0, 0.0, 0.0], "purchase_day": [10.0, np.nan, 0.0]})
    >>> from_first_touch(firsts, data_ends_day=100, days=(30,)).values.tolist()
    [['web', 2, 1, 1, 0.5, 10.0]]
    """
    rows = firsts[firsts["first_day"] < data_ends_day]
    told = []
    for channel, part in rows.groupby("channel", sort=True):
        wait = (part["purchase_day"] - part["first_day"]).to_numpy(float)
        later = ~(wait <= 0)
        seen = (data_ends_day - part["first_day"].to_numpy(float))[later]
        wait = wait[later]
        row: dict[str, Any] = {
            "channel": str(channel),
            "prospects": int(later.sum()),
            "bought_on_first_day": int((~later).sum()),
            "conversions": int((wait <= seen).sum()),
        }
        for day in days:
            known = bool((seen >= day).any())
            stays = kaplan_meier(wait, seen, [day])[0] if known else np.nan
            row[f"converted_within_{day}d_share"] = float(1.0 - stays)
        grid = np.arange(1, int(seen.max(initial=0)) + 1)
        stays = kaplan_meier(wait, seen, grid) if grid.size else np.zeros(0)
        half = np.flatnonzero(stays <= 0.5)
        row["median_days"] = float(grid[half[0]]) if half.size else np.nan
        told.append(row)
    found = pd.DataFrame(told)
    return (
        found.sort_values(["prospects", "channel"], ascending=[False, True], ignore_index=True)
        if told
        else found
    )


def _errors(by_channel: pd.DataFrame) -> dict[str, float]:
    off = (by_channel["expected_share"] - by_channel["seen_share"]).abs() * by_channel["prospects"]
    total = off.groupby(by_channel["candidate"]).sum() / by_channel.groupby("candidate")["prospects"].sum()
    return {str(name): float(error) for name, error in total.items()}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def tests_of(*, data_ends_on: date, horizon: Horizon, step_days: int, test_origins: int) -> tuple[date, ...]:
    """Return the newest origins whose horizon is over at the end of the data, oldest first.

    Examples
    --------
    >>> days = tests_of(data_ends_on=date(2018, 6, 1), horizon=Horizon(28), step_days=14, test_origins=2)
    >>> [day.isoformat() for day in days]
    ['2018-04-20', '2018-05-04']
    """
    newest = data_ends_on - (horizon.matures_on(data_ends_on) - data_ends_on)
    return tuple(newest - timedelta(days=step_days * back) for back in reversed(range(test_origins)))
