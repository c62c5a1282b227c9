"""A learner answers one target's question: it fits on a panel and returns a served part, which is what predicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tiercast.serving.rules import RateTable
from tiercast.windows import Horizon


@dataclass(frozen=True)
class Panel:
    """Customers at several origins, with what was known then and what happened after.

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id``, ``cutoff`` and one float64 column per feature; the BTYD stage's columns beside them.
    labels : pandas.DataFrame
        Aligned by position: ``purchased``, ``value_currency``, ``order_days_future``, ``days_to_purchase``,
        ``observed_days``.
    columns : tuple of str
        The feature columns that learners may read.
    btyd : str
        The model of the BTYD stage.
    """

    features: pd.DataFrame
    labels: pd.DataFrame
    columns: tuple[str, ...]
    btyd: str = "btyd_mean"
    shared: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What learners made of these rows and leave for the next; it goes with the panel."""

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def cutoff_days(self) -> np.ndarray:
        """Cutoff of each row as whole days since 1970-01-01."""
        return np.asarray(self.features["cutoff"].to_numpy().astype("datetime64[D]").astype(np.int64))

    def where(self, mask: np.ndarray) -> "Panel":
        """Return the rows of ``mask``, renumbered; rows that follow one another are not copied."""
        rows = np.flatnonzero(mask)
        taken = slice(rows[0], rows[-1] + 1) if len(rows) and rows[-1] - rows[0] + 1 == len(rows) else rows
        return Panel(
            self.features.iloc[taken].reset_index(drop=True),
            self.labels.iloc[taken].reset_index(drop=True),
            self.columns,
            self.btyd,
        )

    def weights(self, half_life_days: float = 182.0) -> np.ndarray:
        """Return weights that halve with every ``half_life_days`` between a row's origin and the newest one."""
        day = self.cutoff_days
        return np.asarray(0.5 ** ((day.max(initial=0) - day) / half_life_days))


def drawn(panel: Panel, most_rows: int, seed: int) -> np.ndarray:
    """Return the places of all rows, or those of as many customers, drawn whole, as make about ``most_rows``."""
    if len(panel) <= most_rows:
        return np.arange(len(panel))
    people, whose = np.unique(panel.features["customer_id"].to_numpy().astype(str), return_inverse=True)
    chosen = np.random.default_rng(seed).random(len(people)) < most_rows / len(panel)
    return np.flatnonzero(chosen[whose])


def sampled(panel: Panel, most_rows: int, seed: int) -> Panel:
    """Return the panel, or its :func:`drawn` rows."""
    if len(panel) <= most_rows:
        return panel
    mask = np.zeros(len(panel), dtype=bool)
    mask[drawn(panel, most_rows, seed)] = True
    return panel.where(mask)


def drawn_share(panel: Panel, share: float, seed: int) -> Panel:
    """Return the rows of about so large a share of the customers: the same customers of any panel."""
    if share >= 1.0:
        return panel
    whose, people = pd.factorize(panel.features["customer_id"].to_numpy().astype(object))
    dice = pd.util.hash_array(people, hash_key=f"{seed:016d}"[-16:]) / 2.0**64
    return panel.where((dice < share)[whose])


def joined(panels: Sequence[Panel]) -> Panel:
    """Return the rows of panels with the same features under each other."""
    first = panels[0]
    if len(panels) == 1:
        return first
    features = pd.concat([each.features[first.features.columns] for each in panels], ignore_index=True)
    labels = pd.concat([each.labels[first.labels.columns] for each in panels], ignore_index=True)
    return Panel(features, labels, first.columns, first.btyd)


def constant(value: float) -> RateTable:
    """Return a part that says the same of everybody: where there is nothing to learn.

    Examples
    --------
    >>> constant(0.5).predict(pd.DataFrame({"orders": [1.0, 2.0]})).tolist()
    [0.5, 0.5]
    """
    return RateTable((), (), (value,))


@dataclass(frozen=True)
class Setup:
    """What every fit is told: the label window, the seed, and how many threads it may use."""

    horizon: Horizon
    seed: int
    threads: int = 1


@dataclass(frozen=True)
class Range:
    """A tunable parameter: bounds included, whole numbers when both bounds are ints, on a log scale when asked."""

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True)
class Learner:
    """One way to answer a target.

    Parameters
    ----------
    name : str
    target : str
        ``churn``, ``repurchase``, ``lifetime_value``, ``orders`` or ``conversion``.
    basis : str
        ``rule``, ``btyd`` or ``model``: printed beside every prediction.
    fit : callable
        ``(panel, parameters, setup) -> part``; the part's class lives in ``tiercast.serving``.
    defaults, space : mapping
        Parameters and the ranges in which they may be tuned.
    open_rows : int
        For a learner of waiting times: so many rows, and among them customers whose window is still open, their waits
        censored where knowledge ends and the labels of the window unknown. 0: only rows whose window has closed.
    """

    name: str
    target: str
    basis: str
    fit: Callable[[Panel, Mapping[str, float], Setup], Any]
    defaults: Mapping[str, float]
    space: Mapping[str, Range]
    open_rows: int = 0


@dataclass(frozen=True)
class BlendOf:
    """A candidate that averages others that were fitted already.

    ``weights`` say how much each counts, in any unit; without them all count alike.
    """

    name: str
    target: str
    of: tuple[str, ...]
    link: str
    basis: str = "model"
    weights: tuple[float, ...] = ()

    @property
    def shares(self) -> tuple[float, ...]:
        """How much each counts; their sum is 1.

        Examples
        --------
        >>> BlendOf("both", "churn", ("a", "b"), "logit").shares
        (0.5, 0.5)
        >>> BlendOf("both", "churn", ("a", "b"), "logit", weights=(3.0, 1.0)).shares
        (0.75, 0.25)
        """
        told = self.weights or (1.0,) * len(self.of)
        return tuple(weight / sum(told) for weight, _ in zip(told, self.of, strict=True))
