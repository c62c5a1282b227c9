"""Job cards: flat, checked before anything is read, and a typo says what was probably meant."""

from pathlib import Path

import pytest

from tiercast.config import AddCard, ScoreCard, SegmentCard, TrainCard, card_of, read_card
from tiercast.errors import CardError

TRAIN = {"job": "train", "source": "parquet:x"}


def test_each_job_has_its_card_with_its_defaults() -> None:
    assert card_of(TRAIN) == TrainCard(job="train", source="parquet:x")
    assert isinstance(card_of({"job": "score", "source": "x", "out": "y"}), ScoreCard)
    assert isinstance(card_of({"job": "segment", "source": "x"}), SegmentCard)
    assert isinstance(card_of({"job": "add", "source": "x", "to": "y"}), AddCard)


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({}, "job is None"),
        ({"job": "dance"}, "there is: add, score, segment, train"),
        ({"job": "train"}, "source"),
        (TRAIN | {"horizn_days": 3}, "did you mean horizon_days"),
        (TRAIN | {"zzz": 3}, "unknown key 'zzz'"),
        (TRAIN | {"horizon_days": -1}, "greater than or equal to 0"),
        (TRAIN | {"horizon_days": 9999}, "horizon_days"),
        (TRAIN | {"horizon_days": 1.5}, "horizon_days"),
        (TRAIN | {"until": "2024-02-31"}, "until"),
        (TRAIN | {"until": "31.12.2024"}, "until"),
        (TRAIN | {"until": "latest"}, "until"),
        (TRAIN | {"seed": -1}, "seed"),
        (TRAIN | {"margin_share": 0}, "margin_share: Input should be greater than 0"),
        (TRAIN | {"margin_share": 35}, "margin_share: Input should be less than or equal to 1"),
        (TRAIN | {"margin_share": float("nan")}, "margin_share"),
        (TRAIN | {"discount_yearly_share": 8}, "discount_yearly_share: Input should be less than 1"),
        (TRAIN | {"discount_yearly_share": -0.1}, "discount_yearly_share"),
        (TRAIN | {"margin": 0.3}, "did you mean margin_share"),
        (TRAIN | {"policy": {"a": 1}}, "a card is flat"),
        ({"job": "score", "source": "x", "out": "y", "cutoff": "2024-13-01"}, "cutoff"),
        ({"job": "score", "source": "x", "out": "y", "language": "fr"}, "language"),
        (TRAIN | {f"key{number}": 1 for number in range(20)}, "at most 15"),
    ],
    ids=str,
)
def test_a_card_that_cannot_be_used_says_why(stored: dict[str, object], words: str) -> None:
    with pytest.raises(CardError, match=words) as refused:
        card_of(dict(stored))
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)


def test_a_cutoff_is_a_day_or_the_latest() -> None:
    for cutoff in ("latest", "2024-02-29"):
        card = card_of({"job": "score", "source": "x", "out": "y", "cutoff": cutoff})
        assert isinstance(card, ScoreCard)
        assert card.cutoff == cutoff


@pytest.mark.parametrize(
    ("content", "words"), [(None, "no such file"), (b"job = ", "not TOML"), (b"\xff\xfe", "cannot be read")]
)
def test_a_file_that_is_no_card_says_why(tmp_path: Path, content: bytes | None, words: str) -> None:
    place = tmp_path / "card.toml"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(CardError, match=words):
        read_card(place)


def test_a_card_for_another_job_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "card.toml"
    place.write_text('job = "segment"\nsource = "x"\n', "utf-8")
    assert isinstance(read_card(place, job="segment"), SegmentCard)
    with pytest.raises(CardError, match="for the job segment, not train"):
        read_card(place, job="train")


def test_a_folder_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(CardError):
        read_card(tmp_path)
