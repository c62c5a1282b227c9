"""What an untyped column of customers holds is judged on what could be seen: a later word changes no number before it."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tiercast
from tiercast.attribute_kinds import as_learned, seen_kinds
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.sources.opening import open_source
from tiercast.windows import day_number

PEOPLE = 40
CUTOFF = date(2025, 2, 1)
BEFORE = "".join(
    f"c{n:02d},{10 + n},2024-{1 + n % 12:02d}-01,{n % 7:02d}100,2024-01-01\n" for n in range(PEOPLE)
)
LATER = (
    "c00,gold,soon,x,2025-06-01\n",
    "new,n/a,n/a,n/a,2025-06-01\n",
    "c01,12 points,2025-13-01,,2025-03-01\nc02,,,,2025-03-01\n",
)


def history(folder: Path, more: str = "") -> History:
    """Return forty customers with a purchase each, and a CSV file of what is known of them."""
    rows = pd.DataFrame(
        {"customer_id": [f"c{n:02d}" for n in range(PEOPLE)], "occurred_at": pd.Timestamp("2025-01-05"),
         "kind": "purchase", "channel": "web", "amount": 5.0}
    )  # fmt: skip
    file = folder / f"c{abs(hash(more))}.csv"
    file.write_text(f"customer_id,points,member_since,post_code,valid_from\n{BEFORE}{more}")
    return open_source(rows, sides={"customers": f"csv:{file}"})


def told(engine: DuckDBEngine, asked: History, cutoffs: list[date]) -> pd.DataFrame:
    engine.attach(asked)
    catalogue = build_catalogue(look(engine.run, asked, CUTOFF))
    names = [name for name, family in catalogue.families.items() if family == "attribute"]
    return features_at(engine, asked, catalogue, cutoffs, wanted=names)


@pytest.mark.parametrize("more", LATER)
def test_a_word_that_comes_to_be_known_later_changes_no_feature_and_no_column(
    engine: DuckDBEngine, tmp_path: Path, more: str
) -> None:
    before, after = (told(engine, history(tmp_path, rows), [CUTOFF]) for rows in ("", more))
    pd.testing.assert_frame_equal(before, after)
    assert any("points" in str(name) for name in before)
    assert any("member_since" in str(name) for name in before)
    assert before.filter(like="points").iloc[:3, 0].tolist() == [10.0, 11.0, 12.0]


def test_a_later_row_that_cannot_be_read_is_rejected_and_counted_and_the_one_before_stays_in_force(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    asked = history(tmp_path, LATER[0])
    engine.attach(asked)
    seen = look(engine.run, asked, CUTOFF)
    kinds = {each.name: each.kind for each in seen.attributes}
    assert (kinds["points"], kinds["member_since"]) == ("number", "time")
    read = as_learned(asked, kinds).sides["customers"]
    assert (read.rows_read, read.rows_rejected, read.rejected) == (41, 1, {"BAD_TIME": 1})
    found = told(engine, asked, [date(2025, 12, 1)])
    assert found.filter(like="points").iloc[0, 0] == 10.0


def test_codes_that_begin_with_a_zero_stay_words(engine: DuckDBEngine, tmp_path: Path) -> None:
    asked = history(tmp_path)
    engine.attach(asked)
    seen = look(engine.run, asked, CUTOFF)
    assert {each.kind for each in seen.attributes if each.name == "post_code"} == {"text"}


def test_a_word_among_numbers_does_not_stop_a_nights_scores_and_many_do(tmp_path: Path) -> None:
    some = history(tmp_path, LATER[0])
    read = as_learned(some, {"points": "number"}).sides["customers"]
    assert read.frame["attribute points"].dtype == np.float64
    assert len(read.frame) == PEOPLE
    words = history(tmp_path, "".join(f"w{n},word,,,2025-01-01\n" for n in range(PEOPLE)))
    with pytest.raises(SourceError, match="attribute points is text, and this version learned it as number"):
        as_learned(words, {"points": "number"})


def test_before_anything_is_known_a_column_holds_words(tmp_path: Path) -> None:
    table = history(tmp_path, LATER[0]).sides["customers"]
    assert seen_kinds(table, day_number(date(2020, 1, 1))).attributes["points"] == "text"


def test_the_python_api_keeps_the_columns(tmp_path: Path) -> None:
    first, second = (
        tiercast.compute_features(history(tmp_path, rows), cutoff=CUTOFF.isoformat())
        for rows in ("", LATER[1])
    )
    pd.testing.assert_frame_equal(first, second)
