"""Scoring in batch: a champion and a cutoff become scorecards, published all at once or not at all."""

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.engines.opening import open_engine
from tiercast.errors import OutputError
from tiercast.frozen import features_of
from tiercast.intake import Account
from tiercast.newest import MOST_SILENT_DAYS
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.schema import History
from tiercast.serving.scorecard import COLUMNS, SCORECARD
from tiercast.tiers.history import file_of, night_before, rows_of, with_past, write_history

CHUNK_CUSTOMERS = 200_000
FILE = "scorecard.parquet"
FACTS = "_facts.json"


@dataclass(frozen=True)
class ScoreReport:
    """What a batch wrote.

    Parameters
    ----------
    cards : pandas.DataFrame
        The scorecard, ordered by customer.
    place : Path or None
        ``OUT/cutoff=DAY/version=HASH/scorecard.parquet``, when it was written.
    lacking : tuple of str
        Side tables that the version reads and that did not come: what they tell is unknown.
    tiers : pandas.DataFrame, optional
        The tier history of this cutoff, see :mod:`tiercast.tiers.history`; None from a version that is older than it.
    tiers_since : date, optional
        The cutoff whose history the tiers go on from.
    classes : tuple of str
        The classes of the policy, best first.
    not_judged : str
        Of a version that nothing judged: the code and a sentence; else empty.
    """

    cards: pd.DataFrame
    place: Path | None
    customers: int
    cutoff: date
    version: str
    account: Account
    lacking: tuple[str, ...] = ()
    tiers: pd.DataFrame | None = None
    tiers_since: date | None = None
    classes: tuple[str, ...] = ()
    not_judged: str = ""


def score(
    history: History,
    *,
    cutoff: date | None,
    store: Store,
    model: str = "champion",
    policy: str = "",
    language: str = "en",
    out: str | Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
    threads: int | None = None,
    engine: str = "duckdb",
    newest_within_days: int = MOST_SILENT_DAYS,
) -> ScoreReport:
    """Return, and with ``out`` publish, the scorecard of every customer seen before ``cutoff``.

    The features are the bundle's own frozen text, the predictions its own code. A publication replaces one cutoff and
    version at once: readers see the old files or the new ones, never a part. With ``out``, tiers go on from the newest tier
    history before the cutoff that lies there; without, they are stateless.

    Parameters
    ----------
    cutoff : date or None
        ``None`` is the last day of the data, which is taken as incomplete.
    engine : str
        Who computes the features; the predictions are made here.
    newest_within_days : int
        How many days before the cutoff the newest touchpoint of all may be.

    Raises
    ------
    NoChampion, SourceError, ContractError, StaleHistory, OutputError
    """
    progress("opening the model")
    bundle: Any = open_served(bundle_folder(store, model))
    with open_engine(engine, threads=threads) as runs:
        seen = features_of(
            bundle, history, cutoff, runs, progress=progress, newest_within_days=newest_within_days
        )
    features, day, account = seen.features, seen.cutoff, seen.account
    lacking = tuple(name for name in bundle.reads if name not in history.sides)
    past, chosen = None, _policy_of(bundle, policy)
    if out is not None and chosen:
        past = night_before(out, cutoff=day, policy=chosen, version=bundle.version)
        features = with_past(features, past)
    progress("predicting")
    parts = [
        _as_of_today(
            *_answers(
                bundle, features.iloc[start : start + CHUNK_CUSTOMERS], policy=policy, language=language
            )
        )
        for start in range(0, max(len(features), 1), CHUNK_CUSTOMERS)
    ]
    cards, tiers = (_whole(list(each)) for each in zip(*parts, strict=True))
    assert cards is not None  # only tiers may be missing
    place = None
    if out is not None:
        progress("publishing")
        facts = {
            "version": bundle.version,
            "cutoff": day.isoformat(),
            "customers": len(cards),
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "account": account.to_json(),
            "lacking": lacking,
            "not_judged": bundle.manifest.get("not_judged"),
            "tiers_go_on_from": None if past is None else past.cutoff.isoformat(),
        }
        place = publish(
            cards, Path(out), cutoff=day, version=bundle.version, facts=facts, tiers=tiers, policy=chosen
        )
    since = None if past is None else past.cutoff
    held = bundle.policies[policy or bundle.manifest["default_policy"]]
    classes = tuple(each["key"] for each in held["classes"])
    untold = str(bundle.manifest.get("not_judged", {}).get("message", ""))
    return ScoreReport(
        cards, place, len(cards), day, bundle.version, account, lacking, tiers, since, classes, untold
    )


