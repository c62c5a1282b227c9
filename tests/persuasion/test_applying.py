"""What a run kept is enough: other customers, another day, the same answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.persuasion.drawn import READ, table
from tiercast.engines.opening import open_engine
from tiercast.errors import SourceError, UnknownName
from tiercast.frozen import features_of
from tiercast.persuasion import applying
from tiercast.persuasion.answering import UpliftResult
from tiercast.persuasion.applying import frozen_run
from tiercast.persuasion.refusals import BadExperiment, RunTooOld
from tiercast.registry import Store, open_store, run_file
from tiercast.serving.refusals import MissingColumns
from tiercast.sources.opening import open_source

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
DAY = pd.Timestamp("2024-05-01")


def shop(customers: int = 900) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return touchpoints and assignments: who bought by web is persuaded by the mailing, who bought in the store is not."""
    random = np.random.default_rng(6)
    names = np.array([f"c{place:04}" for place in range(customers)])
    web = random.random(customers) < 0.5
    treated = random.random(customers) < 0.5
    buys = random.random(customers) < np.where(web & treated, 0.75, 0.25)

    def bought(who: np.ndarray, days: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "customer_id": names[who], "occurred_at": DAY + pd.to_timedelta(days.astype(int), unit="D"),
                "kind": "purchase", "channel": np.where(web[who], "web", "store"), "amount": 10.0,
            }
        )  # fmt: skip

    everybody = np.arange(customers)
    rows = [
        bought(everybody, -random.integers(5, 60, customers)),
        bought(np.flatnonzero(buys), random.integers(1, 20, int(buys.sum()))),
    ]
    arms = pd.DataFrame(
        {
            "customer_id": names, "campaign_id": "may", "arm": np.where(treated, "treatment", "control"),
            "assigned_at": DAY, "probability": 0.5,
        }
    )  # fmt: skip
    earlier = np.where(random.random(customers) < 0.5, "treatment", "control")
    before = arms.assign(campaign_id="april", arm=earlier, assigned_at=DAY - pd.Timedelta(days=30))
    last = pd.DataFrame(
        [
            {
                "customer_id": "late",
                "occurred_at": DAY + pd.Timedelta(days=40),
                "kind": "visit",
                "channel": "web",
            }
        ]
    )
    return pd.concat([*rows, last], ignore_index=True), pd.concat([arms, before], ignore_index=True)


@pytest.fixture(scope="module")
def campaign() -> tuple[UpliftResult, pd.DataFrame, pd.DataFrame]:
    rows, arms = shop()
    found = tiercast.uplift(
        rows,
        sides={"assignments": arms},
        campaign="may",
        outcomes=("bought",),
        folds=2,
        resamples=100,
        horizon_days=28,
    )
    return found, rows, arms


def test_a_campaign_finds_whom_it_persuaded_and_tells_others_from_its_run_alone(
    campaign: tuple[UpliftResult, pd.DataFrame, pd.DataFrame],
) -> None:
    found, rows, arms = campaign
    assert not found.report.outcomes["bought"].code
    told = tiercast.apply_uplift(
        found.run_id, rows, outcome="bought", cutoff="2024-05-01", sides={"assignments": arms}
    )
    assert set(told["cutoff"]) == {DAY.date()}
    channel = rows.drop_duplicates("customer_id").set_index("customer_id")["channel"]
    by_channel = told.groupby(channel.loc[told["customer_id"]].to_numpy())["uplift"].mean()
    assert by_channel["web"] > 0.3
    assert abs(by_channel["store"]) < 0.2
    today = tiercast.apply_uplift(found.run_id, rows, outcome="bought")
    assert "late" not in set(told["customer_id"])
    assert len(today) >= len(told)
    assert today["list"].notna().all()


def test_another_currency_or_kind_of_attribute_than_was_learned_is_refused(
    campaign: tuple[UpliftResult, pd.DataFrame, pd.DataFrame],
) -> None:
    found, rows, _ = campaign
    with pytest.raises(SourceError, match="amounts are in EUR, and this version learned USD"):
        tiercast.apply_uplift(found.run_id, open_source(rows, currency="EUR"), outcome="bought")
    people = pd.DataFrame({"customer_id": rows["customer_id"].unique()})
    told = tiercast.uplift(
        rows,
        sides={
            "assignments": campaign[2],
            "customers": people.assign(age=np.arange(len(people)) % 60 + 18.0),
        },
        campaign="may",
        outcomes=("bought",),
        folds=2,
        resamples=100,
    )
    with pytest.raises(SourceError, match="attribute age is text, and this version learned it as number"):
        tiercast.apply_uplift(
            told.run_id, rows, outcome="bought", sides={"customers": people.assign(age="about forty")}
        )


