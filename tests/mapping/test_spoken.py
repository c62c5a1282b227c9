"""A map is named in a source, in a card or by an option, and it is the same map each time."""

import pytest

from tiercast.config import card_of
from tiercast.errors import SourceError
from tiercast.mapping.spoken import split_options, take_options, with_map


@pytest.mark.parametrize("job", ["train", "score", "segment"])
def test_a_card_with_a_map_is_a_card_whose_source_says_it(job: str) -> None:
    told = {"job": job, "source": "csv:orders.csv?delimiter=;", "map": "m.toml"} | (
        {"out": "x"} if job == "score" else {}
    )
    assert card_of(told).source == "csv:orders.csv?delimiter=;&map=m.toml"
    assert card_of({**told, "map": ""}).source == "csv:orders.csv?delimiter=;"
    again = card_of({**told, "source": "csv:orders.csv?map=m.toml"})
    assert again.source == "csv:orders.csv?map=m.toml"


def test_two_maps_for_one_source_are_refused() -> None:
    with pytest.raises(SourceError, match="two maps"):
        with_map("csv:orders.csv?map=a.toml", "b.toml")


@pytest.mark.parametrize(
    "path", ["m.toml", "a b/m & n.toml", "100%.toml", "why?.toml", "地图.toml", "a=b.toml", "#1.toml"]
)
def test_any_path_of_a_map_comes_back_as_it_was(path: str) -> None:
    for source in (
        "parquet:x.parquet",
        "csv:x.csv?delimiter=%26",
        "postgres:postgresql://db/shop?sslmode=require#orders",
    ):
        before, told, written = take_options(with_map(source, path))
        assert (before, told) == (source, {"map": path})
        assert before + written == with_map(source, path)


def test_options_of_a_scheme_stay_with_it() -> None:
    source = "csv:a.csv?delimiter=%26&zone=Europe/Berlin&quote=none"
    before, told, written = take_options(source)
    assert (before, told, written) == (
        "csv:a.csv?delimiter=%26&quote=none",
        {"zone": "Europe/Berlin"},
        "&zone=Europe/Berlin",
    )
    assert split_options(before) == ("csv:a.csv", {"delimiter": "&", "quote": "none"})


@pytest.mark.parametrize(
    "source",
    [
        "csv:a.csv?episode_gap_days=3&episode_gap_days=5",
        "parquet:a.parquet?currency=USD&zone=UTC&currency=EUR",
        "csv:a.csv?delimiter=;&delimiter=,",
    ],
)
def test_of_two_options_of_one_name_none_is_taken(source: str) -> None:
    with pytest.raises(SourceError, match="given twice; give it once"):
        split_options(take_options(source)[0])