def _policy_of(bundle: Any, name: str) -> str:
    """Return the name of the policy that is asked for; a version from before there was a history has no memory."""
    return str(bundle.policy(name)["policy"]) if hasattr(bundle, "answer") else ""


def _answers(
    bundle: Any, features: pd.DataFrame, *, policy: str, language: str
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    if not hasattr(bundle, "answer"):
        return bundle.predict_features(features, policy=policy, language=language), None
    cards, tiers = bundle.answer(features, policy=policy, language=language)
    chosen = bundle.policy(policy)
    return cards, rows_of(
        tiers, cards, policy=chosen["policy"], policy_version=chosen["version"], version=bundle.version
    )


def _as_of_today(cards: pd.DataFrame, tiers: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return answers with today's columns: what a version from before a column does not tell is null."""
    return (cards if list(cards) == list(COLUMNS) else cards.reindex(columns=list(COLUMNS))), tiers


def _whole(parts: list[pd.DataFrame | None]) -> pd.DataFrame | None:
    found = [part for part in parts if part is not None]
    return found[0] if len(found) == 1 else pd.concat(found, ignore_index=True) if found else None


def publish(
    cards: pd.DataFrame,
    out: Path,
    *,
    cutoff: date,
    version: str,
    facts: dict[str, Any],
    tiers: pd.DataFrame | None = None,
    policy: str = "",
) -> Path:
    """Write one (cutoff, version) of the scorecard: beside its place first, then put there by one rename.

    Whenever a run dies, ``scorecard.parquet`` is the old one, whole, or the new one, whole. The tier history is put there
    before it, under the name of its policy, and counts only where a scorecard stands beside it. What the dead run leaves is
    a hidden folder ``.writing-…`` without any parquet name in it, which a later run removes when it is an hour old.

    Raises
    ------
    OutputError
        The disk is full or the folder cannot be written; what was there before is still there.
    """
    target = out / f"cutoff={cutoff.isoformat()}" / f"version={version}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        sweep(out)
        writing = Path(tempfile.mkdtemp(prefix=".writing-", dir=out))
        try:
            write_table(cards, writing / "scorecard.part")
            (writing / "facts.part").write_text(json.dumps(facts, indent=1, default=str), "utf-8")
            if tiers is not None:
                write_history(tiers, writing / "tiers.part")
            target.mkdir(parents=True, exist_ok=True)
            if tiers is not None:
                (writing / "tiers.part").replace(target / file_of(policy))
            (writing / "scorecard.part").replace(target / FILE)
            (writing / "facts.part").replace(target / FACTS)
        finally:
            shutil.rmtree(writing, ignore_errors=True)
    except OSError as error:
        raise OutputError(path=str(target), problem=_why(error)) from error
    return target / FILE


def _why(error: OSError) -> str:
    if error.strerror:
        return error.strerror
    return os.strerror(error.errno) if error.errno else type(error).__name__


def write_table(cards: pd.DataFrame, place: Path) -> None:
    """Write a scorecard with the types of its contract: text, float64, int64 and dates."""
    import pyarrow
    from pyarrow import parquet

    kinds = {
        "text": pyarrow.string(),
        "number": pyarrow.float64(),
        "count": pyarrow.int64(),
        "date": pyarrow.date32(),
    }
    columns = {
        answer.name: pyarrow.array(cards[answer.name], type=kinds[answer.kind], from_pandas=True)
        for answer in SCORECARD
    }
    parquet.write_table(pyarrow.table(columns), place, compression="zstd")
    with place.open("rb") as written:
        os.fsync(written.fileno())


def sweep(out: Path) -> None:
    """Remove what interrupted runs left behind more than an hour ago."""
    for left in out.glob(".writing-*"):
        with contextlib.suppress(FileNotFoundError):  # another run swept it first
            if time.time() - left.stat().st_mtime > 3600:
                shutil.rmtree(left, ignore_errors=True)
