"""Rules: the hiatus rule, tables of recency, frequency and money, past spend, Kaplan-Meier; always beside models."""

from collections.abc import Mapping

import numpy as np

from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.serving.rules import PastSpend, RateTable, SurvivalTable

SHRINK_ROWS = 50.0
CURVE_DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 77, 98, 126, 154, 182)


def bands_of(values: np.ndarray, bands: int) -> tuple[float, ...]:
    """Return the inner edges of bands that hold equally many of the known values each."""
    known = values[np.isfinite(values)]
    if not len(known):
        return ()
    return tuple(float(edge) for edge in np.unique(np.quantile(known, np.linspace(0, 1, bands + 1)[1:-1])))


def _rates(panel: Panel, columns: tuple[str, ...], bands: int) -> RateTable:
    edges = tuple(bands_of(panel.features[column].to_numpy(float), bands) for column in columns)
    cells = int(np.prod([len(part) + 1 for part in edges]))
    cell = RateTable(columns, edges, (0.0,) * cells).cells(panel.features)
    bought = panel.labels["purchased"].to_numpy(float)
    count = np.bincount(cell, minlength=cells)
    total = np.bincount(cell, weights=bought, minlength=cells)
    rate = (total + SHRINK_ROWS * bought.mean()) / (count + SHRINK_ROWS)
    return RateTable(columns, edges, tuple(float(share) for share in rate))


def fit_hiatus(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> RateTable:
    """Fit the hiatus rule: the purchase rate by bands of days since the last purchase."""
    return _rates(panel, ("days_since_purchase",), int(parameters["bands"]))


def fit_recency_frequency(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> RateTable:
    """Fit the purchase rate by bands of days since the last purchase and of order days in 91 days."""
    return _rates(panel, ("days_since_purchase", "order_days_91d"), int(parameters["bands"]))


def fit_recency_frequency_money(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> RateTable:
    """Fit the RFM table: the purchase rate by bands of days since the last purchase, of order days and of net spend."""
    columns = ("days_since_purchase", "order_days", "net_spend_currency")
    return _rates(panel, columns, int(parameters["bands"]))


def fit_past_spend(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> PastSpend:
    """Fit past spend a day of relationship, shrunk to the mean; the level is that of the panel."""
    spend = panel.features["net_spend_currency"].to_numpy(float)
    age = panel.features["customer_age_days"].to_numpy(float)
    rule = PastSpend(setup.horizon.days, float(parameters["prior_days"]), float(spend.sum() / age.sum()), 1.0)
    predicted = rule.predict(panel.features).sum()
    actual = panel.labels["value_currency"].to_numpy(float).sum()
    level = float(np.clip(actual / predicted, 0.1, 10.0)) if predicted > 0 else 1.0
    return PastSpend(rule.horizon_days, rule.prior_days, rule.mean_daily_currency, level)


def fit_survival_table(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> SurvivalTable:
    """Fit Kaplan-Meier curves by bands of days since the last purchase (Kaplan & Meier 1958)."""
    column = "days_since_purchase"
    return survival_table(
        panel, column, bands_of(panel.features[column].to_numpy(float), int(parameters["bands"]))
    )


def survival_table(panel: Panel, column: str, edges: tuple[float, ...]) -> SurvivalTable:
    """Return a Kaplan-Meier curve for each band of a column; unknown values fall into the last band."""
    values = np.nan_to_num(panel.features[column].to_numpy(float), nan=np.inf)
    band = np.searchsorted(np.asarray(edges), values, side="right")
    wait = panel.labels["days_to_purchase"].to_numpy(float)
    seen = panel.labels["observed_days"].to_numpy(float)
    curves = [_kaplan_meier(wait[band == place], seen[band == place]) for place in range(len(edges) + 1)]
    return SurvivalTable(column, edges, CURVE_DAYS, tuple(curves))


def _kaplan_meier(wait: np.ndarray, seen: np.ndarray) -> tuple[float, ...]:
    """Return S at each curve day; past the longest follow-up the curve keeps its mean daily hazard."""
    days = np.arange(1, CURVE_DAYS[-1] + 1)
    event = np.isfinite(wait) & (wait <= seen)
    ends = np.where(event, wait, seen)
    bought = np.bincount(ends[event].astype(int).clip(0, days[-1] + 1), minlength=days[-1] + 2)[
        1 : days[-1] + 1
    ]
    left = np.bincount(ends.astype(int).clip(0, days[-1] + 1), minlength=days[-1] + 2)
    at_risk = len(wait) - np.cumsum(left)[: days[-1]]
    hazard = np.where(at_risk > 0, (bought + 0.5 / days[-1]) / np.maximum(at_risk + 1.0, 1.0), np.nan)
    pace = float(np.nanmean(hazard)) if np.isfinite(hazard).any() else 1.0 / days[-1]
    survival = np.exp(np.cumsum(np.log1p(-np.clip(np.nan_to_num(hazard, nan=pace), 0.0, 0.999))))
    return tuple(float(survival[day - 1]) for day in CURVE_DAYS)


HIATUS = Learner("hiatus", "churn", "rule", fit_hiatus, {"bands": 10}, {})
RECENCY_FREQUENCY = Learner("recency_frequency", "churn", "rule", fit_recency_frequency, {"bands": 5}, {})
RFM = Learner("recency_frequency_money", "churn", "rule", fit_recency_frequency_money, {"bands": 5}, {})
PAST_SPEND = Learner("past_spend", "lifetime_value", "rule", fit_past_spend, {"prior_days": 28}, {})
SURVIVAL_TABLE = Learner("survival_table", "repurchase", "rule", fit_survival_table, {"bands": 6}, {})
