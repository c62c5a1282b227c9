"""Which customers a rule can take, as boxes: for each input the cells between its thresholds that the rule allows.

An input's axis is cut at every threshold that the policy compares it with, and at every cut, whose value is not known yet but
whose order among cuts of the same population is. A cell is a point, an interval between points, or *unknown*. A rule is a box of
cells, and whether one rule takes all of another's customers is a question about finitely many cells.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from tiercast.serving.conditions import Condition

Cell = Any
Box = dict[str, frozenset[Cell]]
UNKNOWN = "unknown"
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
}  # fmt: skip


class Axes:
    """The cells of every input that the conditions compare.

    Parameters
    ----------
    conditions : iterable of Condition
        All that a policy has.
    cuts : mapping of str to (hashable, float)
        For each cut whom it ranks, and its share: a smaller share is a higher value.
    """

    def __init__(self, conditions: Iterable[Condition], cuts: Mapping[str, tuple[Any, float]]) -> None:
        self._cuts = cuts
        self._places: dict[str, dict[Any, dict[Any, int]]] = {}
        points: dict[str, dict[Any, set[Any]]] = {}
        for each in conditions:
            axes = points.setdefault(each.input, {})
            if (place := self._point(each)) is not None:
                axes.setdefault(place[0], set()).add(place[1])
        for name, axes in points.items():
            self._places[name] = {
                axis: {point: 2 * rank + 1 for rank, point in enumerate(sorted(found))}
                for axis, found in axes.items()
            }

    def _point(self, condition: Condition) -> tuple[Any, Any] | None:
        if condition.cut is not None:
            among, share = self._cuts[condition.cut]
            return ("cut", among), -share
        if condition.threshold is None:
            return None
        return ("text" if isinstance(condition.threshold, str) else "number"), condition.threshold

    def cells(self, name: str) -> frozenset[Cell]:
        """Return every cell of an input."""
        axes = self._places.get(name, {})
        sides = [range(2 * len(points) + 1) for points in axes.values()]
        return frozenset([UNKNOWN, *product(*sides)])

    def allowed(self, condition: Condition) -> frozenset[Cell]:
        """Return the cells of its input in which a condition holds."""
        every = self.cells(condition.input)
        if condition.op == "is_unknown":
            return frozenset([UNKNOWN])
        if condition.op == "is_known":
            return every - {UNKNOWN}
        place = self._point(condition)
        assert place is not None  # a comparison has one
        axes = self._places[condition.input]
        number = list(axes).index(place[0])
        at, holds = axes[place[0]][place[1]], _HOLDS[condition.op]
        return frozenset(cell for cell in every if cell != UNKNOWN and holds(cell[number], at))

    def box(self, conditions: Sequence[Condition]) -> Box:
        """Return the cells that all the conditions allow, for each input that they name."""
        found: Box = {}
        for each in conditions:
            found[each.input] = found.get(each.input, self.cells(each.input)) & self.allowed(each)
        return found

    def without(self, boxes: list[Box], taken: Box) -> list[Box]:
        """Return what is left of boxes when another box is taken out of them."""
        left: list[Box] = []
        for box in boxes:
            inside = dict(box)
            for name, cells in taken.items():
                here = inside.get(name, self.cells(name))
                if outside := here - cells:
                    left.append(inside | {name: outside})
                inside = inside | {name: here & cells}
                if not inside[name]:
                    break
        return [box for box in left if not is_empty(box)]


def is_empty(box: Box) -> bool:
    """Whether no customer can be in a box.

    Examples
    --------
    >>> is_empty({"orders": frozenset()}), is_empty({})
    (True, False)
    """
    return any(not cells for cells in box.values())


def meet(one: Box, other: Box) -> Box:
    """Return what two boxes share."""
    return {
        name: one[name] & other[name] if name in one and name in other else (one.get(name) or other[name])
        for name in {**one, **other}
    }


def holds_all_of(one: Box, other: Box) -> bool:
    """Whether a box holds the whole of another."""
    return all(name in other and other[name] <= cells for name, cells in one.items())
