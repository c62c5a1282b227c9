"""The bundle: raw touchpoints in, a scorecard out; what it refuses, and that two requests never meet."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.path.world import CUTOFF, World
from tiercast.registry import Store, bundle_folder
from tiercast.serving.bundle import Bundle, arrange, open_bundle
from tiercast.serving.people import trimmed
from tiercast.serving.refusals import EmptyInput, MissingColumns, RejectedRows, UnknownChoice
from tiercast.tiers.declared import declared_policies

ROW = {
    "customer_id": "x1",
    "occurred_at": "2024-12-01",
    "kind": "purchase",
    "channel": "store",
    "amount": 10.0,
}
SOME = ["c0001", "c0002", "c0003", "never1"]


@pytest.fixture(scope="module")
def bundle(trained_world: World) -> Bundle:
    return open_bundle(bundle_folder(Store(trained_world.uri, None), "2"))


def test_a_request_is_never_changed(bundle: Bundle, trained_world: World) -> None:
    rows = trained_world.touchpoints(SOME)
    before = rows.copy(deep=True)
    bundle.predict(rows, cutoff=CUTOFF)
    pd.testing.assert_frame_equal(rows, before)


def test_rows_in_any_order_and_shape_get_the_same_answer(bundle: Bundle, trained_world: World) -> None:
    rows = trained_world.touchpoints(SOME)
    truth = bundle.predict(rows, cutoff=CUTOFF)
    as_text = rows.assign(occurred_at=rows["occurred_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for other in (
        rows.sample(frac=1.0, random_state=2),
        rows[list(rows.columns[::-1])],
        rows.set_index("customer_id", drop=False),
        rows.assign(occurred_at=rows["occurred_at"].dt.tz_localize("UTC")),
        as_text,
        as_text.to_dict("records"),
        as_text.to_dict("list"),
        rows.convert_dtypes(),
    ):
        pd.testing.assert_frame_equal(bundle.predict(other, cutoff=CUTOFF.isoformat()), truth)


def test_features_made_elsewhere_get_the_same_card(bundle: Bundle, trained_world: World) -> None:
    rows = trained_world.touchpoints(SOME)
    seen = bundle.features(rows, cutoff=CUTOFF)
    pd.testing.assert_frame_equal(bundle.predict_features(seen), bundle.predict(rows, cutoff=CUTOFF))
    chunks = pd.concat(
        [bundle.predict_features(seen.iloc[[place]]) for place in range(len(seen))], ignore_index=True
    )
    pd.testing.assert_frame_equal(chunks, bundle.predict_features(seen))


def test_threads_share_the_bundle_and_never_an_answer(bundle: Bundle, trained_world: World) -> None:
    names = [f"c{number:04}" for number in range(12)]
    truth = bundle.predict(trained_world.touchpoints(names), cutoff=CUTOFF).set_index("customer_id")
    given = {name: trained_world.touchpoints([name]) for name in names}
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda name: (name, bundle.predict(given[name], cutoff=CUTOFF)), names * 3))
    for name, card in said:
        assert card["customer_id"].tolist() == [name]
        np.testing.assert_allclose(
            card["churn_probability"], truth.loc[name, "churn_probability"], rtol=1e-12
        )


def test_ids_are_read_as_the_frozen_text_reads_them(bundle: Bundle) -> None:
    rows = pd.DataFrame(
        [ROW, ROW | {"customer_id": " x1 "}, ROW | {"customer_id": 17}, ROW | {"customer_id": "17"}]
    )
    cards = bundle.predict(rows, cutoff=CUTOFF)
    assert cards["customer_id"].tolist() == ["17", "x1"]
    assert cards["basis_churn"].tolist() == ["model", "model"]
    assert trimmed(rows.astype({"customer_id": str}))["customer_id"].tolist() == ["x1", "x1", "17", "17"]


@pytest.mark.parametrize(
    ("rows", "options", "error"),
    [
        ([ROW], {"policy": "x"}, UnknownChoice),
        ([ROW], {"language": "fr"}, UnknownChoice),
        ([ROW], {"rejected": "maybe"}, UnknownChoice),
        ([ROW | {"amount": "ten"}], {}, RejectedRows),
        ([ROW | {"customer_id": ""}], {}, EmptyInput),
        ([], {}, EmptyInput),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_refused(bundle: Bundle, rows: Any, options: Any, error: Any) -> None:
    with pytest.raises(error):
        bundle.predict(rows, cutoff=CUTOFF, **options)


def test_a_frame_that_lacks_frozen_features_is_refused_with_their_names(
    bundle: Bundle, trained_world: World
) -> None:
    seen = bundle.features(trained_world.touchpoints(SOME), cutoff=CUTOFF)
    with pytest.raises(MissingColumns) as refused:
        bundle.predict_features(seen.drop(columns=["orders", "stores"]))
    assert refused.value.details["missing"] == ["orders", "stores"]


def test_the_tier_before_is_kept_within_the_brakes_and_named(bundle: Bundle, trained_world: World) -> None:
    rows = trained_world.touchpoints(["c0001"])
    plain = bundle.predict(rows, cutoff=CUTOFF)
    same = bundle.predict(rows.assign(tier_before=plain["tier"][0]), cutoff=CUTOFF)
    assert same["tier_basis"].tolist() == ["held"]
    assert same["tier"].tolist() == plain["tier"].tolist()
    other = bundle.predict(rows.assign(tier_before="top", tier_since_on="2024-12-29"), cutoff=CUTOFF)
    assert other["tier"].tolist() == ["top"], "a class is kept for a while"
    numbers = [name for name in plain if plain[name].dtype.kind == "f"]
    pd.testing.assert_frame_equal(other[numbers], plain[numbers])


def test_a_request_that_remembers_the_first_day_below_has_its_grace(
    bundle: Bundle, trained_world: World
) -> None:
    rows = trained_world.touchpoints(["c0001"]).assign(tier_before="top", tier_since_on="2024-01-01")
    assert bundle.predict(rows, cutoff=CUTOFF)["tier_basis"].tolist() == ["moved"]
    for below, basis in ((None, "held"), ("2024-11-30", "held"), ("2024-10-31", "moved")):
        told = bundle.predict(rows.assign(tier_below_since_on=below), cutoff=CUTOFF)
        assert told["tier_basis"].tolist() == [basis], below


@pytest.mark.parametrize("policy", sorted(declared_policies()))
def test_every_shipped_policy_answers_for_everybody(
    bundle: Bundle, trained_world: World, policy: str
) -> None:
    seen = bundle.features(trained_world.touchpoints(SOME), cutoff=CUTOFF)
    cards, told = bundle.answer(seen, policy=policy)
    assert told["tier"].isin([each["key"] for each in bundle.policies[policy]["classes"]]).all()
    assert told["tier_reason"].notna().all()
    assert cards["customer_id"].tolist() == seen["customer_id"].tolist()
    assert set(cards["policy"]) == {policy}


def test_arranged_features_are_in_order_with_a_date() -> None:
    found = arrange(
        pd.DataFrame({"customer_id": ["b", "a"], "cutoff_day": [1, 1], "orders": [1.0, 2.0]}), CUTOFF
    )
    assert found.values.tolist() == [["a", CUTOFF, 2.0], ["b", CUTOFF, 1.0]]
