"""Standing questions: planned once for a layout and a cutoff, answered for whoever comes, and nobody's rows stay behind."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.features.drawn import CATALOGUE, CUTOFFS, many, told
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.serving import history, standing
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.standing import Standing
from tiercast.sources.opening import open_source

WANTED = ("orders", "spend_currency", "days_since_purchase", "touchpoints", "gap_mean_days")


@pytest.fixture
def asked() -> Any:
    frame = many(5, 3)
    opened = open_source(frame)
    with history.connect() as connection:
        history.lock(connection)
        yield Standing(connection, CATALOGUE.tables(opened)), CATALOGUE.text(opened, WANTED), frame


def test_it_says_what_a_batch_says_for_whoever_comes_in_whatever_layout(asked: Any) -> None:
    questions, text, frame = asked
    with DuckDBEngine() as engine:
        whole = told(engine, frame, cutoffs=CUTOFFS)
    for cutoff in CUTOFFS:
        for rows in (frame, frame[::-1], frame.drop(columns="discount_type"), frame.head(1), frame):
            said = questions.answer(text, rows, cutoff=cutoff).sort_values("customer_id", ignore_index=True)
            if len(rows) == len(frame):
                expected = whole[whole["cutoff"] == cutoff].sort_values("customer_id", ignore_index=True)
                pd.testing.assert_frame_equal(said[list(WANTED)], expected[list(WANTED)])


def test_a_plan_is_made_once_a_layout_and_the_oldest_makes_room(asked: Any, monkeypatch: Any) -> None:
    questions, text, frame = asked
    monkeypatch.setattr(standing, "MOST_PLANS", 3)
    for _ in range(2):
        for day in range(1, 6):
            questions.answer(text, frame, cutoff=date(2024, 1, day))
            questions.answer(text, frame, cutoff=date(2024, 1, day))
    assert len(questions._plans) == 3
    assert next(questions._numbers) == 10


def test_no_rows_stay_behind_and_a_refused_layout_leaves_nothing(asked: Any) -> None:
    questions, text, frame = asked
    questions.answer(text, frame, cutoff=CUTOFFS[0])
    ((_, handed),) = questions._plans.values()
    assert all(each.rows.num_rows == 0 for each in handed.values())
    with pytest.raises(MissingColumns):
        questions.answer(text, frame.drop(columns="kind"), cutoff=CUTOFFS[0])
    assert len(questions._plans) == 1
    assert len(questions.answer(text, frame, cutoff=CUTOFFS[0]))


def test_a_short_answer_is_framed_as_a_long_one(asked: Any) -> None:
    questions, text, frame = asked
    short = questions.answer(text, frame, cutoff=CUTOFFS[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "FEW_ROWS", 0)
        pd.testing.assert_frame_equal(short, questions.answer(text, frame, cutoff=CUTOFFS[1]))
        assert short.notna().any().all()
        nobody = questions.answer(text, frame, cutoff=date(1970, 1, 2))
    again = questions.answer(text, frame, cutoff=date(1970, 1, 2))
    pd.testing.assert_frame_equal(again, nobody, check_dtype=False)
    assert len(nobody) == 0


def test_only_what_a_text_speaks_of_is_handed_over_and_bad_rows_stay_bad(asked: Any) -> None:
    questions, text, frame = asked
    said = questions.answer(text, frame, cutoff=CUTOFFS[1])
    ((_, handed),) = questions._plans.values()
    assert "store_id" in frame
    assert {"store_id", "purpose"}.isdisjoint(handed["came"].rows.column_names)
    assert {"points", "known_at", "amount"} <= set(handed["came"].rows.column_names)
    pd.testing.assert_frame_equal(
        questions.answer(text, frame.assign(store_id="elsewhere"), cutoff=CUTOFFS[1]), said
    )
    assert len(questions._plans) == 1
    broken = frame.assign(points=frame["points"].astype("object").where(frame.index > 0, "many"))
    fewer = questions.answer(text, broken.astype({"points": "str"}), cutoff=CUTOFFS[1])
    assert fewer["touchpoints"].sum() < said["touchpoints"].sum()


def test_repeated_events_are_compared_in_every_column(asked: Any) -> None:
    questions, text, frame = asked
    questions.answer(text, frame.assign(event_id="e" + frame.index.astype("str")), cutoff=CUTOFFS[1])
    ((_, handed),) = questions._plans.values()
    assert {"store_id", "purpose"} <= set(handed["came"].rows.column_names)
