"""Linear scores: features squeezed, standardised and weighted, then put on the scale of the question."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Linear:
    """A generalised linear model over standardised columns.

    Each column becomes ``(sign(x) · log1p|x| − centre) / scale``, clipped to ±4, or without ``squeezed`` plainly
    ``(x − centre) / scale``; an absent value is 0 (the centre) and sets its indicator, when that column has one.

    Parameters
    ----------
    columns : tuple of str
    centres, scales, weights : tuple of float
        One for each column.
    absent_weights : tuple of float
        Weight of each column's absence; 0 for columns that never were absent.
    intercept : float
    link : str
        ``logit`` (a probability), ``log`` (a mean above zero), ``positive`` (the score, never below zero) or
        ``identity`` (the score).
    squeezed : bool
        Whether long tails are tamed; a sum of money needs them as they are.

    Examples
    --------
    >>> score = Linear(("orders",), (0.0,), (1.0,), (0.0,), (0.0,), 0.0, "logit")
    >>> score.predict(pd.DataFrame({"orders": [5.0]})).tolist()
    [0.5]
    """

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    absent_weights: tuple[float, ...]
    intercept: float
    link: str
    squeezed: bool = True

    def terms(self, features: pd.DataFrame) -> np.ndarray:
        """Return what each column adds to the score, shape (rows, columns)."""
        values = features[list(self.columns)].to_numpy(float)
        centres, scales = np.asarray(self.centres), np.asarray(self.scales)
        placed = standardise(values, centres, scales, squeezed=self.squeezed)
        told = placed * np.asarray(self.weights) + np.isnan(values) * np.asarray(self.absent_weights)
        return np.ascontiguousarray(
            told
        )  # so that a row alone is added up in the order in which it is among many

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the mean response of each row."""
        return inverse_link(self.terms(features).sum(axis=1) + self.intercept, self.link)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        stored = {
            name: list(value) if isinstance(value, tuple) else value for name, value in self.__dict__.items()
        }
        return {"type": "linear", **stored}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(
            columns=tuple(stored["columns"]),
            centres=tuple(stored["centres"]),
            scales=tuple(stored["scales"]),
            weights=tuple(stored["weights"]),
            absent_weights=tuple(stored["absent_weights"]),
            intercept=float(stored["intercept"]),
            link=str(stored["link"]),
            squeezed=bool(stored["squeezed"]),
        )


def squeeze(values: np.ndarray) -> np.ndarray:
    """Return ``sign(x) · log1p|x|``, which tames long tails and keeps order."""
    size = np.abs(np.asarray(values, dtype=float))
    np.log1p(size, out=size)
    return np.copysign(size, values, out=size)


def standardise(
    values: np.ndarray, centres: np.ndarray, scales: np.ndarray, *, squeezed: bool = True
) -> np.ndarray:
    """Return squeezed, centred and scaled values; what is absent lies at the centre."""
    if not squeezed:
        return np.asarray(np.nan_to_num((values - centres) / scales, nan=0.0))
    return placed(squeeze(values), centres, scales)


def placed(squeezed: np.ndarray, centres: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return squeezed values centred and scaled, within ±4; what is absent lies at the centre."""
    return np.asarray(np.nan_to_num(np.clip((squeezed - centres) / scales, -4.0, 4.0), nan=0.0))


def weighed(values: np.ndarray, weights: tuple[float, ...]) -> np.ndarray:
    """Return each row's weighted sum, added up in one order: a row alone gets the very bits it gets among many.

    A matrix product would not do: how it adds depends on the number of rows.

    Examples
    --------
    >>> weighed(np.array([[1.0, 2.0], [3.0, 4.0]]), (10.0, 1.0)).tolist()
    [12.0, 34.0]
    """
    return np.asarray((np.ascontiguousarray(values, dtype=float) * np.asarray(weights)).sum(axis=1))


def inverse_link(score: np.ndarray, link: str) -> np.ndarray:
    """Return the mean for a score on the ``logit``, ``cloglog`` or ``log`` scale, or the score itself (``identity``).

    ``cloglog`` is the complementary log-log: a cumulative hazard of exp(score) ends in the event with 1 - exp(-hazard).
    """
    if link == "logit":
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -35.0, 35.0))))
    if link == "cloglog":
        return np.asarray(-np.expm1(-np.exp(np.clip(score, -35.0, 5.0))))
    if link == "positive":
        return np.asarray(np.maximum(score, 0.0))
    if link == "identity":
        return np.asarray(score, dtype=float)
    if link == "log":
        return np.asarray(np.exp(np.clip(score, -35.0, 20.0)))
    raise ValueError(f"unknown link {link!r}; there is: logit, cloglog, log, positive, identity")
