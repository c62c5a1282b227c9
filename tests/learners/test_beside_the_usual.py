"""Candidates beside the usual ones: the last window again, an RFM table, an elastic net, trees that know no process."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.path.world import small_panel
from tiercast.collect import collect
from tiercast.evaluation.metrics import log_loss
from tiercast.learners.elastic_net import ELASTIC_NET
from tiercast.learners.last_window import LAST_WINDOW_ORDERS, LAST_WINDOW_VALUE
from tiercast.learners.learner import BlendOf, Learner, Panel, Setup
from tiercast.learners.rules import RFM, SHRINK_ROWS
from tiercast.learners.without_btyd import LIGHTGBM_WITHOUT_BTYD
from tiercast.serving.btyd_stage import COLUMNS
from tiercast.serving.linear import Linear
from tiercast.serving.parts import restore
from tiercast.training.judging import RULES
from tiercast.windows import Horizon

SETUP = Setup(Horizon(28), 7, 1)
ALL = (ELASTIC_NET, LAST_WINDOW_ORDERS, LAST_WINDOW_VALUE, LIGHTGBM_WITHOUT_BTYD, RFM)


@pytest.mark.parametrize("learner", ALL, ids=lambda learner: learner.name)
def test_the_fit_leaves_the_panel_alone_and_comes_back_from_json_as_it_was(learner: Learner) -> None:
    rows = small_panel()
    before = rows.features.copy(deep=True), rows.labels.copy(deep=True)
    part: Any = learner.fit(rows, learner.defaults, SETUP)
    assert rows.features.equals(before[0])
    assert rows.labels.equals(before[1])
    said = part.predict(rows.features)
    assert np.isfinite(said).all()
    assert (said >= 0).all()
    np.testing.assert_array_equal(restore(part.to_json()).predict(rows.features), said)
    assert part.to_json() == learner.fit(rows, learner.defaults, SETUP).to_json()


def test_all_are_found_are_tuned_by_nobody_and_in_no_average() -> None:
    found = collect("tiercast.learners", Learner)
    blended = {name for each in collect("tiercast.learners", BlendOf).values() for name in each.of}
    for learner in ALL:
        assert found[learner.name] is learner
        assert not learner.space
        assert learner.name not in blended
    assert all(found[name].basis == "rule" for name in RULES.values())


@pytest.mark.parametrize(("horizon", "window"), [(28, 28), (60, 91), (365, 364)])
def test_the_last_window_is_said_again_in_proportion(horizon: int, window: int) -> None:
    rows, setup = small_panel(), Setup(Horizon(horizon), 7, 1)
    for learner, column in (
        (LAST_WINDOW_VALUE, "spend_{}d_currency"),
        (LAST_WINDOW_ORDERS, "order_days_{}d"),
    ):
        seen = rows.features[column.format(window)].to_numpy(float)
        said = learner.fit(rows, {}, setup).predict(rows.features)
        np.testing.assert_allclose(said, seen * horizon / window, rtol=1e-12)
        assert seen.max() > 0


def test_where_nothing_was_paid_the_last_window_is_zero() -> None:
    rows = small_panel()
    free = Panel(rows.features[["customer_id", "cutoff"]], rows.labels, ())
    assert LAST_WINDOW_VALUE.fit(free, {}, SETUP).predict(free.features).tolist() == [0.0] * len(free)


def test_the_rfm_table_gives_the_shrunk_share_of_each_cell() -> None:
    cells = [(r, f, m) for r in (1.0, 90.0) for f in (1.0, 9.0) for m in (5.0, 500.0)]
    bought = [90, 70, 60, 50, 40, 30, 20, 10]
    rows = pd.DataFrame(
        np.repeat(cells, 100, axis=0), columns=["days_since_purchase", "order_days", "net_spend_currency"]
    )
    label = np.concatenate([np.repeat([1.0, 0.0], [count, 100 - count]) for count in bought])
    table = RFM.fit(Panel(rows, pd.DataFrame({"purchased": label}), tuple(rows)), {"bands": 2}, SETUP)
    said = table.predict(rows.iloc[::100])
    np.testing.assert_allclose(said, (np.array(bought) + SHRINK_ROWS * label.mean()) / (100 + SHRINK_ROWS))


def test_an_elastic_net_leaves_most_features_out_and_still_beats_the_mean() -> None:
    rows = small_panel()
    bought = rows.labels["purchased"].to_numpy(float)
    part = ELASTIC_NET.fit(rows, ELASTIC_NET.defaults, SETUP)
    assert isinstance(part, Linear)
    assert 3 <= np.count_nonzero(part.weights) < len(part.columns) / 2
    said = part.predict(rows.features)
    assert log_loss(bought, said) < 0.95 * log_loss(bought, np.full(len(bought), bought.mean()))
    more = ELASTIC_NET.fit(rows, {"penalty": 0.05, "l1_ratio": 0.5}, SETUP)
    assert np.count_nonzero(more.weights) < np.count_nonzero(part.weights)


def test_of_one_outcome_an_elastic_net_says_just_that() -> None:
    rows = small_panel()
    all_bought = Panel(rows.features, rows.labels.assign(purchased=1.0), rows.columns)
    assert set(ELASTIC_NET.fit(all_bought, ELASTIC_NET.defaults, SETUP).predict(rows.features)) == {1.0}


def test_trees_without_the_process_read_no_column_of_it() -> None:
    rows = small_panel()
    part = LIGHTGBM_WITHOUT_BTYD.fit(rows, LIGHTGBM_WITHOUT_BTYD.defaults, SETUP)
    assert set(part.columns) == set(rows.columns) - set(COLUMNS)
    assert not set(part.columns) & set(COLUMNS)
    other = rows.features.assign(**{name: 9.0 for name in COLUMNS if name in rows.features})
    np.testing.assert_array_equal(part.predict(other), part.predict(rows.features))
