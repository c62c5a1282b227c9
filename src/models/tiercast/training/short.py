"""A history too short for the panel: the purchase process answers, or else a rule, and both are told to be unjudged.

Models need three windows one after the other: to learn on, to choose by, to be judged on. A shop of a hundred days has one.
Buy-till-you-die needs none: it is fitted on when customers bought, not on what they did next. So it answers as soon as enough
of them came back, and the one mature window says how far its values spread. Where too few came back, rules are learned
on that window. Neither is calibrated (one window proves no map: docs/decisions/0009), neither replaces anybody in charge.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiercast.config import TrainCard
from tiercast.registry import Run, Store
from tiercast.segments import SegmentReport
from tiercast.serving.measure import ValueMeasure
from tiercast.training.backtest import Fits, at
from tiercast.training.conversion import MINIMA
from tiercast.training.conversion import NOT_TRAINABLE as NO_CONVERSION
from tiercast.training.converting import conversion_facts
from tiercast.training.describing import Stage
from tiercast.training.judging import RULES, Results
from tiercast.training.model_card import write_unjudged_card
from tiercast.training.one_window import BTYD, figures_of, forecasts_of
from tiercast.training.promotion import Promotion, register_unjudged
from tiercast.training.record import record_winners
from tiercast.training.short_plan import NOT_JUDGED

GAP_NOT_READ = "GAP_NOT_READ"


@dataclass(frozen=True)
class Short:
    """What a training found that nothing could judge."""

    results: Results
    segments: SegmentReport
    promotion: Promotion
    warnings: tuple[str, ...]


def warnings_of(why: str, *, gap_days: int, prospects: int) -> tuple[str, ...]:
    """Return why rules answer, if they do, and what the answers leave out.

    Examples
    --------
    >>> warnings_of("", gap_days=0, prospects=99)
    ()
    >>> [each.split(":")[0] for each in warnings_of("", gap_days=5, prospects=100)]
    ['GAP_NOT_READ', 'CONVERSION_NOT_TRAINABLE']
    >>> warnings_of("RULE_ANSWERS: 12 customers", gap_days=5, prospects=0)
    ('RULE_ANSWERS: 12 customers',)
    """
    told = [why] if why else []
    if gap_days and not why:
        told.append(
            f"{GAP_NOT_READ}: the purchase process knows no gap: chances and values are those of a window that begins at the "
            f"cutoff, not {gap_days} days after it"
        )
    if prospects >= MINIMA.prospects:
        told.append(
            f"{NO_CONVERSION}: nothing is told of {prospects:,} prospects; conversion is learned where it can be judged too"
        )
    return tuple(told)


def answer_short(
    ready: Any,
    fits: Fits,
    staging: Callable[[], Stage],
    made: dict[str, tuple[Path, SegmentReport]],
    *,
    card: TrainCard,
    store: Store,
    run: Run,
) -> Short:
    """Make and register the one version that a short history allows; it is in charge only where nobody is.

    Parameters
    ----------
    ready : Prepared
        With a plan of :func:`~tiercast.training.short_plan.plan_or_short` that has no folds.
    staging : callable
        Returns what makes a bundle of a forecast.
    made : dict
        Gets the staged bundle, which the caller removes.
    """
    plan, source = ready.plan, ready.history.name
    (origin,) = plan.origins
    measure = ValueMeasure(card.margin_share, card.discount_yearly_share)
    served, then, why = forecasts_of(fits, plan, ready.customers, measure)
    results = Results(winners=dict(RULES if why else BTYD))
    if then is not None:
        told = figures_of(fits, then, at(fits.known(plan.data_ends_on), origin))
        results.figures = {
            target: {name: {origin.isoformat(): found, "mean": found} for name, found in by_name.items()}
            for target, by_name in told.items()
        }
    waiting = int((~(ready.customers["order_days"].to_numpy(float) > 0)).sum())
    warnings = (*ready.warnings, *warnings_of(why, gap_days=card.gap_days, prospects=waiting))
    fits.progress("assembling the bundle")
    message = (
        f"{NOT_JUDGED}: nothing has judged this version, whose history was too short; models are trained and judged from "
        f"{plan.judged_from} on: train again then"
    )
    unjudged = {"code": NOT_JUDGED, "judged_from": plan.judged_from.isoformat(), "message": message}
    made["unjudged"] = staging()(
        served,
        model_card=write_unjudged_card(
            card, ready.account, plan, results, warnings, ready.horizon, why=why, measure=measure
        )
        + "\nProspects: nothing is told of them; when they first buy is learned where that can be judged too.\n",
        facts={
            "candidates": dict(results.winners),
            "source": source,
            "run_id": run.run_id,
            "not_judged": unjudged,
        }
        | {"conversion": conversion_facts(None, "rule")},
    )
    folder, segments = made["unjudged"]
    record_winners(run, results, segments)
    fits.progress("registering what nothing judged")
    basis = served.basis["churn"]
    promotion, kept = register_unjudged(store, run, folder, judged_from=plan.judged_from, basis=basis)
    warnings += kept
    run.record(
        {**promotion.decision.to_json(), "held_back": promotion.held_back, "judged": False}, "gate.json"
    )
    run.log(
        tags={
            "tiercast.promoted": False,
            "tiercast.judged": "no",
            "tiercast.judged_from": plan.judged_from,
            "tiercast.basis": basis,
            "tiercast.warnings": "; ".join(warnings),
        }
    )
    return Short(results, segments, promotion, warnings)
