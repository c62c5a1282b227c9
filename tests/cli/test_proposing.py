"""The command line and a table under other names: a map is proposed, saved, used, and never overwritten."""

from pathlib import Path

import pytest

from tests.cli.running import answer, assert_readable, run

OTHER = "Kunde;Tag;Umsatz\na;2025-01-01;10\nb;2025-01-02;20\na;2025-01-03;30\n"
LIST = "customer_id,age\n" + "".join(f"{number},{number}\n" for number in range(40))


@pytest.fixture
def other(shop: Path) -> Path:
    (shop / "other.csv").write_text(OTHER, encoding="utf-8")
    return shop


def test_a_table_under_other_names_is_accounted_for_under_a_proposed_map(other: Path) -> None:
    told = answer("check", "other.csv", exit_code=3)
    assert told["account"]["rows_accepted"] == 3
    assert told["refusal"]["error_code"] == "MISSING_COLUMN"
    assert (told["usable"], told["proposed_file"]) == (False, None)
    assert 'customer_id = "Kunde"' in told["proposed_map"]
    done = run("check", "other.csv")
    assert done.exit_code == 3
    assert done.stdout.startswith("Proposed column map")
    assert "--propose FILE" in done.stderr


def test_a_saved_map_is_used_by_every_command_that_takes_a_source(other: Path) -> None:
    told = answer("check", "other.csv", "--propose", "maps/other.toml")
    assert (told["usable"], told["proposed_file"]) == (True, str(other / "maps/other.toml"))
    assert (other / "maps/other.toml").read_text(encoding="utf-8") == told["proposed_map"]
    given = ("--map", "maps/other.toml")
    again = answer("check", "other.csv", *given)
    assert (again["account"]["rows_accepted"], again["proposed_map"]) == (3, None)
    assert (
        answer("features", "other.csv", *given, "--cutoff", "2025-02-01", "--out", "f.csv")["customers"] == 2
    )
    for command in (
        ["score", "--source", "other.csv", "--out", "scores"],
        ["explain", "a", "--source", "other.csv", "--cutoff", "2025-02-01"],
    ):
        done = answer(*command, *given, exit_code=6)
        assert done["error_code"] == "NO_CHAMPION"
    assert answer("segment", "other.csv", "--map", "nope.toml", exit_code=2)["error_code"] == "BAD_MAP"


def test_a_map_that_somebody_may_have_worked_on_is_not_overwritten(other: Path) -> None:
    (other / "mine.toml").write_text("# mine", encoding="utf-8")
    assert answer("check", "other.csv", "--propose", "mine.toml", exit_code=2)["error_code"] == "USAGE"
    assert (other / "mine.toml").read_text(encoding="utf-8") == "# mine"


def test_a_table_that_needs_no_map_says_so(shop: Path) -> None:
    done = run("check", "history.csv", "--propose", "x.toml")
    assert done.exit_code == 0
    assert "No column map is needed" in done.stdout
    assert not (shop / "x.toml").exists()


def test_a_list_of_customers_is_refused_without_a_map(shop: Path) -> None:
    (shop / "list.csv").write_text(LIST, encoding="utf-8")
    told = answer("check", "list.csv", "--propose", "x.toml", exit_code=3)
    assert (told["account"], told["proposed_map"]) == (None, None)
    assert "one row a customer" in told["refusal"]["message"]
    assert not (shop / "x.toml").exists()


def test_a_table_that_does_not_say_who_gets_what_there_is(shop: Path) -> None:
    (shop / "sums.csv").write_text("day,amount\n2025-01-01,10\n", encoding="utf-8")
    told = answer("check", "sums.csv", "--propose", "sums.toml", exit_code=3)
    assert "Nothing was found for: customer_id" in told["refusal"]["message"]
    assert (shop / "sums.toml").exists()


def test_text_in_another_encoding_is_proposed_with_it(shop: Path) -> None:
    (shop / "latin.csv").write_bytes(
        "Käufer;Datum;Umsatz\nMüller;2025-01-01;10\n".replace("Käufer", "Kunde").encode("latin-1")
    )
    told = answer("check", "latin.csv", exit_code=3)
    assert 'encoding = "cp1252"' in told["proposed_map"]
    assert told["account"]["rows_accepted"] == 1


def test_excluded_rows_are_shown_with_their_reason(other: Path) -> None:
    (other / "m.toml").write_text(
        '[columns]\ncustomer_id = "Kunde"\noccurred_at = "Tag"\nkind = {value = "purchase"}\nchannel = {value = "web"}\n'
        '[[exclude]]\nreason = "our own test orders"\ncolumn = "Kunde"\nvalues = ["b"]\n',
        encoding="utf-8",
    )
    account = answer("check", "other.csv", "--map", "m.toml")["account"]
    assert (account["rows_read"], account["rows_accepted"], account["rows_excluded"]) == (3, 2, 1)
    assert account["excluded"] == {"our own test orders": 1}
    done = run("check", "other.csv", "--map", "m.toml")
    assert_readable(done)
    assert "our own test orders" in done.stdout


def test_a_rejected_row_is_shown_as_it_stands_in_the_table(other: Path) -> None:
    (other / "bad.csv").write_text(OTHER.replace("2025-01-02", "soon"), encoding="utf-8")
    answer("check", "bad.csv", "--propose", "m.toml", exit_code=3)
    answer("check", "other.csv", "--propose", "n.toml")
    answer("check", "bad.csv", "--map", "n.toml", "--rejected", "left.csv", exit_code=3)
    assert (other / "left.csv").read_text(encoding="utf-8").splitlines() == [
        "verdict,Kunde,Tag,Umsatz",
        "BAD_TIME,b,soon,20",
    ]


@pytest.mark.parametrize("job", ["train", "score", "segment"])
def test_a_card_may_name_a_map_and_a_typo_in_it_is_refused_before_any_row_is_read(
    job: str, other: Path
) -> None:
    card = f'job = "{job}"\nsource = "csv:nowhere.csv"\nmap = "m.toml"\n' + (
        'out = "x"\n' if job == "score" else ""
    )
    (other / "cards").mkdir()
    (other / "cards/a.toml").write_text(card, encoding="utf-8")
    (other / "m.toml").write_text('[columns]\nkynd = "x"\n', encoding="utf-8")
    told = answer("cards", "cards", exit_code=2)
    assert "did you mean kind" in str(told)
    (other / "m.toml").write_text('[columns]\nkind = "x"\n', encoding="utf-8")
    assert answer("cards", "cards")["cards"][0]["source"] == "csv:nowhere.csv?map=m.toml"
