"""Jobs: what a card or the demo runs, from the first row to the last printed line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast import api, scoring, storing, training
from tiercast.config import AddCard, ScoreCard, SegmentCard, TrainCard, read_card
from tiercast.registry import open_store
from tiercast.segments.recording import save_pictures
from tiercast.sides import spoken_sides
from tiercast.sources.opening import open_source

Progress = Callable[[str], None]
DEMO_SOURCE = "complete_journey:"
DEMO_CARD = TrainCard(
    job="train", source=DEMO_SOURCE, until="2018-01-01", horizon_days=28, tuning_trials=4, tuning_seconds=240
)


@dataclass(frozen=True)
class DemoReport:
    """What the demo found: the training, the scorecard, three customers told, and how to look at the runs."""

    train: training.TrainReport
    score: scoring.ScoreReport
    examples: str
    ui_command: str


def demo(
    *, root: str | Path | None = None, out: str | Path = "scorecards", progress: Progress = lambda _: None
) -> DemoReport:
    """Train on a year of real retail data, take the winner into charge, score everybody, and tell the result."""
    store = open_store(root)
    history = open_source(DEMO_SOURCE)
    trained = training.train(DEMO_CARD, store=store, history=history, progress=progress)
    day = trained.plan.data_ends_on
    scored = scoring.score(history, cutoff=day, store=store, out=out, progress=progress)
    ui = f"mlflow ui --backend-store-uri {store.uri}"
    return DemoReport(trained, scored, examples_text(scored.cards), ui)


def examples_text(cards: pd.DataFrame) -> str:
    """Return three customers: the most valuable, the one with most value at risk, and a lapsed one."""
    cards = cards[cards["churn_probability"].notna()]
    if cards.empty:
        return "nobody has bought yet: nothing is expected of anyone"
    at_risk = cards["expected_value_currency"] * cards["churn_probability"]
    picked = [
        ("most valuable", cards["expected_value_currency"].argmax()),
        ("most value at risk", at_risk.argmax()),
        ("most likely gone", cards["churn_probability"].argmax()),
    ]
    lines = []
    for what, place in picked:
        card = cards.iloc[int(place)]
        lines += [
            f"{what}: customer {card['customer_id']} — {card['tier']}, {card['segment']}",
            f"  churn {100 * card['churn_probability']:.0f} % in {card['churn_horizon_days']} days; next purchase "
            f"{card['next_purchase_on'] or 'beyond 182 days'}; worth {card['expected_value_currency']:,.0f}"
            f" {card['currency']} ({card['expected_value_low_currency']:,.0f} to"
            f" {card['expected_value_high_currency']:,.0f}); next: {card['next_action']}",
            f"  why: {card['reasons_en']}",
        ]
    return "\n".join(lines)


def run_card(path: str | Path, *, root: str | Path | None = None, progress: Progress = lambda _: None) -> Any:
    """Run whatever job a card is for and return its report.

    Raises
    ------
    CardError
    """
    card = read_card(path)
    if isinstance(card, TrainCard):
        return api.train(card, root=root, progress=progress)
    if isinstance(card, ScoreCard):
        return api.score(
            card.source,
            cutoff=card.cutoff,
            out=card.out,
            model=card.model,
            policy=card.policy,
            language=card.language,
            root=root,
            sides=spoken_sides(card.sides),
            extensions=card.extensions,
            newest_within_days=card.newest_within_days,
            progress=progress,
        )
    if isinstance(card, AddCard):
        return storing.add(
            card.source, to=card.to, batch=card.batch, extensions=card.extensions, progress=progress
        )
    return run_segment(card, root=root)


def run_segment(card: SegmentCard, *, root: str | Path | None = None) -> api.SegmentResult:
    """Run a segment card; with ``out`` the assignment is written as parquet."""
    result = api.segment(
        card.source,
        cutoff=card.cutoff,
        clusters=card.clusters,
        seed=card.seed,
        algorithm=card.algorithm,
        trials=card.trials,
        previous=card.previous,
        predictions=card.predictions,
        root=root,
        sides=spoken_sides(card.sides),
        extensions=card.extensions,
    )
    if card.out:
        Path(card.out).parent.mkdir(parents=True, exist_ok=True)
        result.assigned.to_parquet(card.out, index=False)
    if card.plots:
        save_pictures(result.report, Path(card.plots))
    return result


__all__ = ["DemoReport", "demo", "run_card", "run_segment"]
