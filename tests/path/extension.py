"""What a company brings along: a source, a family of features, a learner and a policy, in one module of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tiercast.features.declare import Family, Feature, Seen
from tiercast.learners.learner import Learner, Panel, Setup
from tiercast.schema import History
from tiercast.serving.conditions import Condition
from tiercast.serving.rules import Column
from tiercast.sources.source import Source
from tiercast.tiers.policy import Input, Policy, Rule, TierClass


def _declare(seen: Seen) -> list[Feature]:
    warned = "MAX(CASE WHEN kind = 'complaint' AND age_days <= 8 THEN 1 ELSE 0 END)"
    return [
        Feature("warned_share", "touches", f"CAST({warned} AS DOUBLE)", "share", "complained within 8 days"),
        Feature("mondays", "orders", "COUNT(CASE WHEN (local_day + 3) % 7 = 0 AND is_new = 1 THEN 1 END)",
                "orders", "on a Monday"),
        Feature("loyal_looking_probability", "derived", "CASE WHEN orders_28d > 0 THEN 0.9e0 ELSE 0.4e0 END",
                "probability", "our grandfather's rule"),
    ]  # fmt: skip


def _fit(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Any:
    return Column("loyal_looking_probability")


OURS = Family("our_own", "What does our company know?", _declare)
GRANDFATHER = Learner("grandfather", "churn", "rule", _fit, {}, {})
MONDAYS = Policy(
    name="mondays",
    version="7",
    classes=(
        TierClass("monday", "Monday people", "周一客户", "open early", "早开门"),
        TierClass("other", "other", "其他", "nothing", "无"),
    ),
    inputs=(Input("mondays", "orders on Mondays", "周一订单"),),
    rules=(Rule("monday", (Condition("mondays", ">=", 3),)), Rule("other")),
)


def _open(where: str) -> History:
    return History(f"warehouse:{where}", files=(str(Path(where) / "touchpoints.parquet"),), format="parquet")


WAREHOUSE = Source("warehouse", "our company's warehouse", _open)
