"""A customer is given the nearest frozen centre, whoever else is scored beside them."""

import json

import numpy as np
import pandas as pd
import pytest

from tiercast.serving.behaviour import prepare
from tiercast.serving.mixture import Mixture
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.segments import Behaviour, Segments

PART = Segments(
    (Behaviour("orders_91d", 0.0, 50.0, 1.5, 1.0), Behaviour("categories", 1.0, 9.0, 1.2, 0.5)),
    ((1.5, 1.0), (-1.0, -1.0)),
    ("frequent", "rare"),
    ("高频", "低频"),
)


def customers(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"days_since_purchase": [3.0, 3.0, np.nan], "orders_91d": [20.0, 0.0, 0.0], **columns}
    )


def test_a_part_survives_json() -> None:
    again = Segments.from_json(json.loads(json.dumps(PART.to_json(), allow_nan=False)))
    assert again == PART
    assert PART.to_json()["type"] == "segments"


def test_who_never_bought_has_no_segment() -> None:
    given = PART.assign(customers(categories=[6.0, 1.0, 0.0]))
    assert given["segment"].tolist() == ["frequent", "rare", None]
    assert given["segment_zh"].tolist() == ["高频", "低频", None]
    assert given["segment_confidence"].isna().tolist() == [False, False, True]
    assert PART.predict(customers(categories=6.0))[:2].tolist() == [0.0, 1.0]


def test_confidence_is_one_on_a_centre_and_zero_between_two() -> None:
    part = Segments(
        (Behaviour("orders_91d", 0.0, 100.0, 0.0, 1.0),), ((0.0,), (2.0,)), ("a", "b"), ("甲", "乙")
    )
    seen = pd.DataFrame({"days_since_purchase": 1.0, "orders_91d": [0.0, np.expm1(1.0)]})
    assert part.assign(seen)["segment_confidence"].tolist() == pytest.approx([1.0, 0.0], abs=1e-12)


def test_extremes_unknowns_and_negatives_are_placed_and_not_refused() -> None:
    seen = pd.DataFrame(
        {
            "days_since_purchase": 1.0,
            "orders_91d": [1e18, np.inf, -5.0, np.nan],
            "categories": [np.nan, 1.0, -np.inf, np.nan],
        }
    )
    given = PART.assign(seen)
    assert given["segment"].notna().all()
    assert given["segment_confidence"].between(0, 1).all()


def test_one_customer_is_given_the_same_segment_as_in_company() -> None:
    seen = customers(categories=[6.0, 1.0, 0.0]).set_axis(["x", "y", "z"])
    whole = PART.assign(seen)
    for each in range(3):
        pd.testing.assert_frame_equal(PART.assign(seen.iloc[[each]]), whole.iloc[[each]])


def test_a_missing_behaviour_is_refused_by_name() -> None:
    with pytest.raises(MissingColumns, match="segments need categories"):
        PART.assign(customers())


def test_no_centres_give_nobody_a_segment() -> None:
    given = Segments((), (), (), ()).assign(customers())
    assert given["segment"].tolist() == [None] * 3


def test_the_given_frame_is_not_changed() -> None:
    seen = customers(categories=[6.0, np.nan, 0.0])
    kept = seen.copy(deep=True)
    PART.assign(seen)
    pd.testing.assert_frame_equal(seen, kept)


def test_a_customer_between_two_segments_is_flagged_and_told_the_second() -> None:
    part = Segments(
        (Behaviour("orders_91d", 0.0, 100.0, 0.0, 1.0),), ((0.0,), (2.0,)), ("a", "b"), ("甲", "乙")
    )
    seen = pd.DataFrame({"days_since_purchase": [1.0, 1.0, np.nan], "orders_91d": [0.0, np.expm1(1.01), 0.0]})
    told = part.assign(seen)
    assert told["segment_between"].tolist() == [False, True, False]
    assert told["segment_second"].tolist() == ["b", "a", None]


def test_a_mixture_decides_by_responsibility_and_its_confidence_is_clear_or_between() -> None:
    wide, narrow = ((0.5,),), ((4.0,),)
    part = Segments(
        (Behaviour("orders_91d", 0.0, 1000.0, 0.0, 1.0, power=1.0),), ((0.0,), (1.0,)), ("a", "b"), ("甲", "乙"),
        Mixture((0.5, 0.5), ((0.0,), (1.0,)), (wide, narrow)),
    )  # fmt: skip
    seen = pd.DataFrame({"days_since_purchase": [1.0, 1.0, np.nan], "orders_91d": [1.0, 3.0, 1.0]})
    told = part.assign(seen)
    assert told["segment"].tolist() == [
        "b",
        "a",
        None,
    ]  # far from both, the wide one is likelier, though not nearer
    assert told["segment_confidence"][:2].between(0, 1).all()
    assert part.mixture is not None
    shares = part.mixture.responsibilities(prepare(seen[:2], part.behaviours))
    assert told["segment_confidence"][0] == pytest.approx(1 - shares[0, 0] / shares[0, 1])
    assert Segments.from_json(json.loads(json.dumps(part.to_json()))) == part


def test_a_part_that_an_older_version_wrote_is_read_as_it_was_meant() -> None:
    stored = PART.to_json()
    old = {name: stored[name] for name in ("type", "behaviours", "centres", "names_en", "names_zh")}
    kept = ("column", "low", "high", "centre", "scale")
    old["behaviours"] = [{name: each[name] for name in kept} for each in stored["behaviours"]]
    assert Segments.from_json(old) == PART


def test_a_rate_is_taken_over_the_least_age_at_least() -> None:
    rate = Behaviour("orders", 0.0, 9.0, 0.0, 1.0, power=1.0, over="customer_age_days", over_at_least=28.0)
    part = Segments((rate,), ((0.0,), (1.0,)), ("rare", "frequent"), ("低频", "高频"))
    seen = pd.DataFrame({"days_since_purchase": 1.0, "orders": [1.0, 28.0], "customer_age_days": [1.0, 28.0]})
    assert part.assign(seen)["segment"].tolist() == ["rare", "frequent"]
    with pytest.raises(MissingColumns, match="customer_age_days"):
        part.assign(seen.drop(columns="customer_age_days"))
