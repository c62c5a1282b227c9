"""Labels follow the customers who bear them, whatever order the clusters come in."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.segments.matching import match
from tiercast.segments.migration import migration_of
from tiercast.serving.behaviour import Behaviour
from tiercast.serving.segments import Segments

LINE = (Behaviour("orders", 0.0, 9.0, 0.0, 3.0, power=1.0),)
NAMES = ("a", "b", "c", "d")
PLACES = ((0.0,), (1.0,), (2.0,), (3.0,))
SEEN = pd.DataFrame({"days_since_purchase": 1.0, "orders": np.tile([0.0, 3.0, 6.0, 9.0, 9.0], 8)})


@settings(max_examples=24, deadline=None)
@given(st.permutations(range(4)), st.floats(-0.2, 0.2))
def test_any_order_of_the_same_clusters_is_undone(order: list[int], shift: float) -> None:
    old = Segments(LINE, PLACES, NAMES, NAMES)
    new = Segments(LINE, tuple((PLACES[each][0] + shift,) for each in order), NAMES, NAMES)
    found = match(old, new, SEEN)
    assert list(found.old_of) == order
    assert found.agreement == 1.0


def test_a_cluster_that_shares_few_customers_is_new() -> None:
    old = Segments(LINE, ((0.0,), (2.4,)), ("few", "many"), ("少", "多"))
    new = Segments(LINE, ((0.0,), (1.0,), (3.0,)), NAMES[:3], NAMES[:3])
    found = match(old, new, SEEN)
    assert found.old_of[0] == 0
    assert found.old_of[1] is None or found.old_of[2] is None
    assert 0.5 < found.agreement < 1.0


def test_nobody_in_common_is_told() -> None:
    part = Segments(LINE, PLACES, NAMES, NAMES)
    found = match(part, part, SEEN.assign(days_since_purchase=np.nan))
    assert found.problem == "no customer is placed by both"
    assert found.old_of == (None,) * 4


def test_moves_add_up_and_newcomers_are_told_apart() -> None:
    then = pd.Series({"1": "a", "2": "a", "3": "b", "4": None})
    now = pd.Series({"1": "a", "2": "b", "5": "a", "4": "b"})
    moves = migration_of(then, now)
    assert moves["customers"].sum() == 5
    assert moves.groupby("before")["share_of_before"].sum().tolist() == [1.0, 1.0, 1.0]
    cells = moves.set_index(["before", "after"])["customers"]
    assert cells["b", "not seen"] == 1
    assert cells["not a customer yet"].to_dict() == {"a": 1, "b": 1}
