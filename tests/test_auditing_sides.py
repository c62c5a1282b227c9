"""The audit and side tables: attributes without times are told, dated ones are not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.path.world import CARD, make_touchpoints

CODE = "SIDE_TABLE_WITHOUT_TIME"


@pytest.mark.parametrize("since", [None, "2023-06-01"])
def test_an_attribute_without_a_time_is_told_and_a_dated_one_is_not(
    tmp_path: Path, since: str | None
) -> None:
    rows = make_touchpoints(240)
    rows.to_parquet(tmp_path / "touchpoints.parquet", index=False)
    names = sorted(rows["customer_id"].unique())
    people = pd.DataFrame({"customer_id": names, "points": np.arange(len(names)) % 50, "valid_from": since})
    people.to_parquet(tmp_path / "people.parquet", index=False)
    card = {
        **CARD,
        "source": str(tmp_path / "touchpoints.parquet"),
        "test_origins": 1,
        "step_days": 56,
        "sides": [f"customers={tmp_path / 'people.parquet'}"],
    }
    (finding,) = [each for each in tiercast.audit(card).findings if each.code == CODE]
    assert finding.holds == (since is not None)
    assert finding.columns[:1] == (() if since else ("attribute_c0_points",))
