"""Shake the future: what happens or becomes known at or after the cutoff changes no prediction, in batch or request."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tiercast
from tests.path.world import World

CUTOFF = date(2024, 10, 7)
SOME = [f"c{number:04}" for number in range(60)]


def shaken(rows: pd.DataFrame, cutoff: pd.Timestamp, seed: int) -> pd.DataFrame:
    """Return the touchpoints with everything that was not known before the cutoff dropped, changed or doubled."""
    chance = np.random.default_rng(seed)
    hidden = (rows["occurred_at"] >= cutoff) | (rows["known_at"] >= cutoff)
    past, later = rows[~hidden], rows[hidden]
    kept = later[chance.random(len(later)) < chance.random()]
    amount = pd.Series(np.round(chance.uniform(0, 9_999_999, len(kept)), 2), index=kept.index)
    changed = kept.assign(
        kind=chance.choice(
            ["purchase", "return", "complaint", "visit", "survey", "coupon_redemption"], len(kept)
        ),
        channel=chance.choice(["store", "web", "carrier_pigeon"], len(kept)),
        category=chance.choice(["bread", "moon dust"], len(kept)),
        amount=amount.where(chance.random(len(kept)) < 0.9),
        rating=chance.uniform(0, 5, len(kept)),
    )
    secret = past.sample(
        min(40, len(past)), random_state=seed
    )  # happened before, known only from the cutoff on
    wait = pd.to_timedelta(chance.integers(0, 60, len(secret)), unit="D")
    secret = secret.assign(known_at=(cutoff + wait).astype("datetime64[us]"), amount=1e6)
    new = changed.head(20).assign(customer_id="born later")
    return pd.concat([past, changed, secret, new]).sample(frac=1.0, random_state=seed).reset_index(drop=True)


@pytest.mark.parametrize("model", ["champion", "1"])
def test_no_prediction_of_a_request_knows_the_future(trained_world: World, model: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
        bundle = tiercast.load(model)
    rows = trained_world.touchpoints(SOME)

    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 10**6), back_days=st.integers(0, 200))
    def holds(seed: int, back_days: int) -> None:
        cutoff = CUTOFF - timedelta(days=back_days)
        truth = bundle.predict(rows, cutoff=cutoff)
        other = bundle.predict(shaken(rows, pd.Timestamp(cutoff), seed), cutoff=cutoff)
        born = other["customer_id"] == "born later"
        assert (other.loc[born, "basis_churn"] == "refused:NO_HISTORY").all()
        known = other["customer_id"].isin(truth["customer_id"])
        same = truth[truth["customer_id"].isin(other["customer_id"])].reset_index(drop=True)
        gone = truth[~truth["customer_id"].isin(other["customer_id"])]
        assert (gone["basis_churn"] == "refused:NO_HISTORY").all(), (
            "only who has no past may go with the future"
        )
        pd.testing.assert_frame_equal(other[known].reset_index(drop=True), same, check_exact=True)

    holds()


def test_no_prediction_of_a_batch_knows_the_future(world: World) -> None:
    rows = world.touchpoints(SOME)
    truth = tiercast.score(rows, cutoff=CUTOFF).cards
    for seed in (1, 2):
        other = tiercast.score(shaken(rows, pd.Timestamp(CUTOFF), seed), cutoff=CUTOFF).cards
        pd.testing.assert_frame_equal(other, truth, check_exact=True)


def test_what_happened_a_second_before_the_cutoff_counts_and_at_it_does_not(world: World) -> None:
    bundle = tiercast.load()
    row = {"customer_id": "x", "kind": "purchase", "channel": "web", "amount": 5.0}
    for moment, basis in (
        ("2024-10-06T23:59:59.999999Z", "model"),
        ("2024-10-07T00:00:00Z", "refused:NO_HISTORY"),
        ("2024-10-07T01:59:59+02:00", "model"),
        ("2024-10-06T22:00:00-02:00", "refused:NO_HISTORY"),
    ):
        assert bundle.predict([row | {"occurred_at": moment}], cutoff=CUTOFF)["basis_churn"].tolist() == [
            basis
        ], moment


def test_an_explanation_tells_nothing_of_the_future(world: World) -> None:
    rows = world.touchpoints(SOME)
    truth = tiercast.explain(rows, "c0003", cutoff=CUTOFF)
    other = tiercast.explain(shaken(rows, pd.Timestamp(CUTOFF), 3), "c0003", cutoff=CUTOFF)
    assert other.text == truth.text
    pd.testing.assert_frame_equal(other.events, truth.events)
