"""Side tables on the command line and in cards: given by name, told in the account, and a typo refused before any is read."""

from pathlib import Path

import pytest

from tests.cli.running import SCORE_CARD, answer, assert_readable, run
from tiercast.config import ScoreCard, SegmentCard, TrainCard, card_of
from tiercast.errors import CardError

PRODUCTS = "product_id,category,unit_cost\np1,milk,1\np2,wine,2\np3,,-1\n" + "".join(
    f"q{n},x,1\n" for n in range(9)
)
IDENTITIES = "identity_kind,identity,customer_id\ncookie,x,a\n"
HISTORY = """customer_id,occurred_at,kind,channel,amount,product_id,identity,identity_kind
a,2025-01-01,purchase,store,10,p1,,
b,2025-01-20,purchase,store,5,p9,,
,2025-01-21,visit,web,,,x,cookie
,2025-01-22,visit,web,,,y,cookie
"""
GIVEN = ("--side", "products=csv:products.csv", "--side", "identities=identities.csv")


@pytest.fixture
def beside(shop: Path) -> Path:
    for name, text in (("products", PRODUCTS), ("identities", IDENTITIES), ("touchpoints", HISTORY)):
        (shop / f"{name}.csv").write_text(text, encoding="utf-8")
    return shop


def test_check_accounts_for_side_tables_and_tells_who_was_found(beside: Path) -> None:
    account = answer("check", "touchpoints.csv", *GIVEN)["account"]
    products, identities = account["sides"]
    assert (products["name"], products["rows_read"], products["rejected"]) == (
        "products",
        12,
        {"NEGATIVE_NUMBER": 1},
    )
    assert (products["used"], products["missing"], identities["keys"]) == (2, 1, 1)
    assert {each["channel"]: each["matched_share"] for each in account["matches"]} == {
        "store": 1.0,
        "web": 0.5,
    }
    assert (account["customers"], account["rows_unresolved"]) == (2, 1)


def test_check_shows_side_tables_to_people_within_80_columns(beside: Path) -> None:
    done = run("check", "touchpoints.csv", *GIVEN)
    assert_readable(done)
    for expected in (
        "Side tables",
        "NEGATIVE_NUMBER",
        "1 of 2 keys in the touchpoints are not in it (50.0 %)",
        "cookie",
        "50.0 %",
    ):
        assert expected in done.stdout


@pytest.mark.parametrize(
    ("told", "words"),
    [("product=csv:products.csv", "did you mean 'products'"), ("products", "not of the form NAME=SOURCE"),
     ("products=csv:nowhere.csv", "no such file")],
)  # fmt: skip
@pytest.mark.parametrize(
    "command",
    [("check", "nowhere.csv"), ("features", "nowhere.csv", "--list"), ("segment", "nowhere.csv"),
     ("score", "--source", "nowhere.csv", "--out", "scores"),
     ("explain", "a", "--source", "nowhere.csv", "--cutoff", "2025-02-01")],
    ids=lambda command: command[0],
)  # fmt: skip
def test_every_command_that_takes_a_source_takes_side_tables(
    command: tuple[str, ...], told: str, words: str, kept: Path
) -> None:
    done = run(*command, "--side", told)
    assert done.exit_code in (2, 3)
    assert words in done.stderr.replace("\n", " ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_features_read_side_tables(beside: Path) -> None:
    told = answer("features", "touchpoints.csv", *GIVEN, "--cutoff", "2025-02-01", "--out", "seen.csv")
    assert "spend_on_c0_milk_currency" in told["features"]
    assert (
        "JOIN products"
        in run("features", "touchpoints.csv", *GIVEN, "--cutoff", "2025-02-01", "--sql").stdout
    )


@pytest.mark.parametrize(
    "job", [{"job": "train"}, {"job": "score", "out": "x"}, {"job": "segment"}], ids=lambda job: job["job"]
)
def test_a_card_gives_side_tables(job: dict[str, str]) -> None:
    card = card_of({**job, "source": "csv:t.csv", "sides": ["products=csv:p.csv", "stores=s.csv"]})
    assert isinstance(card, TrainCard | ScoreCard | SegmentCard)
    assert card.sides == ("products=csv:p.csv", "stores=s.csv")
    with pytest.raises(CardError, match="did you mean 'products'"):
        card_of({**job, "source": "csv:t.csv", "sides": ["prodcts=csv:p.csv"]})
    with pytest.raises(CardError, match="given twice"):
        card_of({**job, "source": "csv:t.csv", "sides": ["stores=a.csv", "stores=b.csv"]})


def test_a_card_of_scoring_leaves_no_room_for_options(beside: Path) -> None:
    (beside / "score.toml").write_text(SCORE_CARD, encoding="utf-8")
    done = run("score", "score.toml", *GIVEN)
    assert (done.exit_code, "--side" in done.stderr) == (2, True)
