"""What earlier cutoffs are at hand: to let segments prove themselves, and to take labels from an older fit."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.errors import SourceError
from tiercast.features.catalogue import Catalogue
from tiercast.panels import features_at
from tiercast.registry import Store, bundle_folder, champion, run_file
from tiercast.schema import History
from tiercast.segments.judging import Past
from tiercast.serving.segments import Segments
from tiercast.targets.labels import label_frame
from tiercast.windows import Horizon

WINDOW_DAYS = 91
KEPT_AS = "segments/segments.json"
RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Earlier:
    """Customers at the cutoff and, as far as the history reaches, 13 and 26 weeks before it.

    ``choosing`` is the older pair of cutoffs, by which candidates are chosen; ``judging`` is the newer one, which no
    choice has seen.
    """

    now: pd.DataFrame
    choosing: Past | None
    judging: Past | None
    judged_at: date | None = None


def look_back(
    engine: Engine,
    history: History,
    catalogue: Catalogue,
    *,
    cutoff: date,
    first_day: date | None,
    wanted: Sequence[str] | None = None,
) -> Earlier:
    """Return the customers of a cutoff, and the same 13 and 26 weeks before where at least 13 weeks of history precede."""
    steps = [cutoff - timedelta(days=WINDOW_DAYS * back) for back in (2, 1, 0)]
    enough = [
        day for day in steps if first_day is not None and day - timedelta(days=WINDOW_DAYS) >= first_day
    ]
    days = sorted({*enough, cutoff})
    rows = features_at(engine, history, catalogue, days, wanted=wanted)
    by_day = {day: rows[(rows["cutoff"] == day).to_numpy()].reset_index(drop=True) for day in days}
    empty = rows.iloc[:0]
    pasts: dict[date, Past] = {}
    for day in days[:-1]:
        then = by_day[day]
        labels = label_frame(
            engine.run,
            history,
            then,
            origins=[day],
            horizon=Horizon(WINDOW_DAYS),
            follow_days=WINDOW_DAYS,
            data_ends_on=cutoff,
        )
        later = by_day.get(day + timedelta(days=WINDOW_DAYS), empty)
        pasts[day] = Past(then, labels["value_currency"].to_numpy(float), later, WINDOW_DAYS / 7)
    return Earlier(
        by_day.get(cutoff, empty),
        pasts.get(steps[0]),
        pasts.get(steps[1]),
        steps[1] if steps[1] in pasts else None,
    )


def from_panel(features: pd.DataFrame, value: np.ndarray, now: pd.DataFrame, *, cutoff: date) -> Past | None:
    """Return an earlier cutoff out of a training panel: the newest origin at least 13 weeks before, if there is one.

    Parameters
    ----------
    features : DataFrame
        The panel's rows: buyers at several origins (``cutoff``).
    value : array
        What each row was worth in the window after its origin.
    """
    origins = sorted(day for day in set(features["cutoff"]) if (cutoff - day).days >= WINDOW_DAYS)
    if not origins:
        return None
    chosen = (features["cutoff"] == origins[-1]).to_numpy()
    rows = features.loc[chosen].reset_index(drop=True)
    return Past(rows, np.asarray(value, dtype=float)[chosen], now, (cutoff - origins[-1]).days / 7)


def previous_segments(store: Store, reference: str) -> Segments:
    """Return the segments of an older fit.

    Parameters
    ----------
    reference : str
        ``champion``, a version's number or ``models:/`` address; the id of a run of ``tiercast segment``; or a
        ``.json`` file that such a run kept.

    Raises
    ------
    SourceError
        The run or file holds no segments.
    NoChampion
        There is no such version.
    """
    if reference.endswith(".json"):
        place: Path | None = Path(reference)
    elif RUN_ID.fullmatch(reference):
        place = run_file(store, reference, KEPT_AS)
    else:
        stored = json.loads((bundle_folder(store, reference) / "parts.json").read_text("utf-8"))
        return Segments.from_json(stored["segments"])
    fix = "name champion, a version, the id of a run of `tiercast segment`, or the file segments.json that it kept"
    if place is None or not place.is_file():
        raise SourceError(source=reference, problem="it holds no segments", fix=fix)
    try:
        told: Mapping[str, Any] = json.loads(place.read_text("utf-8"))
        return Segments.from_json(told)
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        raise SourceError(
            source=reference, problem="it is not what a run kept of its segments", fix=fix
        ) from None


def champions_segments(store: Store) -> Segments | None:
    """Return the segments of the version in charge, or None while there is none or it has no segments."""
    if champion(store) is None:
        return None
    found = previous_segments(store, "champion")
    return found if found.centres else None
