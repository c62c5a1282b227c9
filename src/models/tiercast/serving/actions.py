"""What to do next for each customer, read from a frozen table of rules: the first that fits decides.

A table is JSON made once at training by ``tiercast.actions.next_best.ActionTable.freeze``; this file only
applies it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .conditions import Condition, matches, take
from .refusals import MissingColumns

DATES: tuple[str, ...] = ("now", "day_before_next_purchase", "never")
COLUMNS: tuple[str, ...] = (
    "next_action",
    "next_action_on",
    "next_action_reason_code",
    "next_action_en",
    "next_action_zh",
    "next_action_reason_en",
    "next_action_reason_zh",
)


def decide(table: Mapping[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Say what to do next for each customer, on which day, and why.

    Parameters
    ----------
    table : mapping
        What ``ActionTable.freeze`` returned.
    frame : DataFrame
        Features, predictions and scores side by side, one row a customer, with ``cutoff`` (date). Inputs that
        did not come are unknown, and no comparison with an unknown input is met.

    Returns
    -------
    DataFrame
        Same index: ``next_action`` (code, ``none`` when nothing is due), ``next_action_on`` (date, None with
        ``none``), ``next_action_reason_code`` (name of the rule), and the names and reasons in both
        languages. A date is ``now``, the cutoff's day, or ``day_before_next_purchase``: the day before the
        median next purchase (1 day from the cutoff is the cutoff's day itself), never before the cutoff; the
        cutoff's day when unknown.

    Raises
    ------
    MissingColumns
        Without ``cutoff``.

    Examples
    --------
    >>> import datetime
    >>> from tiercast.actions.next_best import NEXT_BEST
    >>> seen = pd.DataFrame({"cutoff": datetime.date(2026, 3, 2), "lifecycle_stage": ["repeat", "prospect"],
    ...                      "next_purchase_median_days": [5.0, None], "days_since_purchase": [3.0, None]})
    >>> decide(NEXT_BEST.freeze(seen), seen)[["next_action", "next_action_on"]].values.tolist()
    [['remind', datetime.date(2026, 3, 5)], ['none', None]]
    >>> decide(NEXT_BEST.freeze(seen), seen.drop(columns="cutoff"))
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.MissingColumns: next actions need cutoff, which did not come
    >>> decide(NEXT_BEST.freeze(seen), seen.iloc[:0]).shape
    (0, 7)
    """
    if "cutoff" not in frame:
        raise MissingColumns("next actions need cutoff, which did not come", missing=["cutoff"])
    rules = table["rules"]
    cuts = {name: cut["value"] for name, cut in table["cuts"].items()}
    found = np.full(len(frame), len(rules) - 1)
    for position in range(len(rules) - 1, -1, -1):
        found[matches([Condition.from_json(each) for each in rules[position]["when"]], frame, cuts)] = (
            position
        )
    actions = {each["code"]: each for each in table["actions"]}
    chosen = [actions[rule["action"]] for rule in rules]
    on = take([rule["on"] for rule in rules], found)
    return pd.DataFrame(
        {
            "next_action": take([rule["action"] for rule in rules], found),
            "next_action_on": _dates(frame, on.to_numpy()),
            "next_action_reason_code": take([rule["name"] for rule in rules], found),
            "next_action_en": take([each["name_en"] for each in chosen], found),
            "next_action_zh": take([each["name_zh"] for each in chosen], found),
            "next_action_reason_en": take([rule["reason_en"] for rule in rules], found),
            "next_action_reason_zh": take([rule["reason_zh"] for rule in rules], found),
        }
    ).set_axis(frame.index)


def _dates(frame: pd.DataFrame, on: np.ndarray) -> pd.Series:
    later_days = np.zeros(len(frame))
    if "next_purchase_median_days" in frame:
        median = frame["next_purchase_median_days"].to_numpy(dtype=np.float64, na_value=np.nan)
        later_days = np.where(np.isfinite(median), np.clip(np.rint(np.nan_to_num(median)) - 2, 0, 3650), 0.0)
    later_days = np.where(on == "day_before_next_purchase", later_days, 0.0)
    cutoff = pd.to_datetime(frame["cutoff"].astype(object), utc=True).dt.tz_localize(None)
    days = cutoff.to_numpy().astype("datetime64[D]") + later_days.astype("timedelta64[D]")
    written = days.astype(object)
    written[on == "never"] = None
    return pd.Series(written, dtype=object)
