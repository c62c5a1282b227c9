"""Rules: the simple answers that any model has to beat, and that stand in while none does."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class RateTable:
    """The share of like customers who bought within the horizon, by bands of a few columns.

    Parameters
    ----------
    columns : tuple of str
        One column (the hiatus rule: ``days_since_purchase``), or two or three (recency × frequency × money).
    edges : tuple of tuple of float
        Inner edges of each column's bands; a value falls into the band whose lower edge it has reached.
    rates : tuple of float
        Purchase rate of each cell, row-major, already shrunk to the overall rate.

    Examples
    --------
    >>> rule = RateTable(("days_since_purchase",), ((30.0,),), (0.9, 0.2))
    >>> rule.predict(pd.DataFrame({"days_since_purchase": [3.0, 30.0]})).tolist()
    [0.9, 0.2]
    """

    columns: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]
    rates: tuple[float, ...]

    def cells(self, features: pd.DataFrame) -> np.ndarray:
        """Return the cell of each row; absent values fall into the last band."""
        cell = np.zeros(len(features), dtype=np.int64)
        for column, edges in zip(self.columns, self.edges, strict=True):
            values = np.nan_to_num(features[column].to_numpy(float), nan=np.inf)
            cell = cell * (len(edges) + 1) + np.searchsorted(np.asarray(edges), values, side="right")
        return cell

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the purchase probability of each row."""
        return np.asarray(self.rates, dtype=float)[self.cells(features)]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "rate_table",
            "columns": list(self.columns),
            "edges": [list(edges) for edges in self.edges],
            "rates": list(self.rates),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(
            tuple(stored["columns"]), tuple(tuple(edges) for edges in stored["edges"]), tuple(stored["rates"])
        )


@dataclass(frozen=True)
class PastSpend:
    """Past net spend (or another ``column``) a day of relationship, carried forward and shrunk to the mean of all.

    ``value = level × horizon × (net spend + prior_days × mean daily spend) / (age + prior_days)``, currency.

    Examples
    --------
    >>> rule = PastSpend(horizon_days=28, prior_days=0.0, mean_daily_currency=1.0, level=1.0)
    >>> rule.predict(pd.DataFrame({"net_spend_currency": [200.0], "customer_age_days": [100.0]})).tolist()
    [56.0]
    """

    horizon_days: int
    prior_days: float
    mean_daily_currency: float
    level: float
    column: str = "net_spend_currency"

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return expected value over the horizon, currency."""
        spend = features[self.column].to_numpy(float)
        age = features["customer_age_days"].to_numpy(float)
        daily = (spend + self.prior_days * self.mean_daily_currency) / (age + self.prior_days)
        return np.asarray(np.maximum(self.level * self.horizon_days * daily, 0.0))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": "past_spend", **self.__dict__}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(**{name: value for name, value in stored.items() if name != "type"})


@dataclass(frozen=True)
class Column:
    """A column of the frame is the answer: what the BTYD stage already worked out.

    Examples
    --------
    >>> Column("btyd_expected_value_currency").predict(
    ...     pd.DataFrame({"btyd_expected_value_currency": [3.5]})
    ... ).tolist()
    [3.5]
    """

    name: str

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the column as it is."""
        return features[self.name].to_numpy(float)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": "column", "name": self.name}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(stored["name"])


@dataclass(frozen=True)
class SurvivalTable:
    """Kaplan-Meier curves of like customers: one curve for each band of one column.

    Parameters
    ----------
    column : str
    edges : tuple of float
        Inner edges of the bands.
    days : tuple of int
        Grid of the curves, rising, in days after the cutoff.
    survival : tuple of tuple of float
        Share without a purchase by each day, one row a band.
    """

    column: str
    edges: tuple[float, ...]
    days: tuple[int, ...]
    survival: tuple[tuple[float, ...], ...]

    @property
    def reach_days(self) -> float:
        """The last day that the data told of."""
        return float(self.days[-1])

    def cumulative_hazard(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return -ln S(t), shape (rows, days): interpolated on the grid, at a constant rate past its end."""
        values = np.nan_to_num(features[self.column].to_numpy(float), nan=np.inf)
        band = np.searchsorted(np.asarray(self.edges), values, side="right")
        grid = np.concatenate([[0.0], np.asarray(self.days, dtype=float)])
        hazard = -np.log(np.clip(np.asarray(self.survival, dtype=float), 1e-9, 1.0))
        hazard = np.concatenate([np.zeros((len(hazard), 1)), hazard], axis=1)
        table = np.stack([np.interp(days, grid, row) for row in hazard])
        beyond = np.maximum(np.asarray(days, dtype=float) - grid[-1], 0.0)
        return np.asarray((table + hazard[:, -1:] / grid[-1] * beyond)[band])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "type": "survival_table",
            "column": self.column,
            "edges": list(self.edges),
            "days": list(self.days),
            "survival": [list(row) for row in self.survival],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(
            stored["column"],
            tuple(stored["edges"]),
            tuple(stored["days"]),
            tuple(tuple(row) for row in stored["survival"]),
        )
