"""The backtest: every candidate is fitted, calibrated and judged at each test origin on what was known by then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import pandas as pd

from tiercast.errors import ExtensionError
from tiercast.learners.learner import BlendOf, Learner, Panel, Setup, drawn_share, joined
from tiercast.panels import as_of
from tiercast.serving.blend import Blend
from tiercast.serving.parts import TYPES, restore
from tiercast.windows import day_number

Progress = Callable[[str], None]
Found = TypeVar("Found")


@dataclass
class Fits:
    """Fitted parts by candidate and by the day up to which they know; each is fitted once.

    ``following`` holds rows of origins whose window is still open when the data end: for learners of waiting times.
    """

    panel: Panel
    learners: Mapping[str, Learner]
    blends: Mapping[str, BlendOf]
    parameters: dict[str, dict[str, float]]
    setup: Setup
    progress: Progress = lambda _: None
    following: Panel | None = None
    _known: dict[date, Panel] = field(default_factory=dict)
    _parts: dict[tuple[str, date], Any] = field(default_factory=dict)
    _found: dict[tuple[str | int | date, ...], Any] = field(default_factory=dict)

    def once(self, key: tuple[str | int | date, ...], find: Callable[[], Found]) -> Found:
        """Return what ``find`` finds; it is asked once a key."""
        if key not in self._found:
            self._found[key] = find()
        found: Found = self._found[key]
        return found

    def known(self, end: date) -> Panel:
        """Return the training rows whose labels are mature at ``end``."""
        if end not in self._known:
            self._known[end] = as_of(self.panel, end, self.setup.horizon)
        return self._known[end]

    def followed(self, end: date, most_rows: int) -> Panel:
        """Return about so many rows, of customers drawn whole, with those whose window is still open at ``end``."""

        def draw() -> Panel:
            there = [self.panel] if self.following is None else [self.panel, self.following]
            rows = [as_of(each, end, self.setup.horizon, still_open=True) for each in there]
            share = most_rows / max(sum(map(len, rows)), 1)
            return joined([drawn_share(each, share, self.setup.seed) for each in rows])

        return self.once(("followed", most_rows, end), draw)

    def part(self, name: str, end: date) -> Any:
        """Return candidate ``name`` fitted on what is known at ``end``."""
        if (name, end) not in self._parts:
            if name in self.blends:
                of = self.blends[name]
                parts = tuple(self.part(each, end) for each in of.of)
                self._parts[name, end] = Blend(parts, of.shares, of.link)
            else:
                self.progress(f"fitting {name} as of {end}")
                learner = self.learners[name]
                rows = self.followed(end, learner.open_rows) if learner.open_rows else self.known(end)
                part = learner.fit(rows, self.parameters[name], self.setup)
                self._parts[name, end] = served_part(part, learner)
        return self._parts[name, end]

    def basis(self, name: str) -> str:
        """Return ``rule``, ``btyd`` or ``model``."""
        return self.blends[name].basis if name in self.blends else self.learners[name].basis

    def of_target(self, target: str) -> list[str]:
        """Return the candidates for a target: rules first, blends last."""
        order = {"rule": 0, "btyd": 1, "model": 2}
        single = [each for each in self.learners.values() if each.target == target]
        names = [each.name for each in sorted(single, key=lambda each: (order[each.basis], each.name))]
        return names + sorted(each.name for each in self.blends.values() if each.target == target)


def served_part(part: Any, learner: Learner) -> Any:
    """Return the part, or refuse one that a bundle could not bring back to life.

    Raises
    ------
    ExtensionError
    """
    try:
        known = type(restore(part.to_json())) is type(part)
    except (AttributeError, KeyError, LookupError, TypeError, ValueError):
        known = False
    if not known:
        raise ExtensionError(
            module=learner.fit.__module__,
            problem=f"learner {learner.name!r} returns a {type(part).__name__}, which no bundle can hold; "
            f"a part is made of: {', '.join(sorted(TYPES))}",
        )
    return part


def at(panel: Panel, origin: date) -> Panel:
    """Return the panel's rows of one origin."""
    return panel.where(panel.cutoff_days == day_number(origin))


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of several origins under each other."""
    return pd.concat(frames, ignore_index=True)
