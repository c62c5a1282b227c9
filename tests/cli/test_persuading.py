"""The commands uplift and conversion: what they show to people and machines, and how they refuse."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cli.running import answer, assert_readable, run
from tests.persuasion.drawn import table
from tests.training.test_conversion import leads
from tiercast.learners import conversion as rules
from tiercast.training.converting import ConversionResult

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
ASKED = (
    "uplift",
    "drawn.csv",
    "--arm",
    "arm",
    "--control",
    "none",
    "--outcome",
    "bought",
    "--resamples",
    "100",
)


def test_an_experiment_is_told_to_machines_and_listed_in_a_file(kept: Path) -> None:
    table(2_000).to_csv("drawn.csv", index=False)
    told = answer(*ASKED, "--probability", "chance", "--out", "lists.csv")
    assert (told["treatment"], told["control"], told["customers"]) == ("mail", "none", 2_000)
    found = told["outcomes"]["bought"]
    assert found["code"] == ""
    assert set(found["rankings"]) >= {
        "chosen",
        "two_models",
        "transformed_outcome",
        "two_regressions",
        "at risk first",
    }
    assert sum(each["customers"] for each in found["lists"]) == 2_000
    listed = pd.read_csv("lists.csv")
    assert list(listed) == ["customer_id", "outcome", "uplift", "outcome_left_alone", "list"]
    assert (listed["list"] == "persuadable").sum() == found["lists"][0]["customers"]
    assert told["run_id"]


def test_an_experiment_without_a_difference_is_told_to_people_with_its_code(kept: Path) -> None:
    table(2_000, seed=4, effect=0.0).to_csv("drawn.csv", index=False)
    for language, said in (("en", "no lists are given"), ("zh", "故不给出名单")):
        done = run(*ASKED, "--probability", "chance", "--language", language)
        assert_readable(done)
        assert "NO_UPLIFT_DIFFERENCE" in done.stdout
        assert "".join(said.split()) in "".join(done.stdout.split())
        assert "undecided" not in done.stdout
        assert "尚无定论的客户" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        ((*ASKED[:-2], "--control", "nobody"), "NO_CONTROL_ARM", 3),
        ((*ASKED, "--probability", "1"), "BAD_ASSIGNMENT_PROBABILITY", 3),
        ((*ASKED, "--probability", "0.9"), "SAMPLE_RATIO_MISMATCH", 3),
        ((*ASKED, "--outcome", "profit"), "MISSING_COLUMN", 3),
        (("uplift", "drawn.csv", "--arm", "arm", "--control", "none"), "BAD_EXPERIMENT", 3),
        (("uplift", "nowhere.csv", *ASKED[2:]), "UNREADABLE_SOURCE", 3),
        (("uplift", "drawn.xlsx", *ASKED[2:]), "UNREADABLE_SOURCE", 3),
        (("uplift", "broken.parquet", *ASKED[2:]), "UNREADABLE_SOURCE", 3),
        (("uplift", "csv:history.csv"), "UNREADABLE_SOURCE", 3),
        (("uplift", "csv:history.csv", "--probability", "0.5"), "USAGE", 2),
        ((*ASKED, "--campaign", "spring"), "USAGE", 2),
        ((*ASKED, "--language", "fr"), "USAGE", 2),
        ((*ASKED, "--out", "lists.txt"), "USAGE", 2),
        (("conversion", "csv:history.csv"), "NOT_TRAINABLE", 4),
        (("conversion", "csv:history.csv", "--judged-at", "soon"), "BAD_CUTOFF", 3),
        (("conversion", "csv:history.csv", "--out", "told.txt"), "USAGE", 2),
        (("conversion", "csv:nowhere.csv"), "UNREADABLE_SOURCE", 3),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_ends_with_a_code_and_no_trace(
    arguments: tuple[str, ...], code: str, exit_code: int, kept: Path
) -> None:
    table(600, unequal=False).drop(columns="chance").to_csv("drawn.csv", index=False)
    Path("broken.parquet").write_bytes(b"no table")
    assert answer(*arguments, exit_code=exit_code)["error_code"] == code
    assert "Traceback" not in run(*arguments).output


def test_prospects_are_told_of_by_channel_and_one_by_one(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tiercast import api
    from tiercast.training import converting

    quick = {each.name: each for each in (rules.CHANNEL_RATE, rules.SINCE_TOUCH)}
    monkeypatch.setattr(converting, "collect", lambda *_: quick)
    found: list[ConversionResult] = []
    asked_for = api.conversion

    def once(*told: Any, **more: Any) -> ConversionResult:
        found[:] = found or [asked_for(*told, **more)]
        return found[0]

    monkeypatch.setattr(api, "conversion", once)
    leads().to_parquet("leads.parquet", index=False)
    asked = (
        "conversion",
        "leads.parquet",
        "--horizon-days",
        "30",
        "--judged-at",
        "2024-06-01",
        "--step-days",
        "56",
    )
    told = answer(*asked, "--out", "told.parquet")
    assert told["judged_at"] == ["2024-06-01"]
    assert {each["channel"] for each in told["from_first_touch"]} == {"web", "email"}
    assert told["predicted"] == len(pd.read_parquet("told.parquet"))
    done = run(*asked)
    assert_readable(done)
    assert "From the first touch, by first channel" in done.stdout
