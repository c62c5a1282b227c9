"""Four checks by changing the future: features, cohort and the BTYD stage at an origin must not notice."""

from datetime import date

import numpy as np
import pandas as pd

from tiercast.auditing.futures import backfilled, is_later, renamed, rewritten, truncated
from tiercast.auditing.report import Finding, listed
from tiercast.auditing.subject import BTYD, KEY, Subject, changed_columns

EXPECTED_SILENT = 10.0
"""Customers in a long silence who should be there and are not: by chance, one clean history in 20,000."""


def check_future_and_late(subject: Subject) -> tuple[Finding, Finding]:
    """Rewrite what came later, and backfill what was known later; tell the two apart only when something changes."""
    shuffled: dict[str, int] = {}
    late: dict[str, int] = {}
    events = 0
    for number, origin in enumerate(subject.origins):
        events += int(is_later(subject.events, origin).sum())

        def other(made: pd.DataFrame, origin: date = origin) -> dict[str, int]:
            return changed_columns(subject.at(origin), subject.features_of(made, [origin]), subject.columns)

        rewrote = rewritten(subject.events, origin, subject.rng(1, number))
        if not other(backfilled(rewrote, origin, subject.rng(2, number))):
            continue
        _add(shuffled, other(rewrote))
        _add(late, other(backfilled(subject.events, origin, subject.rng(2, number))))
    sticking = _sticks_to_the_customer(subject)
    against = []
    if late:
        against.append(f"{_told(late)} when late rows arrive: what was known only from the origin on is read")
    if sticking:
        against.append(
            f"{_told(sticking)} with the customer's name and not with the history, and never over time: a table "
            "without times is read (give its rows a valid_from or known_at)"
        )
    return (
        Finding(
            "FUTURE_SHUFFLE",
            "Do features change when what came later changes?",
            not shuffled,
            f"{_told(shuffled)} when events at or after the origin, or known only then, are rewritten"
            if shuffled
            else f"{events:,} later events were rewritten at {len(subject.origins)} origins: none of "
            f"{len(subject.columns)} features changed",
            tuple(shuffled),
        ),
        Finding(
            "SIDE_TABLE_WITHOUT_TIME",
            "Do features read what has no time of knowledge?",
            not late and not sticking,
            "; ".join(against)
            or "late rows change no feature, and every feature follows the history, not the customer's name",
            tuple(dict.fromkeys([*late, *sticking])),
        ),
    )


def check_truncation(subject: Subject) -> tuple[Finding, Finding, Finding]:
    """Delete what came later, once an origin: features bit for bit, the cohort, and the refitted BTYD stage."""
    features: dict[str, int] = {}
    stage: dict[str, int] = {}
    gone = come = 0
    for origin in subject.origins:
        before = subject.at(origin)
        after = subject.panel_of(truncated(subject.events, origin), [origin])
        _add(features, changed_columns(before, after, subject.columns))
        if len(after):  # without a cohort there is no stage
            _add(stage, changed_columns(before, after, BTYD))
        gone += len(_only_in(after, before))
        come += len(_only_in(before, after))
    silent, longest = missing_silence(subject.events)
    against = []
    if gone or come:
        against.append(
            f"{gone} rows are left out and {come} are in the panel only because of what came later: the cohort is "
            "conditioned on the future"
        )
    if silent >= EXPECTED_SILENT:
        against.append(
            f"nobody is silent for more than {longest} days at the end of the data, yet on an average day before "
            f"{silent:.0f} customers were and came back: those who left are missing"
        )
    return (
        Finding(
            "TRUNCATION",
            "Are features the same when what came later is deleted?",
            not features,
            f"{_told(features)} when everything from the origin on is deleted"
            if features
            else f"{len(subject.columns)} features at {len(subject.origins)} origins are the same bit for bit",
            tuple(features),
        ),
        Finding(
            "POPULATION",
            "Does it depend on the future who is in the panel?",
            not against,
            "; ".join(against)
            or f"the cohort at {len(subject.origins)} origins is the same without what came later, and those who left "
            "are in it",
        ),
        Finding(
            "BTYD_REFIT",
            "Is the buy-till-you-die stage fitted on the past of each origin alone?",
            not stage,
            f"{_told(stage)} when later events are removed: the stage was not fitted on the past of its origin alone"
            if stage
            else f"the stage refitted without what came later answers the same at {len(subject.origins)} origins",
            tuple(stage),
        ),
    )