def test_without_the_table_of_assignments_earlier_treatments_are_unknown_and_never_zero(
    campaign: tuple[UpliftResult, pd.DataFrame, pd.DataFrame],
) -> None:
    found, rows, arms = campaign
    frozen = frozen_run(open_store(None), found.run_id)
    assert frozen is not None
    drawn = ["treatments_182d", "holdouts_182d"]
    assert set(drawn) <= set(frozen.unknown({}))
    for sides, known in (({}, False), ({"assignments": arms}, True)):
        with open_engine() as engine:
            seen = features_of(frozen, open_source(rows, sides=sides), None, engine).features
        assert seen[drawn].notna().all(axis=None) == known
        assert seen[drawn].isna().all(axis=None) != known
    assert tiercast.apply_uplift(found.run_id, rows, outcome="bought")["uplift"].notna().all()


def test_a_run_that_kept_too_little_is_refused_with_a_code(
    campaign: tuple[UpliftResult, pd.DataFrame, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, rows, _ = campaign

    def kept(store: Store, run_id: str, name: str) -> Path | None:
        return None if name == "uplift/frozen.json" else run_file(store, run_id, name)

    monkeypatch.setattr(applying, "run_file", kept)
    with pytest.raises(RunTooOld, match="run the experiment again") as refused:
        tiercast.apply_uplift(found.run_id, rows, outcome="bought")
    assert refused.value.code == "RUN_TOO_OLD"


def test_a_table_is_told_from_the_run_of_a_table() -> None:
    rows = table(1_500)
    found = tiercast.uplift(rows, probability="chance", folds=2, resamples=100, **READ)
    new = table(50, seed=8).drop(columns=["arm", "bought", "chance"])
    told = tiercast.apply_uplift(found.run_id, new, outcome="bought")
    expected = found.report.outcomes["bought"].part.predict(new)
    pd.testing.assert_frame_equal(told[list(expected)], expected)
    assert told["customer_id"].tolist() == new["customer_id"].tolist()
    with pytest.raises(MissingColumns, match="mood"):
        tiercast.apply_uplift(found.run_id, new.drop(columns="mood"), outcome="bought")
    with pytest.raises(UnknownName, match="there is: bought"):
        tiercast.apply_uplift(found.run_id, new, outcome="visited")
    with pytest.raises(SourceError, match="not from touchpoints"):
        from tiercast.persuasion.applying import apply_to_history

        apply_to_history(open_store(None), found.run_id, "bought", open_source(shop(5)[0]))


def test_ids_of_a_file_stay_text_so_that_a_list_can_be_joined_back(tmp_path: Path) -> None:
    rows = table(1_500).rename(columns={"customer_id": "member"})
    rows["member"] = [f"{place:06}" for place in range(len(rows))]
    place = tmp_path / "members.csv"
    rows.to_csv(place, index=False)
    asked = {**READ, "customer": "member", "probability": "chance", "folds": 2, "resamples": 100}
    found = tiercast.uplift(str(place), **asked)
    assert found.customers["customer_id"].tolist() == rows["member"].tolist()
    assert "member" not in found.report.experiment.encoding.columns
    told = tiercast.apply_uplift(found.run_id, str(place), outcome="bought")
    assert told["member"].tolist() == rows["member"].tolist()


def test_settings_and_outcomes_that_do_not_exist_are_refused_before_anything_is_read() -> None:
    with pytest.raises(UnknownName, match="did you mean 'resamples'"):
        tiercast.uplift("nowhere.csv", resample=5, **READ)
    with pytest.raises(BadExperiment, match="once each"):
        tiercast.uplift("nowhere.csv", arm="arm", control="none", outcomes=("bought", "bought"))
    with pytest.raises(BadExperiment, match="told apart"):
        tiercast.uplift("nowhere.csv", arm="arm", control="none", outcomes=("a b", "a/b"))
