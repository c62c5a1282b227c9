"""The tier history: which tier each customer had at each cutoff, since when and why; the memory of the nightly mover.

It lies beside each published scorecard, as ``OUT/cutoff=DAY/version=HASH/tier_history.POLICY.arrow``: one row for each
customer with a tier. Each policy has a file of its own, so scoring one never erases what another promised; the one name of
older publications, ``tier_history.arrow``, is read as well. Scoring a cutoff reads the newest history **before** it and
writes its own, so the same night run twice says the same twice, and a night that died is simply run again. A history counts
only where a scorecard stands beside it: what was never published was never promised.
"""

import glob
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from tiercast.errors import SourceError, TiercastError

WITHOUT_POLICY = "tier_history.arrow"
SCORECARD = "scorecard.parquet"
FORM = "1"
COLUMNS: dict[str, str] = {
    "customer_id": "the customer",
    "cutoff": "midnight UTC that ended the history",
    "policy": "tier policy",
    "policy_version": "its version",
    "version": "content hash of the bundle that answered",
    "tier": "class in force from this cutoff on",
    "tier_before": "class at the history before, null where there was none",
    "since_on": "cutoff of the move into the class",
    "below_since_on": "first cutoff below the class, for who has been below ever since; null for all others",
    "reason_code": "RULE, SAME, HELD_BY_BAND, HELD_BY_DWELL, HELD_BY_GRACE, MOVED_UP, MOVED_DOWN, MOVED_AT_ONCE",
    "reason": "the same in words",
    "next_tier": "next better class of the ladder",
    "distance": "what is missing to get there",
    "distance_input": "of which input",
}
_DATES = ("cutoff", "since_on", "below_since_on")
_WORDS = (
    "policy",
    "policy_version",
    "version",
    "tier",
    "tier_before",
    "reason_code",
    "reason",
    "next_tier",
    "distance_input",
)
_REMEMBERED = {"tier": "tier_before", "since_on": "tier_since_on", "below_since_on": "tier_below_since_on"}


def file_of(policy: str) -> str:
    """Return the name of the file in which a policy's history lies.

    Examples
    --------
    >>> file_of("pyramid"), file_of("ours/2026 best")
    ('tier_history.pyramid.arrow', 'tier_history.ours%2F2026%20best.arrow')
    """
    return f"tier_history.{quote(policy, safe='')}.arrow"


class DamagedTierHistory(SourceError):
    """A tier history cannot be read, so nobody knows which promises hold.

    Examples
    --------
    >>> raise DamagedTierHistory(source="scores/tier_history.arrow", problem="no Arrow file", fix="score that day again")
    Traceback (most recent call last):
    tiercast.tiers.history.DamagedTierHistory: cannot read scores/tier_history.arrow: no Arrow file; score that day again
    """

    code = "DAMAGED_TIER_HISTORY"


class NoTierHistory(TiercastError, LookupError):
    """There is too little tier history for what was asked.

    Examples
    --------
    >>> raise NoTierHistory(folder="scorecards", needs="2 cutoffs", has="1")
    Traceback (most recent call last):
    tiercast.tiers.history.NoTierHistory: scorecards holds too little tier history: it needs 2 cutoffs, there is: 1; score
    more days with: tiercast score --out scorecards
    """

    code = "NO_TIER_HISTORY"
    exit_code = 4

    def __init__(self, *, folder: str | os.PathLike[str], needs: str, has: str) -> None:
        where = os.fspath(folder)
        super().__init__(
            f"{where} holds too little tier history: it needs {needs}, there is: {has}; "
            f"score more days with: tiercast score --out {where}",
            folder=where,
        )


@dataclass(frozen=True)
class Night:
    """One history that counts: its cutoff, the bundle and policy behind it, and its file."""

    cutoff: date
    version: str
    policy: str
    place: Path

    def read(self, columns: list[str] | None = None) -> pd.DataFrame:
        """Return the rows, dates as ``datetime64``.

        Raises
        ------
        DamagedTierHistory
        """
        from pyarrow import feather

        with _Told(self.place):
            frame = feather.read_table(self.place, columns=columns, memory_map=False).to_pandas(
                date_as_object=False
            )
        words = {name: frame[name].astype(object) for name in _WORDS if name in frame}
        return frame.assign(**{name: cells.where(cells.notna(), None) for name, cells in words.items()})


def rows_of(
    tiers: pd.DataFrame, answers: pd.DataFrame, *, policy: str, policy_version: str, version: str
) -> pd.DataFrame:
    """Return the history of one night: the mover's answers of everybody with a tier.

    Parameters
    ----------
    tiers : DataFrame
        What :func:`tiercast.serving.tiers.assign` returned.
    answers : DataFrame
        The scorecard of the same rows: ``customer_id``, ``cutoff``, and ``tier``, null where nothing is known.
    """
    kept = answers["tier"].notna().to_numpy()
    told = tiers[kept]
    of = {"since_on": "tier_since_on", "below_since_on": "tier_below_since_on",
          "reason_code": "tier_reason_code", "reason": "tier_reason"}  # fmt: skip
    made = pd.DataFrame({"customer_id": answers.loc[kept, "customer_id"].to_numpy(),
                         "cutoff": answers.loc[kept, "cutoff"].to_numpy()})  # fmt: skip
    fixed = {"policy": policy, "policy_version": policy_version, "version": version}
    for name in COLUMNS:
        if name not in made:
            made[name] = fixed[name] if name in fixed else told[of.get(name, name)].to_numpy()
    return made[list(COLUMNS)]


