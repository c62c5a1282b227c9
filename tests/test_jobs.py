"""Jobs: a card runs what it is for and nothing else, and the page of the demo tells what was found."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast import jobs
from tiercast.config import card_of
from tiercast.errors import CardError
from tiercast.scoring import ScoreReport

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
    pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"),
]


def card(folder: Path, **keys: str) -> Path:
    place = folder / "card.toml"
    place.write_text("".join(f'{name} = "{value}"\n' for name, value in keys.items()), "utf-8")
    return place


def test_a_score_card_writes_a_scorecard(world: World, tmp_path: Path) -> None:
    place = card(
        tmp_path, job="score", source=world.source, out=str(tmp_path / "out"), cutoff=CUTOFF.isoformat()
    )
    report = jobs.run_card(place)
    assert isinstance(report, ScoreReport)
    assert report.place is not None
    assert len(pd.read_parquet(report.place)) == report.customers == 702


def test_a_segment_card_writes_the_assignment(world: World, tmp_path: Path) -> None:
    place = card(tmp_path, job="segment", source=world.source, out=str(tmp_path / "new" / "segments.parquet"))
    result = jobs.run_card(place)
    assert len(pd.read_parquet(tmp_path / "new" / "segments.parquet")) == len(result.assigned)


def test_a_train_card_is_handed_to_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(jobs.api, "train", lambda given, **options: asked.append((given, options)))
    jobs.run_card(card(tmp_path, job="train", source="parquet:x"), root=tmp_path)
    assert asked[0][0] == card_of({"job": "train", "source": "parquet:x"})
    assert asked[0][1]["root"] == tmp_path


def test_a_card_with_a_typo_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="did you mean source"):
        jobs.run_card(card(tmp_path, job="train", sorce="parquet:x"))


def test_the_examples_show_three_customers_with_reasons(world: World) -> None:
    cards = tiercast.score(world.source, cutoff=CUTOFF).cards
    examples = jobs.examples_text(cards)
    assert [line.split(":")[0] for line in examples.splitlines() if ": customer" in line] == [
        "most valuable", "most value at risk", "most likely gone",
    ]  # fmt: skip
    assert examples.count("why: ") == 3
    assert "nan" not in examples


@pytest.mark.parametrize(("customers", "reasons"), [(["never1", "never2"], 0), (["c0001"], 3)])
def test_the_examples_survive_customers_of_whom_nothing_is_expected(
    world: World, customers: list[str], reasons: int
) -> None:
    told = jobs.examples_text(
        tiercast.score(world.touchpoints(customers), cutoff=CUTOFF, newest_within_days=400).cards
    )
    assert told.count("why: ") == reasons
    assert ("nobody has bought yet" in told) is (reasons == 0)
