"""Answers become JSON that any machine reads."""

import pandas as pd

from tiercast.cli.plain import plain


def test_plain_json_has_no_numpy_no_dates_and_nothing_that_is_not_finite() -> None:
    frame = pd.DataFrame(
        {"on": [pd.Timestamp("2025-01-01"), pd.NaT], "share": [0.5, float("nan")], "n": [1, 2]}
    )
    assert plain({"rows": frame, "cell": frame["share"].to_numpy(), "infinite": float("inf")}) == {
        "rows": [{"on": "2025-01-01T00:00:00", "share": 0.5, "n": 1}, {"on": None, "share": None, "n": 2}],
        "cell": [0.5, None],
        "infinite": None,
    }
