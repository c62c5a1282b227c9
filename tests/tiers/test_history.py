"""The tier history is written beside each scorecard, counts only there, and is what the next night goes on from."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.tiers import assign
from tiercast.tiers.history import (
    COLUMNS,
    WITHOUT_POLICY,
    DamagedTierHistory,
    file_of,
    night_before,
    nights,
    rows_of,
    with_past,
    write_history,
)
from tiercast.tiers.value_tiers import VALUE_TIERS

DAY = date(2026, 3, 2)
FILE = file_of("value_tiers")
FROZEN = VALUE_TIERS.freeze(pd.DataFrame({"expected_value_currency": np.arange(100.0)}))


def customers(values: dict[str, float], cutoff: date) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": list(values), "cutoff": cutoff, "expected_value_currency": list(values.values())}
    )


def score(
    out: Path, values: dict[str, float], cutoff: date, *, version: str = "v1", publish: bool = True
) -> pd.DataFrame:
    """Do with a frame what a night does with the features of everybody."""
    night = night_before(out, cutoff=cutoff, policy="value_tiers", version=version)
    rows = with_past(customers(values, cutoff), night)
    tiers = assign(FROZEN, rows)
    answers = rows[["customer_id", "cutoff"]].assign(
        tier=tiers["tier"].where(rows["expected_value_currency"] >= 0)
    )
    place = out / f"cutoff={cutoff}" / f"version={version}"
    place.mkdir(parents=True, exist_ok=True)
    told = rows_of(tiers, answers, policy="value_tiers", policy_version="1", version=version)
    write_history(told, place / FILE)
    if publish:
        (place / "scorecard.parquet").touch()
    return told.set_index("customer_id")


def test_the_table_has_every_column_and_everybody_with_a_tier(tmp_path: Path) -> None:
    told = score(tmp_path, {"a": 99.5, "b": 1.0, "nobody": -1.0}, DAY)
    assert list(told.reset_index()) == list(COLUMNS)
    (night,) = nights(tmp_path)
    read = night.read()
    assert read["customer_id"].tolist() == ["a", "b"]
    assert read["tier"].tolist() == ["platinum", "low"]
    assert read["since_on"].tolist() == [pd.Timestamp(DAY)] * 2
    assert read["tier_before"].tolist() == [None, None]
    assert read["reason"][0].startswith("platinum: expected value")


def test_each_night_goes_on_from_the_newest_before_it_and_the_same_night_twice_says_the_same(
    tmp_path: Path,
) -> None:
    score(tmp_path, {"a": 99.5}, DAY)
    told = {}
    for days in (10, 40, 70, 100, 110):
        told[days] = score(tmp_path, {"a": 20.0, "new": 50.0}, DAY + timedelta(days=days))
    assert [each.loc["a", "reason_code"] for each in told.values()] == [
        "HELD_BY_DWELL", "HELD_BY_GRACE", "MOVED_DOWN", "SAME", "SAME",
    ]  # fmt: skip
    assert told[70].loc["a", "tier_before"] == "platinum"
    assert told[110].loc["a", "since_on"] == pd.Timestamp(DAY + timedelta(days=70))
    assert told[10].loc["new", "reason_code"] == "RULE"
    for days, first in told.items():
        again = score(tmp_path, {"a": 20.0, "new": 50.0}, DAY + timedelta(days=days))
        pd.testing.assert_frame_equal(again, first)


def test_a_history_without_a_scorecard_beside_it_was_never_promised(tmp_path: Path) -> None:
    score(tmp_path, {"a": 99.5}, DAY)
    score(tmp_path, {"a": 1.0}, DAY + timedelta(days=100), publish=False)
    found = night_before(tmp_path, cutoff=DAY + timedelta(days=101), policy="value_tiers", version="v1")
    assert found is not None
    assert found.cutoff == DAY


def test_of_one_cutoff_the_same_version_goes_first_else_the_last_that_was_published(tmp_path: Path) -> None:
    import os

    for age, version in ((300, "v1"), (100, "v2"), (200, "v3")):
        score(tmp_path, {"a": 99.5}, DAY, version=version)
        held = tmp_path / f"cutoff={DAY}" / f"version={version}" / FILE
        os.utime(held, (1e9 - age, 1e9 - age))

    def chosen(version: str) -> str | None:
        night = night_before(tmp_path, cutoff=DAY + timedelta(days=1), policy="value_tiers", version=version)
        return night and night.version

    assert [chosen(each) for each in ("v1", "v3", "v9")] == ["v1", "v3", "v2"]
    assert night_before(tmp_path, cutoff=DAY, policy="value_tiers", version="v1") is None
    assert night_before(tmp_path, cutoff=date.max, policy="pyramid", version="v1") is None
    assert nights(tmp_path / "nowhere") == []


def test_the_name_that_older_publications_gave_is_read_until_the_policy_has_a_file_of_its_own(
    tmp_path: Path,
) -> None:
    score(tmp_path, {"a": 99.5}, DAY)
    place = tmp_path / f"cutoff={DAY}" / "version=v1"
    (place / FILE).rename(place / WITHOUT_POLICY)
    assert [night.place.name for night in nights(tmp_path)] == [WITHOUT_POLICY]
    assert score(tmp_path, {"a": 99.5}, DAY + timedelta(days=1)).loc["a", "reason_code"] == "SAME"
    assert night_before(tmp_path, cutoff=DAY + timedelta(days=1), policy="pyramid", version="v1") is None
    score(tmp_path, {"a": 1.0}, DAY)
    both = [night for night in nights(tmp_path) if night.cutoff == DAY]
    assert [night.place.name for night in both] == [FILE]
    found = night_before(tmp_path, cutoff=DAY + timedelta(days=1), policy="value_tiers", version="v1")
    assert found is not None
    assert found.read()["tier"].tolist() == ["low"]


@pytest.mark.parametrize("damage", [b"", b"ARROW1 but not really", b"\x00" * 400])
def test_a_damaged_history_stops_the_night_with_a_code_and_says_what_to_do(
    tmp_path: Path, damage: bytes
) -> None:
    score(tmp_path, {"a": 99.5}, DAY)
    place = tmp_path / f"cutoff={DAY}" / "version=v1" / FILE
    place.write_bytes(damage)
    with pytest.raises(DamagedTierHistory, match="score that day again, or remove the file") as refused:
        score(tmp_path, {"a": 99.5}, DAY + timedelta(days=1))
    assert (refused.value.code, refused.value.exit_code) == ("DAMAGED_TIER_HISTORY", 3)
    score(tmp_path, {"a": 99.5}, DAY)  # the day itself does not read its own history
    assert score(tmp_path, {"a": 99.5}, DAY + timedelta(days=1)).loc["a", "reason_code"] == "SAME"


def test_a_damaged_history_that_no_night_goes_on_from_any_more_stops_nobody(tmp_path: Path) -> None:
    score(tmp_path, {"a": 99.5}, DAY)
    score(tmp_path, {"a": 99.5}, DAY + timedelta(days=1))
    (tmp_path / f"cutoff={DAY}" / "version=v1" / FILE).write_bytes(b"")
    assert score(tmp_path, {"a": 99.5}, DAY + timedelta(days=2)).loc["a", "reason_code"] == "SAME"


def test_a_history_cut_off_in_the_middle_is_damage(tmp_path: Path) -> None:
    score(tmp_path, {f"c{number}": float(number % 100) for number in range(2000)}, DAY)
    place = tmp_path / f"cutoff={DAY}" / "version=v1" / FILE
    place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])
    with pytest.raises(DamagedTierHistory):
        nights(tmp_path)
