"""The commands clocks, plan and actions: for people, for machines, and when they are asked in a wrong way."""

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import answer, assert_readable, run
from tests.path.world import CUTOFF, World


@pytest.fixture(scope="module")
def cards(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tiercast

    out = tmp_path_factory.mktemp("cards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", trained_world.uri)
        tiercast.score(trained_world.source, cutoff=CUTOFF, out=out)
    return out


def test_clocks_are_shown_counted_and_written(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert_readable(run("clocks", world.source, "--cutoff", "2024-12-30"))
    place = tmp_path / "clocks.parquet"
    told = answer("clocks", world.source, "-c", "2024-12-30", "--out", str(place))
    written = pd.read_parquet(place)
    assert told["clocks"] == len(written) > 1000
    assert sum(told["basis"].values()) == len(written)
    assert {"category", "days_per_unit", "basis", "runs_out_on", "replenish_on", "experience_check_on", "wake_up_on",
            "habit_formed"} <= set(written)  # fmt: skip


def test_a_plan_is_shown_counted_and_written(
    cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    asked = ("plan", "--scorecard", str(cards), "--budget", "5", "--contacts", "40")
    assert_readable(run(*asked, "--language", "zh"))
    place = tmp_path / "plan.csv"
    told = answer(*asked, "--channel", "email", "--channel", "call_center=2", "--out", str(place))
    written = pd.read_csv(place)
    assert told["contacts"] == len(written) <= 40
    assert told["cost_currency"] <= 5
    assert set(written["channel"]) <= {"email", "call_center"}
    assert told["gain_currency"] >= told["greedy_currency"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--budget", "-5"), "BAD_LIMITS"),
        (("--budget", "nan"), "BAD_LIMITS"),
        (("--per-customer", "0"), "BAD_LIMITS"),
        (("--channel", "email=many"), "USAGE"),
        (("--channel", "pigeon"), "BAD_ASSUMPTION"),
        (("--rules", "nowhere.toml"), "BAD_ACTIONS"),
        (("--out", "plan.xlsx"), "USAGE"),
        (("--language", "fr"), "USAGE"),
        (("csv:also.csv",), "USAGE"),
        (("--policy", "ladder"), "USAGE"),
        (("--model", "2"), "USAGE"),
        (("--side", "products=csv:p.csv"), "USAGE"),
        (("--map", "map.toml"), "USAGE"),
        (("--engine", "spark"), "USAGE"),
        (("--scorecards", "cards"), "USAGE"),
    ],
)
def test_a_wrong_plan_is_one_line_with_a_code(more: tuple[str, ...], code: str, cards: Path) -> None:
    assert answer("plan", "--scorecard", str(cards), *more, exit_code=2)["error_code"] == code


def test_the_rules_of_actions_are_shown_and_a_file_of_yours_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert_readable(run("actions", "show", "--language", "zh"))
    told = answer("actions", "show")
    assert told["rules"][0]["name"] == "no_consent"
    assert told["assumptions"]["effects"]["win_back"]["share"] == 0.05
    bad = tmp_path / "bad.toml"
    bad.write_text('[[rules]]\nname = "x"\n')
    assert answer("actions", "show", "--rules", str(bad), exit_code=2)["error_code"] == "BAD_ACTIONS"
    bad.write_text(
        '[[rules]]\nname = "x"\naction = "thank"\nwhen = ["nonsense_input >= 2"]\non = "now"\n'
        'reason_en = "x"\nreason_zh = "x"\n'
    )
    told = answer("actions", "show", "--rules", str(bad), exit_code=2)
    assert "reads nonsense_input" in told["message"]
    assert told["error_code"] == "BAD_ACTIONS"


def test_a_plan_says_how_many_uplifts_were_matched_and_how_many_have_no_value(
    cards: Path, tmp_path: Path
) -> None:
    place = tmp_path / "uplift.csv"
    place.write_text("customer_id,outcome,uplift\nc0001,spent_currency,2.5\nnobody,spent_currency,1.0\n")
    told = answer("plan", "--scorecard", str(cards), "--uplift", str(place))
    assert (told["uplifts_matched"], told["uplifts"]) == (1, 2)
    assert told["due_without_value"] > 0
    shown = run("plan", "--scorecard", str(cards), "--uplift", str(place)).stdout
    assert "1 of 2 matched" in shown
    assert f"{told['due_without_value']} due, no value known" in shown
