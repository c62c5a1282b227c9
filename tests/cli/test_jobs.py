"""What cards, training, scoring and explaining show, to people and to machines."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from tests.cli.running import TRAIN_CARD, answer, assert_readable, run
from tiercast.intake import Account
from tiercast.scoring import ScoreReport


def test_cards_are_validated_without_their_data(shop: Path) -> None:
    told = answer("cards", "pipelines")
    assert [(each["card"], each["job"]) for each in told["cards"]] == [
        ("score.toml", "score"),
        ("train.toml", "train"),
    ]
    assert told["passed"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("horizont_days = 28", "did you mean horizon_days?"),
        ("horizon_days = -1", "greater than or equal to 0"),
        ('policy = "pyramd"', "did you mean pyramid?"),
        ('extensions = ["no_such_company"]', "no module is named 'no_such_company'"),
    ],
)
def test_a_card_that_cannot_be_used_is_told_and_ends_with_2(line: str, said: str, shop: Path) -> None:
    (shop / "pipelines" / "wrong.toml").write_text(TRAIN_CARD + line, encoding="utf-8")
    told = answer("cards", "pipelines", exit_code=2)
    assert [each["card"] for each in told["cards"] if each["error"]] == ["wrong.toml"]
    assert said in told["cards"][-1]["error"]["message"]
    assert "wrong.toml" in run("cards", "pipelines").stderr


def account_of(rows: int = 10) -> Account:
    """An account of nothing but good rows."""
    return Account(
        "csv:history.csv", rows, rows, 0, 0, {}, 0, 3, 3, date(2017, 1, 1), date(2018, 1, 1), {"purchase": rows},
        {"store": rows}, (), (), (), "USD", "UTC",
    )  # fmt: skip


def train_report(promoted: bool = True) -> Any:
    """What a training returns, as far as the command line reads it."""
    from tiercast.segments import SegmentReport
    from tiercast.training.horizon import HorizonChoice
    from tiercast.training.plan import make_plan
    from tiercast.windows import Horizon

    plan = make_plan(
        first_day=date(2017, 1, 1), data_ends_on=date(2018, 1, 1), horizon=Horizon(28), step_days=14, test_origins=3,
        first_origin_after_days=84,
    )  # fmt: skip
    versions = {
        name: SimpleNamespace(version=number, uri=f"models:/tiercast-scorecard/{number}")
        for name, number in (("champion", 2), ("challenger", 2), ("rule", 1))
    }
    churn = {"log_loss": 0.32, "brier": 0.10, "roc_auc": 0.87, "top_decile_lift": 3.5}
    by_origin = {"2017-11-06": {**churn, "roc_auc": float("nan")}, "mean": churn}
    worse = {"2017-11-06": churn, "mean": {**churn, "log_loss": 0.4}}
    figures = {"churn": {"recency_frequency": worse, "a_rather_long_name_of_a_model": by_origin}}
    profile = pd.DataFrame({"segment": ["[big] spending"], "segment_zh": ["高消费"], "customers": [3]})
    profile = profile.assign(customer_share=1.0, spend_91d_currency=1234.5, days_since_purchase=3.0)
    decision = SimpleNamespace(
        promoted=promoted, reasons=("beats recency_frequency on log_loss: 0.3 against 0.4",)
    )
    return SimpleNamespace(
        account=account_of(),
        plan=plan,
        results=SimpleNamespace(figures=figures, winners={"churn": "a_rather_long_name_of_a_model"}),
        segments=SegmentReport(1, "too_few", float("nan"), float("nan"), profile.iloc[:0], profile, ()),
        promotion=SimpleNamespace(
            promoted=promoted, decision=decision, champion_before=None, held_back="", **versions
        ),
        run_id="0123456789abcdef",
        warnings=("SEASON_UNSEEN: less than a year of history",),
        horizon=HorizonChoice(28, "data", "90% of returns come within 25 days"),
    )


def score_report(place: Path) -> ScoreReport:
    """Three customers' cards, as far as the command line reads them."""
    cards = pd.DataFrame({"customer_id": ["a", "b", "c"], "policy": "pyramid", "currency": "USD"})
    cards["value_measure"] = "net_revenue"
    cards["tier"] = ["small", "top", None]
    cards["churn_probability"] = [0.5, 0.1, float("nan")]
    cards["expected_value_currency"] = [1.5, 30.0, float("nan")]
    cards["basis_churn"] = cards["basis_value"] = cards["basis_repurchase"] = [
        "model",
        "model",
        "refused:NO_HISTORY",
    ]
    return ScoreReport(
        cards, place, 3, date(2025, 3, 1), "0123456789ab", account_of(), classes=("top", "small")
    )


