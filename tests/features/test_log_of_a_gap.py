"""The mean log of a gap is made of whole millionths, which no engine's last bit can move."""

import math

import numpy as np

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.rhythm import LOG_MILLIONTHS

LONGEST_DAYS = 65_535
"""As long as the roll-up can carry; 179 years."""


def test_no_gaps_logarithm_is_close_to_where_it_would_be_rounded_the_other_way() -> None:
    millionths = np.log(np.arange(1.0, LONGEST_DAYS + 1)) * 1e6
    away = np.abs(millionths - np.floor(millionths) - 0.5)
    last_bits = 4 * np.spacing(millionths.max())
    assert away.min() > 1e-5
    assert away.min() > 1000 * last_bits


def test_the_engine_has_the_millionths_that_python_has(engine: DuckDBEngine) -> None:
    found = engine.run(
        f"SELECT gap_days, {LOG_MILLIONTHS} AS told FROM range(0, {LONGEST_DAYS + 1}) AS gaps(gap_days)"
    )
    told = found.sort_values("gap_days")["told"].to_numpy()
    assert told[0] == 0
    assert told[1:].tolist() == [round(math.log(gap) * 1e6) for gap in range(1, LONGEST_DAYS + 1)]


def test_an_order_without_a_gap_adds_nothing(engine: DuckDBEngine) -> None:
    found = engine.run(f"SELECT {LOG_MILLIONTHS} AS told FROM (SELECT CAST(NULL AS INTEGER) AS gap_days)")
    assert found["told"].tolist() == [0]
