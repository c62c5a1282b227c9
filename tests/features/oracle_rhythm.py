"""Rhythm, tenure, season and calendar, told a second time in plain Python."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

from tiercast.features.declare import Seen

Row = Mapping[str, Any]
PEAKS = [
    date(2024, 2, 10), date(2024, 2, 14), date(2024, 3, 31), date(2024, 9, 1), date(2024, 11, 11), date(2024, 11, 29),
    date(2024, 12, 25),
]  # fmt: skip
"""Chinese New Year, Valentine's Day, Easter, back to school, Singles' Day, Black Friday and Christmas of 2024."""


def rhythm(
    rows: Sequence[Row], baskets: Sequence[Row], cutoff: date, seen: Seen, zone: ZoneInfo
) -> dict[str, float | None]:
    """Return what the days with a purchase tell beyond their gaps."""
    found: dict[str, float | None] = {}
    if seen.years >= 2:
        ahead = [(peak - cutoff).days for peak in PEAKS if peak >= cutoff]
        found |= {
            "cutoff_month": cutoff.month,
            "cutoff_weekday": cutoff.weekday(),
            "days_until_peak": ahead[0],
        }
        found["peaks_28d"] = sum(days < 28 for days in ahead)
    if "purchase" not in seen.kinds:
        return found
    ages = sorted({(cutoff - basket["at"].date()).days for basket in baskets}, reverse=True)
    gaps = [older - newer for older, newer in pairwise(ages)]
    found |= _regularity(ages, gaps) | _tenure(rows, ages, gaps) | _weekdays(baskets, zone)
    if seen.years >= 1:
        found |= _season(baskets, cutoff)
    return found


def _regularity(ages: Sequence[int], gaps: Sequence[int]) -> dict[str, float | None]:
    spacings = [part / ages[0] for part in (*gaps, ages[-1])] if gaps else []
    moment = sum(part**2 for part in spacings)
    least = 1 / max(len(spacings), 1)
    recent = [gap for gap, age in zip(gaps, ages[1:], strict=True) if age <= 182] if gaps else []
    within = {days: sum(age <= days for age in ages) for days in (91, 182, 364)}
    return {
        "purchase_clumpiness_share": (moment - least) / (1 - least) if gaps else None,
        "days_since_purchase_to_longest_ratio": ages[-1] / max(gaps) if gaps else None,
        "overdue_days": max(0, ages[-1] - median(gaps)) if gaps else None,
        "gap_trend_ratio": fmean(recent) / fmean(gaps) if recent else None,
        "order_days_half_trend_ratio": within[91] / within[182] * 2 if within[182] else None,
        "order_days_year_trend_ratio": within[182] / within[364] * 2 if within[364] else None,
    }


def _tenure(rows: Sequence[Row], ages: Sequence[int], gaps: Sequence[int]) -> dict[str, float | None]:
    met = max(row["age"] for row in rows)
    backs = [age for gap, age in zip(gaps, ages[1:], strict=True) if gap > 182] if gaps else []
    periods = {(age - 1) // 28 for age in ages}
    if not ages:
        code, stage = 1, met
    elif ages[-1] > 182:
        code, stage = 4, ages[-1] - 182
    elif backs:
        code, stage = 5, backs[-1]
    else:
        code, stage = (2, ages[0]) if len(ages) == 1 else (3, ages[1])
    return {
        "days_since_second_purchase": ages[1] if gaps else None,
        "comebacks": len(backs),
        "days_since_comeback": backs[-1] if backs else None,
        "active_periods": len(periods),
        "active_periods_share": len(periods) / (max(periods) + 1) if ages else None,
        "days_to_first_purchase": met - ages[0] if ages else None,
        "days_to_second_purchase": gaps[0] if gaps else None,
        "one_time_flag": len(ages) == 1,
        "new_flag": bool(ages) and ages[0] <= 91,
        "life_stage_code": code,
        "days_in_stage": stage,
    }


def _weekdays(baskets: Sequence[Row], zone: ZoneInfo) -> dict[str, float | None]:
    days = Counter(basket["at"].astimezone(zone).weekday() for basket in baskets)
    best = min(days, key=lambda day: (-days[day], day), default=None)
    return {
        "preferred_weekday_code": best,
        "weekday_top_share": None if best is None else days[best] / len(baskets),
    }


def _season(baskets: Sequence[Row], cutoff: date) -> dict[str, float | None]:
    def after(days: int) -> list[Row]:
        first = cutoff.toordinal() - 364
        return [basket for basket in baskets if first <= basket["at"].date().toordinal() < first + days]

    return {
        "orders_same_month": len(after(28)),
        "orders_same_season": len(after(91)),
        "spend_same_season_currency": sum(basket["amount"] for basket in after(91)) / 100,
        "season_share": len(after(91)) / len(after(364)) if after(364) else None,
    }
