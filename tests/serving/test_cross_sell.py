"""Cross-sell suggests what was never bought, by weights that a ridge regression category by category confirms."""

import json

import numpy as np
import pandas as pd
import pytest

from tiercast.actions.cross_sell_fit import BadRidge, fit_cross_sell
from tiercast.serving.cross_sell import CrossSell
from tiercast.serving.refusals import MissingColumns


def bought(seed: int = 3, customers: int = 80) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    table = chance.random((customers, 6)) < 0.4
    table[:, 1] = table[:, 0] ^ (chance.random(customers) < 0.1)  # beer and chips
    who, what = np.nonzero(table)
    names = np.array(["beer", "chips", "milk", "soap", "tea", "wine"])
    return pd.DataFrame({"customer_id": [f"c{place:02}" for place in who], "category": names[what]})


BOUGHT = bought()
FITTED = fit_cross_sell(BOUGHT)


def test_each_column_of_weights_is_a_ridge_regression_on_the_other_categories() -> None:
    table = pd.crosstab(BOUGHT["customer_id"], BOUGHT["category"]).to_numpy(float)
    ridge = 0.4 * len(table)
    for target in range(6):
        others = [place for place in range(6) if place != target]
        held = table[:, others]
        solved = np.linalg.solve(held.T @ held + ridge * np.eye(5), held.T @ table[:, target])
        assert FITTED.weights[others, target].tolist() == pytest.approx(solved.tolist(), abs=1e-5)
    assert np.diag(FITTED.weights).tolist() == [0.0] * 6


def test_what_goes_together_is_suggested_and_what_was_bought_never() -> None:
    who = pd.Series(sorted(set(BOUGHT["customer_id"])))
    told = FITTED.suggest(BOUGHT, who, most=6)
    had = set(zip(BOUGHT["customer_id"], BOUGHT["category"], strict=True))
    assert not had & set(zip(told["customer_id"], told["category"], strict=True))
    assert len(told) + len(had) == 6 * len(who)
    drinker = pd.DataFrame({"customer_id": ["x"], "category": ["beer"]})
    assert FITTED.suggest(drinker, pd.Series(["x"]), most=1)["category"].tolist() == ["chips"]


def test_nobody_known_gets_what_most_buy_and_who_has_all_gets_nothing() -> None:
    most = BOUGHT["category"].value_counts().index[0]
    assert FITTED.suggest(BOUGHT.iloc[:0], pd.Series(["new"]), most=1)["category"].tolist() == [most]
    every = pd.DataFrame({"customer_id": "all", "category": FITTED.categories})
    assert FITTED.suggest(every, pd.Series(["all"])).empty
    strange = pd.DataFrame({"customer_id": ["s"], "category": ["rockets"]})
    assert FITTED.suggest(strange, pd.Series(["s"]), most=1)["category"].tolist() == [most]


def test_the_order_of_customers_is_kept_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    who = pd.Series(sorted(set(BOUGHT["customer_id"]), reverse=True))
    whole = FITTED.suggest(BOUGHT, who)
    assert whole["customer_id"].drop_duplicates().tolist() == [
        each for each in who if each in set(whole["customer_id"])
    ]
    monkeypatch.setattr("tiercast.serving.cross_sell.CHUNK", 7)
    pd.testing.assert_frame_equal(FITTED.suggest(BOUGHT, who), whole)


def test_weights_come_back_from_json_to_the_bit() -> None:
    held = CrossSell.from_json(json.loads(json.dumps(FITTED.to_json(), allow_nan=False)))
    assert held.categories == FITTED.categories
    assert np.array_equal(held.weights, FITTED.weights)
    assert np.array_equal(held.buyers, FITTED.buyers)


def test_bad_input_is_refused_and_no_input_is_no_suggestion() -> None:
    with pytest.raises(BadRidge, match="above 0"):
        fit_cross_sell(BOUGHT, ridge_share=0.0)
    with pytest.raises(MissingColumns):
        FITTED.suggest(BOUGHT[["category"]], pd.Series(["a"]))
    assert fit_cross_sell(BOUGHT.iloc[:0]).suggest(BOUGHT, pd.Series(["a"])).empty
    assert len(fit_cross_sell(BOUGHT, most_categories=2).categories) == 2
