"""What is audited: everything that training prepares, and the means to prepare it again for another future."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.panels import build_panel, features_at
from tiercast.schema import NAMES, REQUIRED, History
from tiercast.serving import btyd_stage
from tiercast.targets.labels import label_frame
from tiercast.training.plan import Plan
from tiercast.training.train import Prepared

MOST_EVENTS = 150_000
KEY = ["customer_id", "cutoff"]


@dataclass(frozen=True)
class Subject:
    """One training's features, labels and folds, with the events they were made of.

    Parameters
    ----------
    ready : Prepared
    engine : DuckDBEngine
    events : pandas.DataFrame
        Of all customers, or of a fixed sample of them where there are many events.
    panel : pandas.DataFrame
        The panel's features at ``origins`` for those customers, BTYD columns included.
    origins : tuple of date
        Where the future is changed, oldest first.
    active_days : int or None
        The cohort, as in the card.
    seed : int
    """

    ready: Prepared
    engine: DuckDBEngine
    events: pd.DataFrame
    panel: pd.DataFrame
    origins: tuple[date, ...]
    active_days: int | None
    seed: int

    @property
    def columns(self) -> list[str]:
        """Names of the features in the catalogue."""
        return self.ready.catalogue.names

    def rng(self, *of: int) -> np.random.Generator:
        """Return the random numbers of one use, the same at every call."""
        return np.random.default_rng([self.seed, *of])

    def at(self, origin: date) -> pd.DataFrame:
        """Return the panel's rows of one origin."""
        return self.panel.loc[np.asarray([cutoff == origin for cutoff in self.panel["cutoff"]], dtype=bool)]

    def features_of(self, events: pd.DataFrame, origins: Sequence[date]) -> pd.DataFrame:
        """Compute the features of other events."""
        return features_at(self.engine, self._attach(events), self.ready.catalogue, origins)

    def panel_of(self, events: pd.DataFrame, origins: Sequence[date]) -> pd.DataFrame:
        """Compute the cohort, its features and the BTYD columns of other events."""
        made, _ = build_panel(
            self.engine,
            self._attach(events),
            self.ready.catalogue,
            origins=origins,
            horizon=self.ready.plan.window,
            data_ends_on=self.ready.plan.data_ends_on,
            active_days=self.active_days,
            model=self.ready.panel.btyd,
        )
        return made.features

    def labels_of(self, events: pd.DataFrame, rows: pd.DataFrame, *, data_ends_on: date) -> pd.DataFrame:
        """Compute the labels of ``rows`` from other events, as of ``data_ends_on``."""
        horizon = self.ready.plan.window
        return label_frame(
            self.engine.run,
            self._attach(events),
            rows,
            origins=sorted(set(rows["cutoff"])),
            horizon=horizon,
            follow_days=horizon.days,
            data_ends_on=data_ends_on,
        )

    def _attach(self, events: pd.DataFrame) -> History:
        history = replace(self.ready.history, frame=events, files=(), format="frame")
        self.engine.attach(history)
        return history


def take_subject(
    ready: Prepared, engine: DuckDBEngine, *, origins: int, active_days: int | None, seed: int
) -> Subject:
    """Return the subject of an audit; the engine still holds the source that was prepared."""
    every = ready.account.rows_accepted <= MOST_EVENTS
    events = read_events(engine, share=1.0 if every else MOST_EVENTS / ready.account.rows_accepted)
    chosen = audited_origins(ready.plan, origins)
    features = ready.panel.features
    panel = features.loc[features["cutoff"].isin(chosen).to_numpy(bool)].reset_index(drop=True)
    whole = Subject(ready, engine, events, panel, chosen, active_days, seed)
    return whole if every else replace(whole, panel=whole.panel_of(events, chosen))


def audited_origins(plan: Plan, count: int) -> tuple[date, ...]:
    """Return the first test origin, the oldest origin, the newest test origin, then further ones, oldest first.

    A short history has no test origin, and the one of its window.
    """
    if not plan.folds:
        return plan.origins[: max(1, count)]
    first, last = plan.folds[0], plan.folds[-1]
    preferred = dict.fromkeys([first.test, plan.origins[0], last.test, first.calibrate, *plan.origins])
    return tuple(sorted(list(preferred)[: max(1, count)]))


def read_events(engine: DuckDBEngine, *, share: float = 1.0) -> pd.DataFrame:
    """Return the attached touchpoints that can be read, in the contract's types, without columns that hold nothing.

    Parameters
    ----------
    share : float
        Of the customers, always the same ones, with all their events.
    """
    names = [name for name in NAMES if name not in ("occurred_at", "known_at", "event_id")]
    drawn = f" AND hash(customer_id) % 1000000 < {round(share * 1_000_000)}" if share < 1 else ""
    came = engine.run(
        f"SELECT {', '.join(names)}, occurred_us, known_us FROM touchpoints WHERE NOT bad_time AND NOT bad_number"
        f" AND NOT is_duplicate AND occurred_us IS NOT NULL AND customer_id IS NOT NULL{drawn}"
    )
    for name, micros in (("occurred_at", "occurred_us"), ("known_at", "known_us")):
        held = came.pop(micros)
        absent = held.isna().to_numpy(bool)
        moments = held.fillna(0).to_numpy("int64").astype("datetime64[us]")
        moments[absent] = np.datetime64("NaT")
        came[name] = moments
    given = came.notna().any()
    return came[[name for name in came.columns if given[name] or name in REQUIRED]]


def changed_columns(before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str]) -> dict[str, int]:
    """Return the columns that differ bit for bit, with the number of rows; two absent values are equal.

    Rows are matched by customer and origin; a row in one frame only says nothing here.

    Examples
    --------
    >>> before = pd.DataFrame({"customer_id": ["a", "b"], "cutoff": [1, 1], "x": [1.0, 2.0], "y": [0.0, float("nan")]})
    >>> changed_columns(before, before.assign(x=[1.0, 2.5]), ["x", "y"])
    {'x': 1}
    """
    wanted = [*KEY, *columns]
    both = before[wanted].merge(after[wanted], on=KEY, suffixes=("", " after"), validate="one_to_one")
    left = both[list(columns)].to_numpy(float)
    right = both[[f"{name} after" for name in columns]].to_numpy(float)
    rows = (~((left == right) | (np.isnan(left) & np.isnan(right)))).sum(axis=0)
    return {name: int(count) for name, count in zip(columns, rows, strict=True) if count}


BTYD = list(btyd_stage.COLUMNS)