def missing_silence(events: pd.DataFrame) -> tuple[float, int]:
    """Return how many customers should be silent at the end of the data for longer than anybody is, and that silence.

    A gap of g days between two purchases holds g − S days on which the customer was silent for more than S and still
    came back. With S the longest silence of anybody at the end, the sum of these over the days of history is how many
    such customers there are on an average day. Where whoever left is in the data, S is long and the answer is near 0;
    where the extract kept only those who bought lately, it is large.
    """
    bought = events.loc[events["kind"].str.lower() == "purchase"]
    if bought.empty:
        return 0.0, 0
    end = int(events["occurred_at"].to_numpy().max().astype("datetime64[D]").astype("int64")) + 1
    days = pd.DataFrame(
        {
            "customer_id": bought["customer_id"].to_numpy(),
            "day": bought["occurred_at"].to_numpy().astype("datetime64[D]").astype("int64"),
        }
    ).drop_duplicates()
    days = days.sort_values(["customer_id", "day"], ignore_index=True)
    longest = end - int(days.groupby("customer_id")["day"].max().min())
    gaps = days["day"].diff().to_numpy(float)[1:]
    own = (days["customer_id"] == days["customer_id"].shift()).to_numpy(bool)[1:]
    span = end - int(days["day"].min()) - longest
    if span <= 0:
        return 0.0, longest
    return float(np.maximum(gaps[own] - longest, 0.0).sum() / span), longest


def _sticks_to_the_customer(subject: Subject) -> dict[str, int]:
    """Return features that stay with the name when histories change hands, and never change over all origins."""
    changed, to = renamed(subject.events, subject.rng(3))
    after = subject.features_of(changed, subject.origins)
    back = {new: old for old, new in to.items()}
    after["customer_id"] = after["customer_id"].map(back)
    found = changed_columns(subject.panel, after, subject.columns)
    if not found:
        return {}
    every = subject.ready.panel.features
    varies = every.groupby("customer_id")[list(found)].nunique(dropna=False).max()
    dated = dated_attributes(subject)
    return {name: rows for name, rows in found.items() if varies[name] <= 1 and name not in dated}


def dated_attributes(subject: Subject) -> set[str]:
    """Return the features that read attributes of customers of which every row says since when it holds or was known."""
    table = subject.ready.history.sides.get("customers")
    if table is None:
        return set()
    dated = table.frame[["valid_from_us", "known_us"]].notna().any(axis=1)
    timed = {name for name, (column, _) in table.told.items() if dated[table.frame[column].notna()].all()}
    catalogue = subject.ready.catalogue
    reading = {
        feature.name: {each["name"] for each in catalogue.attributes([feature.name])}
        for feature in catalogue.features
        if feature.grain == "attributes"
    }
    return {name for name, attributes in reading.items() if attributes <= timed}


def _only_in(left: pd.DataFrame, right: pd.DataFrame) -> set[tuple[object, ...]]:
    return _keys(left) - _keys(right)


def _keys(rows: pd.DataFrame) -> set[tuple[object, ...]]:
    return set(rows[KEY].itertuples(index=False, name=None))


def _add(total: dict[str, int], found: dict[str, int]) -> None:
    for name, rows in found.items():
        total[name] = total.get(name, 0) + rows


def _told(changed: dict[str, int]) -> str:
    most = max(changed.values())
    names = sorted(changed, key=lambda name: (-changed[name], name))
    verb = "feature changes" if len(names) == 1 else "features change"
    return f"{len(names)} {verb} ({listed(names)}; up to {most:,} rows)"
