"""Everybody is predicted once, a chunk after the other, and the chunks change nothing."""

import pandas as pd
import pytest

from tiercast.planning.predicted import predicted


class Counting:
    """A version that tells how many rows it was asked about, and how often."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def enriched(self, rows: pd.DataFrame) -> pd.DataFrame:
        self.asked.append(len(rows))
        return rows.assign(churn_probability=rows["orders"] / 10, segment="x")

    def answer(
        self, rows: pd.DataFrame, *, policy: str, enriched: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        assert rows.index.tolist() == list(range(len(rows)))
        tiers = pd.DataFrame({"tier": [policy] * len(rows)})
        return enriched[["customer_id", "churn_probability"]], tiers


FEATURES = pd.DataFrame({"customer_id": list("abcde"), "cutoff": "2026-01-01", "orders": range(5)})


@pytest.mark.parametrize("chunk", [2, 5, 100])
def test_each_customer_is_predicted_once_whatever_the_chunk(chunk: int) -> None:
    bundle = Counting()
    cards, read = predicted(
        bundle, FEATURES, policy="gold", reads={"churn_probability", "nowhere", "tier"}, chunk=chunk
    )
    assert sum(bundle.asked) == 5
    assert max(bundle.asked) <= chunk
    assert cards["customer_id"].tolist() == list("abcde")
    assert set(read) == {"customer_id", "cutoff", "churn_probability", "tier"}
    assert read["tier"].tolist() == ["gold"] * 5


def test_nobody_is_answered_with_no_rows() -> None:
    cards, read = predicted(Counting(), FEATURES.iloc[:0], policy="gold", reads=set())
    assert (len(cards), len(read)) == (0, 0)
