"""The contest of quality: everybody sees the same past, is judged on the same future, and whoever cannot says why."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality import contest, families, ours
from benchmarks.quality.__main__ import main
from benchmarks.quality.answers import CURVE_DAYS, Answers, Skipped
from benchmarks.quality.asked import asked
from benchmarks.quality.contest import run
from benchmarks.quality.material import PAST, Material
from benchmarks.quality.panel import Learnable
from benchmarks.quality.peers import hiatus, past_spend
from benchmarks.quality.peers.environment import python_with
from benchmarks.quality.preparing import Future, NothingToJudge, prepare
from benchmarks.quality.published import TASKS
from benchmarks.quality.running import run_task
from benchmarks.quality.tasks import Task
from tiercast.config import TrainCard
from tiercast.sources.opening import open_source
from tiercast.training.judging import RULES
from tiercast.training.train import learners_of
from tiercast.windows import day_number

CUTOFF = date(2024, 11, 1)
MAP = """
currency = "EUR"

[columns]
customer_id = "Kunde"
occurred_at = {column = "Tag", format = "%Y-%m-%d"}
kind = "Art"
channel = {value = "web"}
amount = "Betrag"
"""


def drawn(customers: int = 260, *, priced: bool = True) -> pd.DataFrame:
    """Return purchases and returns of a year: each customer has a rate and may leave for good."""
    random = np.random.default_rng(3)
    rows = []
    for number in range(customers):
        first = int(random.integers(0, 250))
        gap, leaves = random.gamma(2.0, 14.0) + 3.0, first + random.exponential(160.0)
        day = float(first)
        while day < 366 and day <= max(leaves, first):
            amount = f"{random.gamma(4.0, 6.0) * (1 + number % 5):.2f}" if priced else ""
            rows.append((f"k{number:04}", int(day), "purchase", amount))
            if random.random() < 0.1:
                rows.append((f"k{number:04}", int(day) + 1, "return", amount))
            day += random.exponential(gap) + 1.0
    table = pd.DataFrame(rows, columns=["Kunde", "Tag", "Art", "Betrag"])
    table["Tag"] = (pd.Timestamp("2024-01-01") + pd.to_timedelta(table["Tag"], unit="D")).dt.strftime(
        "%Y-%m-%d"
    )
    return table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    drawn().to_csv(tmp_path / "events.csv", index=False)
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    return tmp_path / "events.csv"


def prepared(file: Path, folder: Path, horizon_days: int = 30) -> tuple[Material, Future]:
    history = open_source(str(file), map=file.with_name("map.toml"))
    return prepare(history, folder, cutoff=CUTOFF, horizon_days=horizon_days, seed=1)


def test_nothing_of_the_future_and_no_return_is_in_what_everybody_sees(file: Path, tmp_path: Path) -> None:
    material, _ = prepared(file, tmp_path / "task")
    past = pd.read_parquet(tmp_path / "task" / PAST)
    assert set(past["kind"]) == {"purchase"}
    assert past["occurred_at"].max() < pd.Timestamp(CUTOFF)
    assert material.purchases["day"].max() < day_number(CUTOFF)
    assert set(past["customer_id"]) == set(material.cohort)


def test_the_truth_is_what_the_table_says(file: Path, tmp_path: Path) -> None:
    material, future = prepared(file, tmp_path / "task")
    table = pd.read_csv(file, parse_dates=["Tag"])
    bought = table[table["Art"] == "purchase"]
    start = pd.Timestamp(CUTOFF)
    after = bought[(bought["Tag"] >= start) & (bought["Tag"] < start + pd.Timedelta(days=30))]
    of = after.groupby("Kunde")
    asked = pd.Index(material.cohort)
    np.testing.assert_allclose(future.truth["value_currency"], of["Betrag"].sum().reindex(asked).fillna(0.0))
    np.testing.assert_array_equal(future.truth["orders"], of["Tag"].nunique().reindex(asked).fillna(0.0))
    assert future.observed_days == (table["Tag"].max() - start).days + 1
    first = (bought[bought["Tag"] >= start].groupby("Kunde")["Tag"].min() - start).dt.days + 1
    np.testing.assert_array_equal(future.truth["days_to_purchase"], first.reindex(asked).to_numpy(float))


def test_the_past_without_some_kinds_asks_for_the_same_customers(file: Path, tmp_path: Path) -> None:
    table = pd.read_csv(file)
    mailed = table.drop_duplicates("Kunde").assign(Art="mailing", Betrag=np.nan)
    pd.concat([table, mailed]).to_csv(file, index=False)
    history = open_source(str(file), map=file.with_name("map.toml"))
    folder = tmp_path / "task"
    prepare(history, folder, cutoff=CUTOFF, horizon_days=30, seed=1, without_kinds=("mailing",))
    with_all, less = Material.read(folder), Material.read(folder / "without")
    assert set(pd.read_parquet(less.place / PAST)["kind"]) == {"purchase"}
    assert set(pd.read_parquet(with_all.place / PAST)["kind"]) == {"purchase", "mailing"}
    pd.testing.assert_series_equal(with_all.cohort, less.cohort)


def test_a_search_learns_from_labels_that_were_known_where_it_chooses() -> None:
    rows = pd.DataFrame({"cutoff_day": [100, 114, 128, 142], "x": 1.0})
    learnable = Learnable(rows, rows, ["x"], 28)
    assert learnable.newest.tolist() == [False, False, False, True]
    assert learnable.before.tolist() == [True, True, False, False]
    assert not Learnable(rows.tail(2), rows, ["x"], 28).before.any()


def test_a_cutoff_after_the_data_or_before_any_purchase_is_refused(file: Path, tmp_path: Path) -> None:
    history = open_source(str(file), map=file.with_name("map.toml"))
    for day in (date(2026, 1, 1), date(2023, 1, 1)):
        with pytest.raises(NothingToJudge):
            prepare(history, tmp_path / "task", cutoff=day, horizon_days=30, seed=1)


@pytest.mark.parametrize("rule", [hiatus, past_spend])
def test_a_rule_answers_for_everybody_and_past_the_window_it_learned_from(
    rule: object, file: Path, tmp_path: Path
) -> None:
    material, _ = prepared(file, tmp_path / "task", horizon_days=300)
    said = rule.answer(material).of(material.cohort)  # type: ignore[attr-defined]
    assert len(said.frame) == len(material.cohort)
    if said.survival is not None:
        assert said.survival.shape == (len(material.cohort), len(CURVE_DAYS))
        assert (np.diff(said.survival, axis=1) <= 1e-12).all()


def test_answers_for_other_customers_or_without_a_number_are_refused() -> None:
    cohort = pd.Series(["a", "b"])
    with pytest.raises(ValueError, match="1 customers came, 2"):
        Answers(pd.DataFrame({"customer_id": ["a"]}), "none").of(cohort)
    holes = pd.DataFrame({"customer_id": ["b", "a"], "expected_orders": [1.0, np.nan]})
    with pytest.raises(ValueError, match="no finite numbers: expected_orders"):
        Answers(holes, "none").of(cohort)
    turned = Answers(holes.fillna(2.0), "none").of(cohort)
    assert turned.frame["expected_orders"].tolist() == [2.0, 1.0]


def test_a_peer_that_is_not_installed_is_skipped_with_a_reason(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTOGLUON_ENV", raising=False)
    prepared(file, tmp_path / "task")
    assert run("panel", tmp_path / "task").failed == ""
    assert "AUTOGLUON_ENV" in run("autogluon", tmp_path / "task").skipped


def test_an_environment_that_cannot_be_made_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("AUTOGLUON_ENV", str(tmp_path / "file"))
    with pytest.raises(Skipped, match="cannot be installed"):
        python_with(("autogluon",), module="autogluon.tabular", variable="AUTOGLUON_ENV")


def test_every_published_task_says_what_it_wants_and_skips_without_its_data(tmp_path: Path) -> None:
    assert len({task.name for task in TASKS}) == len(TASKS)
    task = next(task for task in TASKS if task.name == "cdnow_13w")
    assert task.cutoff == date(1998, 1, 1)
    assert "no such file" in run_task(task, peers=(), data=tmp_path, seed=1).skipped


def test_a_file_whose_columns_need_a_map_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("member,when\nann,2024-01-01\n", encoding="utf-8")
    task = Task(name="shop", source="csv:{folder}/shop.csv", last_day=date(2024, 1, 31), horizon_days=28)
    told = run_task(task, peers=(), data=tmp_path, seed=1).skipped
    assert told.startswith("MISSING_COLUMN: missing: customer_id")
    assert "member" in told


def test_an_unknown_task_or_peer_names_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SMALL", raising=False)
    monkeypatch.setenv("TASKS", "cdnow_14w")
    assert main(["--peers", "hiatus"]) == 2
    assert "cdnow_13w" in capsys.readouterr().err
    assert main(["--peers", "oracle"]) == 2


@pytest.mark.slow
def test_any_event_file_with_a_map_is_judged(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALL", "1")
    out = tmp_path / "found" / "quality.json"
    told = [
        "--touchpoints",
        str(file),
        "--map",
        str(file.with_name("map.toml")),
        "--cutoff",
        CUTOFF.isoformat(),
    ]
    assert main([*told, "--horizon", "30", "--peers", "hiatus,past_spend", "--out", str(out)]) == 0
    (task,) = json.loads(out.read_text(encoding="utf-8"))["tasks"]
    by_name = {each["name"]: each for each in task["contestants"]}
    assert set(by_name) == {"ours", "hiatus", "past_spend"}
    assert all(0.0 < each["peak_gb"] < 8.0 and each["fit_s"] >= 0.0 for each in by_name.values())
    figures = by_name["ours"]["metrics"]
    assert 0.5 < figures["churn"]["roc_auc"] < 1.0
    assert figures["value"]["normalised_gini"] > 0.0
    assert {each["target"] for each in task["comparisons"]} == {"churn", "orders", "value", "repurchase"}
    assert "ours against the best peer" in capsys.readouterr().out


@pytest.mark.slow
def test_without_amounts_value_is_left_out_and_a_refusal_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMALL", "1")
    drawn(priced=False).drop(columns="Betrag").to_parquet(tmp_path / "events.parquet", index=False)
    bare = MAP.replace('amount = "Betrag"\n', "")
    (tmp_path / "map.toml").write_text(bare, encoding="utf-8")
    out = tmp_path / "quality.json"
    told = ["--touchpoints", str(tmp_path / "events.parquet"), "--map", str(tmp_path / "map.toml")]
    asked = ["--cutoff", "2024-04-01", "--horizon", "60", "--peers", "past_spend"]
    assert main([*told, *asked, "--out", str(out)]) == 0
    (task,) = json.loads(out.read_text(encoding="utf-8"))["tasks"]
    assert any("value is left out" in note for note in task["notes"])
    assert all("value" not in each["metrics"] for each in task["contestants"])
    assert {each["target"] for each in task["comparisons"]} == {"orders"}
    first = task["contestants"][0]
    assert "training was refused" in first["learner"]
    assert any(note.startswith("NOT_TRAINABLE") for note in first["notes"])


def test_a_fault_of_ours_is_told_and_the_stage_answers(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("out of order\nat line 7")

    monkeypatch.setattr(ours, "train", broken)
    material, _ = prepared(file, tmp_path / "task")
    said = ours.answer(material).of(material.cohort)
    assert said.notes == ("FAULT RuntimeError: out of order",)
    assert said.frame["expected_value_currency"].gt(0).all()


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        (
            "--cutoff",
            "2024-13-01",
            "a cutoff is a day of the calendar such as 2024-12-31, and '2024-13-01' came",
        ),
        ("--horizon", "x", "a horizon has 1 to 365 days, a whole number such as 28, and 'x' came"),
        ("--horizon", "0", "a horizon has 1 to 365 days, a whole number such as 28, and '0' came"),
    ],
)
def test_a_slip_on_the_command_line_is_told_what_was_expected_and_what_came(
    option: str, value: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(["--touchpoints", "rows.parquet", option, value], scratch=tmp_path)
    assert ended.value.code == 2
    assert expected in capsys.readouterr().err


def test_every_family_names_a_candidate_of_each_target_and_is_entered_in_the_contest() -> None:
    learners, blends = learners_of(TrainCard(job="train", source="any"))
    targets = {each.name: each.target for each in (*learners.values(), *blends.values())}
    assert tuple(families.FAMILIES) == contest.FAMILIES == contest.chosen("families")
    for name, chosen in families.FAMILIES.items():
        assert {target: targets[candidate] for target, candidate in chosen.items()} == {
            target: target for target in RULES
        }, name


def test_a_family_that_was_refused_says_why(tmp_path: Path) -> None:
    (tmp_path / "families.skipped").write_text("training was refused: too short", encoding="utf-8")
    entry = contest.said("family_btyd", tmp_path, by="families")
    assert (entry.answers, entry.skipped) == (None, "training was refused: too short")
