"""Affinities and price sensitivity are posterior means, held to independent likelihoods and formulas."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import dirichlet_multinomial, nbinom

from tiercast.actions.affinity_fit import fit_affinity
from tiercast.actions.sensitivity_fit import fit_sensitivity
from tiercast.serving.affinity import WEEKDAYS, Affinity
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.sensitivity import PriceSensitivity, sums_of_lines


def drawn(strength: float, customers: int = 400, seed: int = 2) -> tuple[pd.DataFrame, np.ndarray]:
    chance = np.random.default_rng(seed)
    mean = np.array([0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    table = np.array(
        [
            chance.multinomial(chance.integers(3, 40), chance.dirichlet(strength * mean))
            for _ in range(customers)
        ]
    )
    who, what = np.nonzero(table)
    counts = pd.DataFrame({"customer_id": [f"c{place:03}" for place in who], "term": np.array(WEEKDAYS)[what],
                           "count": table[who, what]})  # fmt: skip
    return counts, table


@pytest.mark.parametrize("strength", [2.0, 30.0])
def test_the_strength_is_that_of_the_most_likely_dirichlet_multinomial(strength: float) -> None:
    counts, table = drawn(strength)
    fitted = fit_affinity(counts, dimension="weekday", terms=WEEKDAYS)
    mean = np.array(fitted.means[""])
    grid = np.exp(np.linspace(np.log(0.3), np.log(300), 80))
    told = [dirichlet_multinomial.logpmf(table, s * mean, table.sum(axis=1)).sum() for s in grid]
    ours = dirichlet_multinomial.logpmf(table, fitted.strength * mean, table.sum(axis=1)).sum()
    assert ours >= max(told) - 0.05
    assert fitted.strength == pytest.approx(strength, rel=0.35)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 50)), max_size=6))
def test_shares_are_counts_beside_the_strength_of_the_group_and_add_up(
    rows: list[tuple[str, str, int]],
) -> None:
    part = Affinity("channel", ("x", "y"), {"": (0.7, 0.3)}, 5.0)
    counts = pd.DataFrame(rows, columns=["customer_id", "term", "count"])
    shares = part.shares(counts, pd.Series(["a", "b"]))
    for place, who in enumerate("ab"):
        x, y = (sum(n for w, t, n in rows if (w, t) == (who, term)) for term in "xy")
        assert shares[place].tolist() == pytest.approx([(x + 3.5) / (x + y + 5), (y + 1.5) / (x + y + 5)])
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1])


def test_a_thin_history_is_drawn_to_its_own_group() -> None:
    table = (
        [(f"a{n}", "x", 9) for n in range(30)] + [(f"b{n}", "y", 9) for n in range(30)] + [("few", "x", 0)]
    )
    counts = pd.DataFrame(table, columns=["customer_id", "term", "count"])
    groups = pd.Series({who: who[0] for who, _, _ in table})
    fitted = fit_affinity(counts, dimension="channel", groups=groups)
    told = fitted.best(counts, pd.Series(["new", "new too"]), "channel", pd.Series(["a", "b"]))
    assert told["preferred_channel"].tolist() == ["x", "y"]
    assert fitted.lift(counts, pd.Series(["new"]), pd.Series(["nowhere"])).iloc[0].tolist() == pytest.approx(
        [1, 1]
    )


def test_nothing_seen_is_no_preference_and_no_terms_are_no_answer() -> None:
    nothing = pd.DataFrame({"customer_id": [], "term": [], "count": []})
    assert fit_affinity(nothing, dimension="hour", terms=["0", "1"]).means == {"": (0.5, 0.5)}
    told = fit_affinity(nothing, dimension="channel").best(nothing, pd.Series(["a"]), "channel")
    assert told["preferred_channel"].tolist() == [None]
    with pytest.raises(MissingColumns, match="count"):
        fit_affinity(nothing, dimension="hour", terms=["0"]).shares(
            nothing[["customer_id", "term"]], pd.Series(["a"])
        )


def lines(seed: int = 4) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    who = np.repeat(np.arange(300), 2)
    usual = np.tile([0.1, 0.5], 300)
    bought = chance.integers(5, 60, 600)
    eager = np.repeat(chance.gamma(8.0, 1 / 8.0, 300), 2)
    taken = np.minimum(chance.poisson(bought * usual * eager), bought)
    return pd.DataFrame({"customer_id": [f"c{each:03}" for each in who], "category": np.tile(["toys", "meat"], 300),
                         "lines": bought, "discounted_lines": taken})  # fmt: skip


def test_price_sensitivity_is_the_posterior_of_the_most_likely_gamma_poisson() -> None:
    rows = lines()
    fitted = fit_sensitivity(rows)
    sums = sums_of_lines(rows, fitted.usual_share)
    expected, discounted = sums["expected"].to_numpy(), sums["discounted"].to_numpy()

    def likelihood(s: float) -> float:
        return float(nbinom.logpmf(discounted, s, s / (s + expected)).sum())

    assert likelihood(fitted.strength) >= max(likelihood(s) for s in np.exp(np.linspace(-2, 6, 60))) - 0.05
    told = fitted.tell(rows, pd.Series(sorted(set(rows["customer_id"]))))
    ratio = (discounted + fitted.strength) / (expected + fitted.strength)
    assert told["price_sensitivity_ratio"].tolist() == pytest.approx(ratio.tolist())


def test_who_buys_what_is_always_reduced_is_not_called_sensitive() -> None:
    rows = lines()
    fitted = fit_sensitivity(rows)
    alike = pd.DataFrame(
        {"customer_id": ["meat", "toys"], "category": ["meat", "toys"], "lines": 100, "discounted_lines": 50}
    )
    told = fitted.tell(alike, pd.Series(["meat", "toys"]))["price_sensitivity_ratio"]
    assert told[0] == pytest.approx(1.0, abs=0.15)
    assert told[1] > 2


def test_without_discounts_nobody_is_sensitive() -> None:
    rows = lines().assign(discounted_lines=0)
    assert set(
        fit_sensitivity(rows).tell(rows, rows["customer_id"].drop_duplicates())["price_sensitivity_ratio"]
    ) == {1.0}


def test_parts_come_back_from_json_as_they_went() -> None:
    affinity = fit_affinity(drawn(5.0)[0], dimension="weekday", terms=WEEKDAYS)
    assert Affinity.from_json(json.loads(json.dumps(affinity.to_json(), allow_nan=False))) == affinity
    price = fit_sensitivity(lines())
    assert PriceSensitivity.from_json(json.loads(json.dumps(price.to_json(), allow_nan=False))) == price
