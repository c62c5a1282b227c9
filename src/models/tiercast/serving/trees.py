"""Boosted trees: LightGBM from its own text format, predicted on one thread so that rows never disagree."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import lightgbm
import numpy as np
import pandas as pd

from .linear import inverse_link


@dataclass(frozen=True)
class Trees:
    """A LightGBM model, with an optional offset column on the scale of the score.

    Parameters
    ----------
    columns : tuple of str
        Features in the order in which the model was fitted.
    booster : str
        LightGBM's model text.
    link : str
        ``logit`` or ``log``.
    offset_column : str
        Column added to the score (``init_score`` while fitting); empty for none.
    """

    columns: tuple[str, ...]
    booster: str
    link: str
    offset_column: str = ""

    @cached_property
    def model(self) -> lightgbm.Booster:
        """The LightGBM model that the text describes."""
        return lightgbm.Booster(model_str=self.booster)

    def score(self, features: pd.DataFrame) -> np.ndarray:
        """Return the score before the link, offset included."""
        values = np.ascontiguousarray(features[list(self.columns)].to_numpy(float))
        if not len(values):
            return np.zeros(0)
        score = np.asarray(self.model.predict(values, raw_score=True, num_threads=1), dtype=float)
        return score + features[self.offset_column].to_numpy(float) if self.offset_column else score

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """Return the mean response of each row."""
        return inverse_link(self.score(features), self.link)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; the model is text inside it."""
        return {
            "type": "trees",
            "columns": list(self.columns),
            "link": self.link,
            "offset_column": self.offset_column,
            "booster": self.booster,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(
            tuple(stored["columns"]), stored["booster"], stored["link"], stored.get("offset_column", "")
        )


@dataclass(frozen=True)
class HazardTrees:
    """A discrete-time hazard: for each bin of days, the chance to buy in it having not bought before it.

    The bin's index is the last column of the model, so one model holds the whole curve (Tutz & Schmid 2016,
    *Modeling Discrete Time-to-Event Data*, ch. 3). ``S(t) = Π (1 − h)``: monotone by construction.

    Parameters
    ----------
    trees : Trees
        Its last column is ``bin``.
    edges : tuple of int
        Ends of the bins in days after the cutoff, rising; the first bin starts at 0.
    """

    trees: Trees
    edges: tuple[int, ...]

    @property
    def reach_days(self) -> float:
        """The last day that the data told of."""
        return float(self.edges[-1])

    def cumulative_hazard(self, features: pd.DataFrame, days: np.ndarray) -> np.ndarray:
        """Return -ln S(t), shape (rows, days): linear within a bin, at the last bin's rate beyond the last."""
        bins = len(self.edges)
        rows = len(features)
        values = features[list(self.trees.columns[:-1])].to_numpy(float)
        stacked = np.column_stack(
            [np.repeat(values, bins, axis=0), np.tile(np.arange(bins, dtype=float), rows)]
        )
        frame = pd.DataFrame(stacked, columns=list(self.trees.columns))
        chance = self.trees.predict(frame).reshape(rows, bins)
        steps = -np.log1p(-np.clip(chance, 1e-9, 1 - 1e-9))
        grid = np.concatenate([[0.0], np.asarray(self.edges, dtype=float)])
        totals = np.concatenate([np.zeros((rows, 1)), np.cumsum(steps, axis=1)], axis=1)
        asked = np.asarray(days, dtype=float)
        place = np.clip(np.searchsorted(grid, asked, side="left") - 1, 0, bins - 1)
        share = (asked - grid[place]) / (grid[place + 1] - grid[place])
        return np.asarray(totals[:, place] + steps[:, place] * share)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"type": "hazard_trees", "trees": self.trees.to_json(), "edges": list(self.edges)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the part that was stored."""
        return cls(Trees.from_json(stored["trees"]), tuple(stored["edges"]))
