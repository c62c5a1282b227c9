"""A new training describes customers in the champion's words, and scores as its card says."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.segments.kinds import customers
from tiercast.config import TrainCard, card_of
from tiercast.errors import CardError
from tiercast.segments import fit
from tiercast.training.describing import describe

SEEN = customers(each=60)
ENDS = date(2025, 6, 1)


def ready() -> Any:
    """What describing reads of a training: its customers, a panel that reaches a quarter back, its days."""
    past = SEEN.assign(cutoff=date(2025, 3, 1))
    labels = pd.DataFrame({"value_currency": SEEN["spend_91d_currency"]})
    return SimpleNamespace(
        plan=SimpleNamespace(data_ends_on=ENDS),
        account=SimpleNamespace(first_day=date(2024, 1, 1)),
        panel=SimpleNamespace(features=past, labels=labels),
        customers=SEEN.assign(cutoff=ENDS),
        catalogue=SimpleNamespace(names=["orders"]),
    )


def card(**keys: Any) -> TrainCard:
    found = card_of({"job": "train", "source": "csv:x.csv", "clusters": 3, **keys})
    assert isinstance(found, TrainCard)
    return found


def described(monkeypatch: pytest.MonkeyPatch, before: Any = None, **keys: Any) -> Any:
    monkeypatch.setattr("tiercast.training.describing.champions_segments", lambda store: before)
    nothing: Any = None
    return describe(ready(), nothing, history=nothing, store=nothing, card=card(**keys))


def test_the_champions_labels_go_on_with_its_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = fit(SEEN, clusters=3, seed=1)
    champion = replace(first, names_en=("gold", "silver", "bronze"), names_zh=("金", "银", "铜"))
    found = described(monkeypatch, champion, seed=5)
    part, report = found.segmented
    assert part.names_en == ("gold", "silver", "bronze")
    assert report.matched.agreement > 0.98
    fresh, report = described(monkeypatch, None, seed=5).segmented
    assert report.matched is None
    assert not set(fresh.names_en) & {"gold", "silver", "bronze"}
    assert found.decided.basis == "rule"


def test_a_card_says_what_c_means_and_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = described(monkeypatch, rfmcl_third_letter="discount", rfmcl_weights=[1, 0, 0, 0, 0])
    assert found.rfmcl.letters["C"] == ("discount_share", False)
    scored = found.rfmcl.assign(SEEN)
    assert (scored["rfmcl_score"] == scored["rfmcl"].str[0].astype(float)).all()


@pytest.mark.parametrize("weights", [[0, 0, 0, 0, 0], [1, 1], [-1, 1, 1, 1, 1], [float("nan")] * 5])
def test_weights_that_cannot_be_meant_are_refused_with_the_card(weights: list[float]) -> None:
    with pytest.raises(CardError, match="rfmcl_weights"):
        card(rfmcl_weights=weights)


def test_the_choice_of_a_training_looks_at_what_its_panel_saw_a_quarter_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}

    def fit_and_tell(features: pd.DataFrame, **given: Any) -> Any:
        asked.update(given)
        return fit(features, clusters=3, seed=1)

    monkeypatch.setattr("tiercast.training.describing.segmenting.fit", fit_and_tell)
    described(monkeypatch, clusters=0)
    assert asked["clusters"] is None
    assert asked["past"].weeks == pytest.approx(92 / 7)
    assert np.allclose(asked["past"].value_currency, SEEN["spend_91d_currency"])
    assert len(asked["past"].later) == len(SEEN)
