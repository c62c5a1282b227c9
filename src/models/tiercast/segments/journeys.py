"""Stages of a history: who is where today, how customers moved through the year, and what they are deciding now."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.errors import TiercastError
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.segments.deciding import Decided, learn_decisions
from tiercast.segments.lifecycle import ORDER, Lives, lives_of
from tiercast.serving.decision import OBSERVED, READ, DecisionStyle
from tiercast.serving.lifecycle import IN_CHINESE, Stages

STAGE_COLUMNS: tuple[str, ...] = (
    "days_since_purchase", "order_days", "gap_mean_days", "gap_last_days", "customer_age_days", "satisfaction_share",
    "referrals", "days_until_need_ends",
)  # fmt: skip
STYLE_COLUMNS: tuple[str, ...] = ("interest_touchpoints", "days_to_first_purchase", "discount_share")
NO_EPISODE = "in no episode"


class BadLooks(TiercastError, ValueError):
    """Customers cannot be looked at that often, or that many times.

    Examples
    --------
    >>> raise BadLooks(every_days=0, cutoffs=13)
    Traceback (most recent call last):
    tiercast.segments.journeys.BadLooks: customers are looked at every 1 to 364 days, 1 to 120 times, not every 0 days,
    13 times
    """

    code = "BAD_LOOKS"
    exit_code = 2

    def __init__(self, *, every_days: int, cutoffs: int) -> None:
        super().__init__(
            f"customers are looked at every 1 to 364 days, 1 to 120 times, not every {every_days} days, {cutoffs} times",
            every_days=every_days,
            cutoffs=cutoffs,
        )


@dataclass(frozen=True)
class StagesReport:
    """Where customers are in their lives.

    Parameters
    ----------
    cutoff : date
    every_days : int
        Days between the cutoffs at which they were looked at.
    cutoffs : tuple of date
        Oldest first, as far as the history reaches.
    counts : DataFrame
        ``stage, stage_zh, customers, share`` at the newest cutoff, every stage.
    lives : Lives
        Transition rates, dwell times and impossible transitions.
    decisions : DataFrame
        ``stage, customers, share`` of the five decision stages and of those in no episode.
    decided : Decided
        How the decision stages were learned, and how that did out of time.
    styles : DataFrame
        ``style, customers, share``.
    assigned : DataFrame
        ``customer_id, cutoff, lifecycle_stage``, decision stage with probabilities, and style, at the newest cutoff.
    """

    cutoff: date
    every_days: int
    cutoffs: tuple[date, ...]
    counts: pd.DataFrame
    lives: Lives
    decisions: pd.DataFrame
    decided: Decided
    styles: pd.DataFrame
    assigned: pd.DataFrame


def stages_of_history(
    engine: Engine,
    history: History,
    *,
    cutoff: date,
    first_day: date | None,
    every_days: int,
    cutoffs: int,
    seed: int,
    rules: Stages | None = None,
    style: DecisionStyle | None = None,
    extensions: tuple[str, ...] = (),
) -> StagesReport:
    """Return the stages report of a history that an engine holds.

    Raises
    ------
    BadLooks
    """
    if not (1 <= every_days <= 364 and 1 <= cutoffs <= 120):
        raise BadLooks(every_days=every_days, cutoffs=cutoffs)
    looks = [cutoff - timedelta(days=every_days * back) for back in reversed(range(cutoffs))]
    days = [day for day in looks if day == cutoff or (first_day is not None and day > first_day)]
    catalogue = build_catalogue(look(engine.run, history, cutoff), extensions=extensions)
    read = (*STAGE_COLUMNS, *STYLE_COLUMNS, OBSERVED, *READ)
    wanted = [name for name in catalogue.names if name in read]
    rows = features_at(engine, history, catalogue, days, wanted=wanted)
    rows = rows.assign(lifecycle_stage=(rules or Stages()).assign(rows))
    now = rows[(rows["cutoff"] == cutoff).to_numpy()].reset_index(drop=True)
    decided = learn_decisions(engine, history, catalogue, cutoff=cutoff, first_day=first_day, seed=seed)
    assigned = pd.concat(
        [
            now[["customer_id", "cutoff", "lifecycle_stage"]],
            decided.part.assign(now),
            (style or DecisionStyle()).assign(now),
        ],
        axis=1,
    )
    counts = _counted(now["lifecycle_stage"], list(ORDER), "stage")
    counts.insert(1, "stage_zh", [IN_CHINESE[stage] for stage in counts["stage"]])
    stages = list(dict.fromkeys(assigned["decision_stage"].dropna()))
    return StagesReport(
        cutoff,
        every_days,
        tuple(days),
        counts,
        lives_of(rows[["customer_id", "cutoff", "lifecycle_stage"]], seed=seed),
        _counted(assigned["decision_stage"].fillna(NO_EPISODE), [*stages, NO_EPISODE], "stage"),
        decided,
        _counted(assigned["decision_style"], ["rational", "mixed", "impulsive", "unknown"], "style"),
        assigned,
    )


def _counted(labels: pd.Series, every: list[str], name: str) -> pd.DataFrame:
    counts = labels.value_counts().reindex(every, fill_value=0).astype("int64")
    return pd.DataFrame(
        {name: every, "customers": counts.to_numpy(), "share": counts.to_numpy() / max(len(labels), 1)}
    )
