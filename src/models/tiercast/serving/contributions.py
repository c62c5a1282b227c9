"""Contributions: how much each family of features raised or lowered one customer's risk, in one pass over the trees.

For boosted trees the path from the root to the customer's leaf is told apart: each split's change of the expected
score belongs to the family of the column it splits on (Saabas 2014, *Interpreting random forests*). It costs little
more than predicting; exact Shapley values cost several hundred times as much.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .blend import Blend
from .linear import Linear
from .trees import Trees

BTYD_FAMILY = "btyd"
ROWS_AT_ONCE = 4096
"""So that the sums of a block stay in the processor's cache."""


class PathTable:
    """For one model: what every leaf of every tree adds, by family.

    Parameters
    ----------
    trees : Trees
    family_of : mapping of str to str
        Family of each column; a column without one belongs to ``btyd``.
    families : list of str
        Order of the answer's columns.
    """

    def __init__(self, trees: Trees, family_of: Mapping[str, str], families: list[str]) -> None:
        self.trees = trees
        place = {name: index for index, name in enumerate(families)}
        of_column = [place[family_of.get(name, BTYD_FAMILY)] for name in trees.columns]
        infos = trees.model.dump_model()["tree_info"]
        leaves = max((int(info["num_leaves"]) for info in infos), default=1)
        self.table = np.zeros((len(infos), leaves, len(families)))
        for number, info in enumerate(infos):
            self._walk(info["tree_structure"], number, np.zeros(len(families)), of_column)

    def _walk(self, node: dict[str, Any], number: int, so_far: np.ndarray, of_column: list[int]) -> None:
        if "split_feature" not in node:
            self.table[number, int(node.get("leaf_index", 0))] = so_far
            return
        here = float(node["internal_value"])
        for side in ("left_child", "right_child"):
            child = node[side]
            then = float(child["internal_value"] if "split_feature" in child else child["leaf_value"])
            added = so_far.copy()
            added[of_column[int(node["split_feature"])]] += then - here
            self._walk(child, number, added, of_column)

    def contributions(self, features: pd.DataFrame) -> np.ndarray:
        """Return the score's parts by family, shape (rows, families)."""
        values = np.ascontiguousarray(features[list(self.trees.columns)].to_numpy(float))
        total = np.zeros((self.table.shape[2], len(values)))
        if len(values):
            leaf = np.asarray(self.trees.model.predict(values, pred_leaf=True, num_threads=1), dtype=np.intp)
            for start in range(0, len(values), ROWS_AT_ONCE):
                block = total[:, start : start + ROWS_AT_ONCE]
                leaves = np.ascontiguousarray(leaf[start : start + ROWS_AT_ONCE].T)
                for number, families in enumerate(self.used):
                    for family, column in families:
                        block[family] += column[leaves[number]]
        return np.ascontiguousarray(total.T)

    @cached_property
    def used(self) -> list[list[tuple[int, np.ndarray]]]:
        """For each tree, the families that it splits on, with what its leaves add to each."""
        return [
            [
                (int(family), np.ascontiguousarray(tree[:, family]))
                for family in np.flatnonzero(tree.any(axis=0))
            ]
            for tree in self.table
        ]


class RiskContributions:
    """Contributions to the risk of not buying, in log odds, for whatever part answers for activity.

    Trees and linear scores are told apart; what a blend's other parts add belongs to ``btyd`` or is left out.
    ``None`` from :meth:`by_family` means that the part cannot be told apart at all (a rule, or BTYD alone).
    """

    def __init__(self, activity: Any, family_of: Mapping[str, str]) -> None:
        self.families = sorted({*family_of.values(), BTYD_FAMILY})
        parts = (
            list(zip(activity.parts, activity.weights, strict=True))
            if isinstance(activity, Blend)
            else [(activity, 1.0)]
        )
        self.trees = [
            (PathTable(part, family_of, self.families), weight)
            for part, weight in parts
            if isinstance(part, Trees)
        ]
        self.linear = [(part, weight) for part, weight in parts if isinstance(part, Linear)]
        place = {name: index for index, name in enumerate(self.families)}
        self.of_family = {name: place[family] for name, family in family_of.items()}
        self.other = place[BTYD_FAMILY]

    def by_family(self, staged: pd.DataFrame) -> pd.DataFrame | None:
        """Return one column per family; above 0 raises the risk of churn."""
        if not self.trees and not self.linear:
            return None
        total = np.zeros((len(staged), len(self.families)))
        for table, weight in self.trees:
            total += weight * table.contributions(staged)
        for part, weight in self.linear:
            terms = _in_log_odds(part, staged)
            places = np.asarray([self.of_family.get(name, self.other) for name in part.columns])
            for column, family in enumerate(places):
                total[:, family] += weight * terms[:, column]
        return pd.DataFrame(-total, columns=self.families, index=staged.index)


def _in_log_odds(part: Linear, staged: pd.DataFrame) -> np.ndarray:
    """Return the terms of a linear score as they move the log odds, shape (rows, columns).

    On the complementary log-log scale by the slope there: with p = 1 - exp(-h), the log odds rise by h / p for one of log h.
    """
    terms = part.terms(staged)
    if part.link != "cloglog":
        return terms
    hazard = np.exp(np.clip(terms.sum(axis=1) + part.intercept, -35.0, 5.0))
    return np.asarray(terms * (hazard / -np.expm1(-hazard))[:, None])
