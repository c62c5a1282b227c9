"""Our features and our panel, made once, for the peers that learn from them: they need not pay for making them.

Where the history is shorter than twice the horizon the window of the labels is a third of the history, and whoever
learns from it stretches the answers to the horizon.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from benchmarks.quality.answers import Skipped
from benchmarks.quality.material import Material
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.evaluation.arrays import Floats
from tiercast.features.catalogue import build_catalogue, look
from tiercast.learners.btyd_choice import fit_stage
from tiercast.panels import build_panel, features_at
from tiercast.sources.opening import open_source
from tiercast.windows import Horizon, day_of, origins_before

STEP_DAYS = 14
FIRST_AFTER_DAYS = 28
MOST_ORIGINS = 13
MOST_ROWS = 400_000


@dataclass(frozen=True)
class Learnable:
    """The panel as a peer reads it.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``customer_id``, ``cutoff_day``, the features and the labels ``purchased``, ``order_days_future``,
        ``value_currency``, ``days_to_purchase``, ``observed_days``.
    now : pandas.DataFrame
        The features of the cohort at the cutoff, in its order.
    columns : list of str
        The features.
    window_days : int
        Over which the labels look.
    """

    rows: pd.DataFrame
    now: pd.DataFrame
    columns: list[str]
    window_days: int

    @property
    def newest(self) -> np.ndarray:
        """The rows of the newest origin, by which a search may choose."""
        day = self.rows["cutoff_day"].to_numpy()
        return np.asarray(day == day.max())

    @property
    def before(self) -> np.ndarray:
        """The rows whose labels were known at the newest origin: what a search may learn from while it chooses.

        Labels that overlap those it chooses by would reward whoever learns them by heart. Where no label was known by
        then there is no such row, and a search is left to its own ways of choosing.
        """
        day = self.rows["cutoff_day"].to_numpy()
        return np.asarray(day + self.window_days <= day.max())

    def values(self, rows: pd.DataFrame) -> Floats:
        """Return the features of some rows as numbers."""
        return rows[self.columns].to_numpy(np.float64)


def write(material: Material) -> None:
    """Write the panel beside the past.

    Raises
    ------
    Skipped
        The history holds no origin whose label is known by the cutoff.
    """
    bought = material.purchases["day"].to_numpy()
    first, history_days = day_of(int(bought.min())), material.cutoff_day - int(bought.min())
    horizon_days = material.horizon_days
    window_days = horizon_days if history_days >= 2 * horizon_days else history_days // 3
    horizon = Horizon(max(window_days, 1))
    origins = origins_before(
        material.cutoff, first=first + timedelta(days=FIRST_AFTER_DAYS), step_days=STEP_DAYS, horizon=horizon
    )
    if not origins or window_days < 1:
        raise Skipped(
            f"no panel: {history_days} days of history hold no window of {window_days} days to learn from"
        )
    many = max(2, min(MOST_ORIGINS, MOST_ROWS // max(len(material.cohort), 1)))
    history = open_source(material.history)
    with DuckDBEngine() as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, material.cutoff))
        panel, _ = build_panel(
            engine, history, catalogue, origins=origins[-many:], horizon=horizon, data_ends_on=material.cutoff
        )
        now = features_at(engine, history, catalogue, [material.cutoff])
    now = now[now["order_days"].to_numpy(float) > 0].sort_values("customer_id", ignore_index=True)
    now = pd.concat([now, fit_stage(now, horizon_days=horizon.days).columns(now)], axis=1)
    features = [name for name in now if name not in ("customer_id", "cutoff") and name in panel.features]
    rows = pd.concat([panel.features[["customer_id", *features]], panel.labels], axis=1)
    rows.insert(1, "cutoff_day", panel.cutoff_days)
    small = dict.fromkeys(features, np.float32)
    rows.astype(small).to_parquet(material.place / "panel.parquet", index=False)
    now[["customer_id", *features]].astype(small).to_parquet(material.place / "now.parquet", index=False)
    told = {"columns": features, "window_days": horizon.days}
    (material.place / "learnable.json").write_text(json.dumps(told), encoding="utf-8")


def read(material: Material) -> Learnable:
    """Return the panel that :func:`write` wrote.

    Raises
    ------
    Skipped
        There is none.
    """
    place = material.place
    if not (place / "learnable.json").exists():
        reason = place / "panel.skipped"
        raise Skipped(
            reason.read_text(encoding="utf-8") if reason.exists() else "our panel could not be made"
        )
    told = json.loads((place / "learnable.json").read_text(encoding="utf-8"))
    rows, now = pd.read_parquet(place / "panel.parquet"), pd.read_parquet(place / "now.parquet")
    return Learnable(rows, now, told["columns"], told["window_days"])
