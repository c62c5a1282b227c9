"""What repeated purchases teach a clock: the pace of a category, how customers differ, what a larger purchase adds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tiercast.actions.clock_fit import fit_clocks
from tiercast.actions.clocks import REPLENISH, BadClock, ClockSettings, milestones_of
from tiercast.serving.clocks import Milestone


def planted(
    elasticity: float, *, customers: int = 400, within: float = 0.4, between: float = 0.5
) -> pd.DataFrame:
    chance = np.random.default_rng(11)
    level = chance.normal(3.0, between, customers)
    units = chance.integers(1, 7, (customers, 12)).astype(float)
    gaps = np.exp(level[:, None] + elasticity * np.log(units) + chance.normal(0, within, (customers, 12)))
    days = np.cumsum(np.maximum(np.rint(10 * gaps), 1), axis=1) - np.maximum(np.rint(10 * gaps), 1)
    return pd.DataFrame(
        {"customer_id": np.repeat([f"c{place:03}" for place in range(customers)], 12), "category": "x",
         "day": days.ravel().astype("int64"), "units": units.ravel(), "given_days": np.nan}
    )  # fmt: skip


@pytest.mark.parametrize("elasticity", [0.0, 0.6, 1.0])
def test_how_much_longer_a_larger_purchase_lasts_is_learned(elasticity: float) -> None:
    fitted = fit_clocks(planted(elasticity), milestones=milestones_of())
    assert fitted.paces.elasticity[0] == pytest.approx(elasticity, abs=0.06)


def test_planted_pace_and_variances_are_found() -> None:
    paces = fit_clocks(planted(0.0), milestones=milestones_of()).paces
    assert paces.log_days[0] == pytest.approx(3.0 + np.log(10), abs=0.08)
    assert paces.within_variance[0] == pytest.approx(0.16, rel=0.1)
    assert paces.between_variance[0] == pytest.approx(0.25, rel=0.25)


def test_shrinking_beats_own_means_and_the_category_on_planted_levels() -> None:
    rows = planted(0.0, between=0.4, within=0.8)
    few = rows.groupby("customer_id").head(3)  # two gaps each
    fitted = fit_clocks(few, milestones=milestones_of())
    from tiercast.serving.clocks import histories

    pairs = histories(few)
    truth = np.random.default_rng(11).normal(3.0, 0.4, 400) + np.log(10)
    weight = (
        2
        * fitted.paces.between_variance[0]
        / (2 * fitted.paces.between_variance[0] + fitted.paces.within_variance[0])
    )
    own = pairs["log_gap_mean"].to_numpy(float)
    shrunk = weight * own + (1 - weight) * fitted.paces.log_days[0]
    error = {name: float(np.mean((told - truth) ** 2))
             for name, told in (("own", own), ("usual", fitted.paces.log_days[0]), ("shrunk", shrunk))}  # fmt: skip
    assert error["shrunk"] < min(error["own"], error["usual"])


def test_without_a_single_gap_the_prior_of_a_month_stands() -> None:
    once = planted(0.0).drop_duplicates("customer_id")
    assert fit_clocks(once, milestones=()).paces.log_days == (pytest.approx(np.log(30)),)


def test_a_rare_category_is_taken_for_one_like_all() -> None:
    rows = planted(0.0)
    rare = rows.head(3).assign(category="rare", customer_id="z")
    fitted = fit_clocks(pd.concat([rows, rare]), milestones=milestones_of())
    assert fitted.paces.categories == ("x",)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (replace(REPLENISH, start="yesterday"), "starts at 'yesterday'"),
        (replace(REPLENISH, name="replenish"), "ends in _on"),
        (replace(REPLENISH, units=-1.0), "units must be 0 or more"),
    ],
)
def test_a_milestone_that_contradicts_itself_is_refused(
    wrong: Milestone, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiercast.actions.clocks.WRONG", wrong, raising=False)
    monkeypatch.setattr("tiercast.actions.clocks.REPLENISH", wrong)
    with pytest.raises(BadClock, match=sentence):
        milestones_of()


@pytest.mark.parametrize("wrong", [{"habit_units": 0.0}, {"least_gaps": 0}, {"date_quantile": 0.0}])
def test_settings_outside_their_bounds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadClock):
        ClockSettings(**wrong)


def test_a_milestone_of_yours_is_a_further_column_and_one_file(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "halfway.py").write_text(
        "from tiercast.serving.clocks import Milestone\n"
        'HALFWAY = Milestone("halfway_on", "last_bought", 0.5, 0, "half of a unit is used", "用了一半")\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import tiercast

    rows = pd.DataFrame({"customer_id": "a", "occurred_at": ["2025-01-01", "2025-01-11"], "kind": "purchase",
                         "channel": "web", "category": "tea", "quantity": 1.0})  # fmt: skip
    told = tiercast.clocks(rows, cutoff="2025-01-12", extensions=["halfway"])
    assert {"halfway_on", "replenish_on"} <= set(told)