def test_train_shows_every_candidate_beside_the_rule(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {}

    def train(card: Any, *, root: Any, progress: Callable[[str], None]) -> Any:
        said.update(card=card, root=root)
        progress("fitting")
        print("a library speaks")
        return train_report()

    monkeypatch.setattr("tiercast.api.train", train)
    done = run("train", "pipelines/train.toml", "--root", "elsewhere", "--verbose")
    assert done.exit_code == 0, done.output
    assert (said["card"].horizon_days, str(said["root"])) == (0, "elsewhere")
    assert_readable(done)
    lines = done.stdout.splitlines()
    chosen, rule = (next(line for line in lines if word in line) for word in ("a_rather_long", "(rule)"))
    assert chosen.startswith("→")
    assert "0.320" in chosen
    assert lines.index(chosen) < lines.index(rule)
    for expected in (
        "promoted",
        "28 days",
        "90% of returns come within 25 days",
        "it beats recency_frequency",
        "SEASON_UNSEEN",
        "2017-11-06",
    ):
        assert expected in done.stdout
    assert re.search(r"\d\.\d s  fitting", done.stderr)
    assert "a library speaks" in done.stderr
    told = answer("train", "pipelines/train.toml")
    assert told["figures"]["churn"]["a_rather_long_name_of_a_model"]["2017-11-06"]["roc_auc"] is None
    assert (told["promoted"], told["champion"], told["segments"]["silhouette"]) == (True, 2, None)
    assert (told["judged"], told["judged_from"]) == (True, None)
    assert (told["horizon_days"], told["horizon_basis"]) == (28, "data")
    assert told["horizon_reason"] == "90% of returns come within 25 days"


@pytest.mark.parametrize("stays", [False, True])
def test_a_training_that_nothing_judged_says_so_and_from_when_models_are(
    stays: bool, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiercast.training.short_plan import plan_or_short
    from tiercast.windows import Horizon

    report = train_report(promoted=False)
    report.plan = plan_or_short(
        first_day=date(2017, 1, 1), data_ends_on=date(2017, 4, 20), horizon=Horizon(28), step_days=14, test_origins=3,
        first_origin_after_days=84,
    )  # fmt: skip
    report.warnings = report.plan.warnings
    report.promotion.decision.reasons = ()
    report.promotion.champion_before = report.promotion.rule if stays else None
    report.promotion.held_back = "CHAMPION_STAYS: v1 stays in charge" if stays else ""
    report.promotion.champion = report.promotion.rule if stays else report.promotion.challenger
    monkeypatch.setattr("tiercast.api.train", lambda *_, **__: report)
    done = run("train", "pipelines/train.toml")
    assert_readable(done)
    words = " ".join(done.stdout.split())
    assert f"v2: {'not in charge' if stays else 'in charge'}, judged by nothing" in words
    assert "judged at nothing yet; models are, from 2017-06-04" in words
    assert "28 days, learned on 25" in words
    assert "the process had not seen it" in words
    assert "NOT_JUDGED" in words
    assert ("CHAMPION_STAYS" in words) is stays
    told = answer("train", "pipelines/train.toml")
    assert (told["judged"], told["judged_from"], told["promoted"]) == (False, "2017-06-04", False)
    assert (told["test_origins"], told["origins"]) == ([], ["2017-03-26"])
    report.results.figures = {}
    words = " ".join(run("train", "pipelines/train.toml").stdout.split())
    assert "the process had not seen it" not in words


def test_segments_are_named_counted_and_written(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assigned = pd.DataFrame(
        {"customer_id": ["a"], "cutoff": [date(2025, 3, 1)], "segment": ["[big] spending"]}
    )
    given: dict[str, Any] = {}

    def segment(source: str, **asked: Any) -> Any:
        given.update(asked, source=source)
        return SimpleNamespace(assigned=assigned, report=train_report().segments, run_id="0123")

    monkeypatch.setattr("tiercast.api.segment", segment)
    assert answer("segment", "history.csv", "-k", "3", "--out", "s.csv")["chosen"] == 1
    assert (given["source"], given["clusters"], given["cutoff"]) == ("history.csv", 3, "latest")
    assert pd.read_csv(shop / "s.csv")["segment"].tolist() == ["[big] spending"]
    (shop / "seg.toml").write_text(
        'job = "segment"\nsource = "csv:history.csv"\nseed = 11\n', encoding="utf-8"
    )
    done = run("segment", "seg.toml")
    assert (given["source"], given["seed"]) == ("csv:history.csv", 11)
    assert "[big] spending" in done.stdout
    assert "1,234.5" in done.stdout
    assert_readable(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "pipelines/score.toml"],
        ["score", "--source", "csv:history.csv", "--cutoff", "2025-03-01", "--out", "scores"],
    ],
)
def test_score_counts_tiers_best_first(
    arguments: list[str], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def score(source: str, **asked: Any) -> ScoreReport:
        given.update(asked, source=source)
        return score_report(Path("scores") / "scorecard.parquet")

    monkeypatch.setattr("tiercast.api.score", score)
    told = answer(*arguments)
    assert [(each["tier"], each["customers"]) for each in told["tiers"]] == [
        ("top", 1),
        ("small", 1),
        ("none", 1),
    ]
    assert told["tiers"][2]["churn_probability"] is None
    assert told["basis"]["basis_churn"] == {"model": 2, "refused:NO_HISTORY": 1}
    assert told["out"] == str(shop / "scores" / "scorecard.parquet")
    assert (given["source"], given["cutoff"], str(given["out"])) == (
        "csv:history.csv",
        "2025-03-01",
        "scores",
    )
    done = run(*arguments)
    assert "33.3 %" in done.stdout
    assert_readable(done)


def test_explain_keeps_the_indent_of_broken_lines(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = SimpleNamespace(
        text="Why\n  " + "words " * 40,
        card={"tier": "top", "next_purchase_on": date(2025, 3, 9)},
        features={"orders": float("nan")},
        events=pd.DataFrame({"day": [date(2025, 1, 1)], "lines": [2]}),
    )
    monkeypatch.setattr("tiercast.api.explain", lambda *_, **__: told)
    arguments = ("explain", "a", "--source", "history.csv", "--cutoff", "2025-03-01")
    done = run(*arguments)
    assert {line[:3] for line in done.stdout.rstrip().splitlines()[1:]} == {"  w"}
    assert_readable(done)
    assert answer(*arguments) == {
        "text": told.text,
        "card": {"tier": "top", "next_purchase_on": "2025-03-09"},
        "features": {"orders": None},
        "events": [{"day": "2025-01-01", "lines": 2}],
    }


def test_the_demo_ends_with_figures_tiers_and_the_commands_that_follow(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = SimpleNamespace(
        train=train_report(),
        score=score_report(shop / "x.parquet"),
        examples="most valuable: customer b",
        ui_command="mlflow ui --x",
    )
    monkeypatch.setattr("tiercast.jobs.demo", lambda **_: report)
    done = run("demo")
    assert done.exit_code == 0, done.output
    for expected in (
        "0.320/0.320",
        "top",
        "customer b",
        "mlflow models serve",
        "mlflow ui --x",
        "x.parquet",
    ):
        assert expected in done.stdout
    assert f"export MLFLOW_TRACKING_URI=sqlite:///{shop}" in done.stdout
    assert answer("demo")["examples"] == "most valuable: customer b"


@pytest.mark.parametrize("holds", [True, False])
def test_audit_ends_with_4_when_there_is_a_leak(
    holds: bool, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = SimpleNamespace(
        code="FUTURE_SHUFFLE", what="features that change", columns=("visits",), holds=holds
    )
    report = SimpleNamespace(findings=(finding,), passed=holds)
    monkeypatch.setattr("tiercast.api.audit", lambda _, root, progress: report)
    done = run("audit", "pipelines/train.toml")
    assert done.exit_code == (0 if holds else 4)
    assert ("holds" if holds else "LEAK") in done.stdout
    assert done.stderr.startswith("" if holds else "error LEAK: ")
    assert answer("audit", "pipelines/train.toml", exit_code=done.exit_code)["passed"] is holds
