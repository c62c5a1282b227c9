"""The process that runs featuretools in an environment of its own: it knows a file of touchpoints and nothing of us."""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

NUMBERS = ("amount", "discount", "quantity", "unit_cost", "rating")
WORDS = ("kind", "channel", "category", "store_id", "discount_type")
PRIMITIVES = (
    "count", "sum", "mean", "min", "max", "std", "skew", "num_unique", "time_since_last", "time_since_first",
    "avg_time_between",
)  # fmt: skip


def main() -> None:
    """Write the features of each day of ``asked.json`` to ``features_DAY.parquet`` and the seconds to ``spent.json``."""
    import featuretools  # type: ignore[import-not-found,unused-ignore]
    import pandas as pd

    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    past = pd.read_parquet(asked["past"])
    spent = {}
    for day in asked["days"]:
        customers = pd.read_parquet(folder / f"customers_{day}.parquet")
        start = time.perf_counter()
        found = features(featuretools, past, customers["customer_id"], day)
        spent[str(day)] = time.perf_counter() - start
        found.to_parquet(folder / f"features_{day}.parquet", index=False)
    (folder / "spent.json").write_text(json.dumps(spent), encoding="utf-8")


def features(featuretools: Any, past: Any, customers: Any, day: int) -> Any:
    """Return the numbers of deep feature synthesis at a day, in the order of the customers.

    What occurred, or was known, on or after the day is left out before anything is computed.
    """
    import pandas as pd

    moment = pd.Timestamp(day, unit="D")
    known = past["known_at"].fillna(past["occurred_at"]) if "known_at" in past else past["occurred_at"]
    seen = (past["occurred_at"] < moment) & (known < moment) & past["customer_id"].isin(customers)
    carried = [name for name in (*NUMBERS, *WORDS) if name in past]
    events = past.loc[seen, ["customer_id", "occurred_at", *carried]].reset_index(drop=True)
    events["event"] = range(len(events))
    whose = {"customer_id": "Categorical"}  # a number of digits would be taken for an integer
    types = whose | {name: "Categorical" for name in WORDS if name in events}
    entities = featuretools.EntitySet("touchpoints")
    entities.add_dataframe(
        dataframe=customers.to_frame(),
        dataframe_name="customers",
        index="customer_id",
        logical_types=whose,
    )
    entities.add_dataframe(
        dataframe=events,
        dataframe_name="events",
        index="event",
        time_index="occurred_at",
        logical_types=types,
    )
    entities.add_relationship("customers", "customer_id", "events", "customer_id")
    found, _ = featuretools.dfs(
        entityset=entities,
        target_dataframe_name="customers",
        agg_primitives=list(PRIMITIVES),
        trans_primitives=["month", "weekday"],
        cutoff_time=moment,
        max_depth=2,
    )
    if set(found.index) != set(customers):
        raise ValueError(f"features of {len(found)} customers came, {len(customers)} were asked for")
    placed = found.loc[customers].select_dtypes(["number", "bool"]).astype(float)
    return placed.reset_index(drop=True)


if __name__ == "__main__":
    main()
