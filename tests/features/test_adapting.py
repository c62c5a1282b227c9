"""The catalogue declares what the data can feed, and whatever they feed makes a text that runs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.features.drawn import CUTOFF, moment, table
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.serving.contract import FAMILIES, KINDS
from tiercast.sources.siding import read_sides

DAY = 86_400


def history(*kinds: str) -> History:
    rows = [
        {"customer_id": "a", "kind": kind, "channel": channel, "occurred_at": moment(-DAY * day), "amount": 1.0,
         "survey_type": "nps", "rating": 9.0, "rating_scale": 10.0, "case_id": "k", "points": 5.0, "purpose": "p",
         "referred_customer_id": "b"}
        for kind in kinds for day, channel in ((3, "web"), (99, "store"))
    ]  # fmt: skip
    return History("drawn", frame=table(rows))


@pytest.mark.parametrize("kind", [*KINDS, "unheard_of"])
def test_a_history_of_one_kind_alone_can_be_told(engine: DuckDBEngine, kind: str) -> None:
    one = history(kind)
    engine.attach(one)
    catalogue = build_catalogue(look(engine.run, one, CUTOFF))
    found = features_at(engine, one, catalogue, (CUTOFF,))
    assert list(found) == ["customer_id", "cutoff", *catalogue.names]
    assert found["touchpoints"].tolist() == [2]


def test_any_two_families_of_kinds_can_be_told(engine: DuckDBEngine) -> None:
    for number, one in enumerate(FAMILIES):
        for other in list(FAMILIES)[number + 1 :]:
            both = history(*FAMILIES[one], *FAMILIES[other])
            engine.attach(both)
            catalogue = build_catalogue(look(engine.run, both, CUTOFF))
            found = features_at(engine, both, catalogue, (CUTOFF,))
            assert np.isfinite(found["days_since_touchpoint"]).all(), (one, other)


def test_what_is_looked_for_is_what_is_there(engine: DuckDBEngine) -> None:
    everything = history(*KINDS)
    engine.attach(everything)
    seen = look(engine.run, everything, CUTOFF)
    assert (seen.surveys, seen.purposes) == (frozenset({"nps"}), ("p",))
    assert seen.cases
    assert seen.points
    assert seen.referred
    names = set(build_catalogue(seen).names)
    assert {"nps_code", "consent_c0_p", "complaints_open", "points_balance", "referred_customers"} <= names
    assert "csat_share" not in names
    only = history("purchase")
    engine.attach(only)
    assert not {
        name
        for name in build_catalogue(look(engine.run, only, CUTOFF)).names
        if "consent" in name or "nps" in name
    }


def test_a_purpose_that_comes_up_later_is_not_in_the_vocabulary(engine: DuckDBEngine) -> None:
    rows = [
        {"customer_id": "a", "kind": "consent_granted", "channel": "web", "occurred_at": moment(shift), "purpose": purpose}
        for shift, purpose in ((-9, "now"), (9, "later"))
    ]  # fmt: skip
    both = History("drawn", frame=table(rows))
    engine.attach(both)
    assert look(engine.run, both, CUTOFF).purposes == ("now",)


@pytest.mark.parametrize(
    ("kinds", "share"), [(("purchase",), 1 / 6), (("purchase", "enrol"), 1 / 6), (("review",), 2 / 6)]
)
def test_what_is_on_record_is_user_data_once(
    engine: DuckDBEngine, kinds: tuple[str, ...], share: float
) -> None:
    on_record = read_sides({"customers": pd.DataFrame({"customer_id": ["a"], "birth_on": ["1990-01-01"]})})
    described = replace(history(*kinds), sides=on_record)
    engine.attach(described)
    catalogue = build_catalogue(look(engine.run, described, CUTOFF))
    found = features_at(engine, described, catalogue, (CUTOFF,))
    assert found["attributes_known"].tolist() == [1]
    assert found["data_kinds_share"].tolist() == [pytest.approx(share)]
