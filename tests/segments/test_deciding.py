"""Decision stages are learned from what customers did next, beat the shares they are judged by, and never crash."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tiercast.engines.opening import open_engine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.segments.deciding import fit_decisions, learn_decisions, next_steps, shares_by_stage
from tiercast.sources.opening import open_source

ORIGINS = [date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1)]


def episodes(rows: int = 1500, seed: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers who go on to the checkout the sooner, the fresher their stage is."""
    chance = np.random.default_rng(seed)
    seen = pd.DataFrame(
        {
            "cutoff": np.array(ORIGINS, dtype=object)[np.arange(rows) % 3],
            "episode_stage_code": chance.choice([1.0, 2.0, 3.0, 5.0], rows),
            "episode_stage_age_days": chance.integers(0, 29, rows).astype(float),
        }
    )
    fresh = chance.random(rows) < 1 / (1 + seen["episode_stage_age_days"] / 3)
    rest = np.where(seen["episode_stage_code"] == 5, 4, 0)
    return seen, np.where(fresh, 3, rest).astype(np.int64)


def test_the_regression_beats_the_shares_and_its_probabilities_come_true() -> None:
    seen, steps = episodes()
    found = fit_decisions(seen, steps, window_days=14)
    assert found.part.basis == "model"
    assert found.log_loss < found.rival_log_loss
    told = found.part.assign(seen)
    said = told["decision_purchase_probability"].to_numpy()
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 1.0)):
        held = (said >= low) & (said < high)
        assert said[held].mean() == pytest.approx((steps[held] == 3).mean(), abs=0.07)
    total = told.filter(like="_probability").sum(axis=1)
    assert total.to_numpy() == pytest.approx(1.0)


def test_where_freshness_says_nothing_the_shares_are_served() -> None:
    seen, _ = episodes(900)
    steps = np.where(np.random.default_rng(0).random(900) < 0.4, 3, 0)
    found = fit_decisions(seen[["cutoff", "episode_stage_code"]], steps, window_days=14)
    assert found.part.columns == ()
    shares = shares_by_stage(seen, steps, window_days=14).probabilities(seen)
    assert found.part.probabilities(seen)[:, 3] == pytest.approx(shares[:, 3], abs=0.05)


@pytest.mark.parametrize("rows", [0, 20])
def test_too_few_episodes_leave_the_observed_stage(rows: int) -> None:
    seen, steps = episodes(rows)
    assert fit_decisions(seen, steps, window_days=14).part.basis == "rule"


def test_one_outcome_for_all_leaves_the_observed_stage() -> None:
    seen, steps = episodes()
    assert fit_decisions(seen, np.zeros_like(steps), window_days=14).part.basis == "rule"


def test_the_next_step_is_the_furthest_that_was_known_in_time() -> None:
    def row(customer: str, at: str, kind: str, known: str | None = None) -> dict[str, str]:
        return {
            "customer_id": customer,
            "occurred_at": at,
            "kind": kind,
            "channel": "web",
            "known_at": known or at,
        }

    rows = [
        row(each, "2025-02-20", "visit")
        for each in ("buys", "weighs", "looks", "rests", "mailed", "late", "after")
    ]
    rows += [row("rests", "2025-02-25", "purchase"), row("after", "2025-02-25", "purchase")]
    rows += [row("buys", "2025-03-03", "view"), row("buys", "2025-03-05", "purchase")]
    rows += [row("weighs", "2025-03-03", "cart"), row("weighs", "2025-03-20", "purchase")]
    rows += [row("looks", "2025-03-01", "search"), row("mailed", "2025-03-02", "email_send")]
    rows += [row("late", "2025-03-05", "purchase", "2025-04-20"), row("after", "2025-03-02", "support")]
    history = open_source(pd.DataFrame(rows))
    with open_engine() as engine:
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, date(2025, 4, 1)))
        seen = features_at(engine, history, catalogue, ORIGINS[:1], wanted=["episode_stage_code"])
        found = next_steps(
            engine.run, history, seen, origins=ORIGINS[:1], days=14, known_until=date(2025, 4, 1)
        )
        short = learn_decisions(
            engine, history, catalogue, cutoff=date(2025, 4, 1), first_day=date(2025, 2, 20), seed=0
        )
    assert dict(zip(seen["customer_id"], found.tolist(), strict=True)) == {
        "buys": 3, "weighs": 2, "looks": 1, "rests": 4, "mailed": 0, "late": 0, "after": 4,
    }  # fmt: skip
    assert short.part.basis == "rule"