def write_history(history: pd.DataFrame, place: Path) -> None:
    """Write one night's history."""
    import pyarrow
    from pyarrow import feather

    def typed(name: str) -> Any:
        if name in _DATES:
            days = pd.to_datetime(history[name]).to_numpy().astype("datetime64[D]")
            return pyarrow.array(days, type=pyarrow.date32())
        if name == "distance":
            return pyarrow.array(history[name], type=pyarrow.float64(), from_pandas=True)
        text = pyarrow.array(history[name], type=pyarrow.string(), from_pandas=True)
        return text.dictionary_encode() if name in _WORDS else text

    said = {name: str(history[name].iloc[0]) if len(history) else "" for name in ("policy", "policy_version")}
    table = pyarrow.table({name: typed(name) for name in COLUMNS})
    feather.write_feather(table.replace_schema_metadata({"form": FORM, **said}), place, compression="zstd")
    with place.open("rb") as written:
        os.fsync(written.fileno())


def nights(out: str | Path, *, policy: str | None = None) -> list[Night]:
    """Return the histories that count, oldest first; of one cutoff by version and policy.

    Raises
    ------
    DamagedTierHistory
    """
    found = [night for place in _places(out, policy) if (night := _opened(place, policy)) is not None]
    return sorted(_once(found), key=lambda night: (night.cutoff, night.version, night.policy))


def night_before(out: str | Path, *, cutoff: date, policy: str, version: str) -> Night | None:
    """Return the history that a night goes on from, or None; older ones are not opened.

    The newest cutoff before it counts. Where several versions answered for that one, the same version goes first, else the
    one that was published last.

    Raises
    ------
    DamagedTierHistory
    """
    by_day: dict[date, list[Path]] = {}
    for place in _places(out, policy):
        if (day := _cutoff_of(place)) < cutoff:
            by_day.setdefault(day, []).append(place)
    for day in sorted(by_day, reverse=True):
        found = [night for place in by_day[day] if (night := _opened(place, policy)) is not None]
        if found:
            return max(
                _once(found), key=lambda night: (night.version == version, _published(night), night.version)
            )
    return None


def _places(out: str | Path, policy: str | None) -> list[Path]:
    names = {WITHOUT_POLICY, "tier_history.*.arrow" if policy is None else glob.escape(file_of(policy))}
    found = {place for name in names for place in Path(out).glob(f"cutoff=*/version=*/{name}")}
    return [place for place in sorted(found) if (place.parent / SCORECARD).is_file()]


def _once(found: list[Night]) -> list[Night]:
    """Return one history of each cutoff, version and policy: the one under the policy's name, where both names are there."""
    kept: dict[tuple[date, str, str], Night] = {}
    for night in sorted(found, key=lambda each: each.place.name != WITHOUT_POLICY):
        kept[night.cutoff, night.version, night.policy] = night
    return list(kept.values())


def _cutoff_of(place: Path) -> date:
    with _Told(place):
        return date.fromisoformat(place.parent.parent.name.split("=", 1)[1])


def _opened(place: Path, policy: str | None) -> Night | None:
    from pyarrow import ipc

    with _Told(place), ipc.open_file(place) as opened:
        said = {key.decode(): value.decode() for key, value in (opened.schema.metadata or {}).items()}
        if said.get("form") != FORM:
            raise ValueError("is of another form")
        if policy is not None and said["policy"] != policy:
            return None
        return Night(_cutoff_of(place), place.parent.name.split("=", 1)[1], said["policy"], place)


def _published(night: Night) -> int:
    return night.place.stat().st_mtime_ns  # the scorecard beside it may be that of another policy


def with_past(features: pd.DataFrame, night: Night | None) -> pd.DataFrame:
    """Return rows of features with ``tier_before``, ``tier_since_on`` and ``tier_below_since_on`` of the night before."""
    if night is None:
        return features
    past = night.read(["customer_id", *_REMEMBERED]).rename(columns=_REMEMBERED)
    return features.merge(past, on="customer_id", how="left", validate="many_to_one")


class _Told:
    """Turn what a broken file raises into a refusal that names it."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, fault: BaseException | None, trace: Any) -> None:
        if isinstance(fault, (OSError, ValueError, KeyError)) and not isinstance(fault, TiercastError):
            raise DamagedTierHistory(
                source=self.place,
                problem=f"it is no tier history ({type(fault).__name__})",
                fix="score that day again, or remove the file: its customers then go on from the night before",
            ) from fault
