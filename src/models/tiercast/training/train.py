"""One training, from a card to a registered bundle and the decision whether it takes charge."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.actions.next_best import NEXT_BEST
from tiercast.actions.rules_file import check_inputs, read_rules
from tiercast.collect import collect
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import NotTrainable
from tiercast.features.catalogue import Catalogue, build_catalogue, look
from tiercast.features.described import people_of
from tiercast.intake import Account, require_usable, take_stock
from tiercast.learners.learner import BlendOf, Learner, Panel, Setup
from tiercast.panels import build_panel, features_at
from tiercast.registry import Store, start_run
from tiercast.schema import History
from tiercast.segments import SegmentReport
from tiercast.serving.measure import ValueMeasure
from tiercast.sides import spoken_sides
from tiercast.sources.opening import open_source
from tiercast.targets.churn import CHURN
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.tiers.declared import policy_named
from tiercast.tiers.readable import readable_inputs
from tiercast.training import search
from tiercast.training.backtest import Fits, at
from tiercast.training.conversion import ConversionReport
from tiercast.training.converting import (
    beside_training,
    conversion_card,
    conversion_facts,
    metrics_of,
    record_conversion,
)
from tiercast.training.describing import stage_of
from tiercast.training.horizon import HorizonChoice, Kept, champions_horizon, choose_horizon
from tiercast.training.judging import RULES, Results, assemble, judge_all
from tiercast.training.model_card import write_model_card
from tiercast.training.plan import Plan, check_events, check_spenders
from tiercast.training.promotion import Promotion, promote, register
from tiercast.training.ranking import check_ranking
from tiercast.training.record import record_card, record_results
from tiercast.training.short import answer_short
from tiercast.training.short_plan import plan_or_short
from tiercast.training.slicing import Slices, slices_of
from tiercast.training.sureness import Sureness, sureness_of
from tiercast.windows import Horizon, day_number, parse_cutoff

EXPERIMENT = "tiercast"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainReport:
    """What a training found: accounts, figures, the versions it registered and who is in charge now.

    ``plan.judged_from`` is None, or where the history was too short for models to be judged, the day from which they are: then
    one version was registered that was judged by nothing, and ``promotion`` names it as challenger and rule alike.
    """

    account: Account
    plan: Plan
    results: Results
    segments: SegmentReport
    promotion: Promotion
    run_id: str
    warnings: tuple[str, ...]
    timings: dict[str, float] = field(default_factory=dict)
    conversion: ConversionReport | None = None
    horizon: HorizonChoice | None = None
    slices: Slices = field(default_factory=Slices)
    sure: Sureness = field(default_factory=Sureness)


@dataclass(frozen=True)
class Prepared:
    """All that learners need, before any of them is fitted."""

    history: History
    account: Account
    plan: Plan
    catalogue: Catalogue
    panel: Panel
    stages: dict[date, Any]
    customers: pd.DataFrame
    warnings: tuple[str, ...]
    horizon: HorizonChoice
    following: Panel | None = None


def prepare(
    card: TrainCard,
    engine: DuckDBEngine,
    *,
    history: History,
    progress: Progress,
    kept: Kept | None = None,
) -> Prepared:
    """Read, check and plan; compute the panel of every origin and the features of everybody today.

    ``kept`` is the champion's horizon, for a card that states none. A history that holds one mature window and no test
    origin is prepared too: its plan has no folds, and ``judged_from`` (:mod:`tiercast.training.short`).

    Raises
    ------
    SourceError, ContractError, NotTrainable
    """
    progress("reading touchpoints")
    engine.attach(history)
    account = take_stock(engine, history, repeats=False)
    require_usable(account)
    if account.first_day is None or account.last_day is None or not account.buyers:
        raise NotTrainable(target="all targets", needs="purchases", has="none: no row is of kind purchase")
    ends = parse_cutoff(card.until) if card.until else account.last_day
    if ends > account.last_day + timedelta(days=1):
        raise NotTrainable(
            target="all targets",
            needs=f"history until {ends}, the card's until: days without rows would count as days without purchases",
            has=f"history until {account.last_day}",
            fix="leave until out, or wait for the data",
        )
    asked = choose_horizon(card, engine, history, first_day=account.first_day, data_ends_on=ends, kept=kept)
    progress(f"a horizon of {asked.days} days: {asked.reason}")
    plan = plan_or_short(
        first_day=account.first_day,
        data_ends_on=ends,
        horizon=Horizon(asked.days, card.gap_days),
        step_days=card.step_days,
        test_origins=card.test_origins,
        first_origin_after_days=card.first_origin_after_days,
    )
    catalogue = build_catalogue(look(engine.run, history, plan.words_end_on), extensions=card.extensions)
    progress(f"computing {len(catalogue.names)} features at {len(plan.origins)} origins")
    panel, stages = build_panel(
        engine,
        history,
        catalogue,
        origins=plan.origins,
        horizon=plan.window,
        data_ends_on=plan.data_ends_on,
        active_days=card.active_days or None,
        told_by=plan.folds[0].calibrate if plan.folds else None,
    )
    following = None
    if plan.open_origins:
        following, _ = build_panel(
            engine, history, catalogue, origins=plan.open_origins, horizon=plan.window,
            data_ends_on=plan.data_ends_on, active_days=card.active_days or None, model=panel.btyd,
        )  # fmt: skip
    customers = features_at(engine, history, catalogue, [plan.data_ends_on])
    few = _enough(panel, account, plan)
    warnings = (*asked.warnings, *plan.warnings, *few)
    return Prepared(history, account, plan, catalogue, panel, stages, customers, warnings, asked, following)


def _enough(panel: Panel, account: Account, plan: Plan) -> tuple[str, ...]:
    """Return warnings about few purchases and few who spend; where too few bought again, say what can still be learned."""
    prospects = account.customers > account.buyers
    spent = panel.labels[LIFETIME_VALUE.label].to_numpy(float) > 0
    judged = {each.calibrate for each in plan.folds} | {each.test for each in plan.folds[-1:]}
    windows = sorted(judged or plan.origins)
    spenders = {day: int(spent[panel.cutoff_days == day_number(day)].sum()) for day in windows}
    events = check_events(
        panel.labels[CHURN.label].to_numpy(float),
        customers=panel.features["customer_id"].to_numpy(),
        origin_days=panel.cutoff_days,
        target=CHURN.name,
        until=plan.data_ends_on,
        otherwise="what prospects do can be learned alone: tiercast conversion SOURCE" if prospects else "",
    )
    return (*events, *check_spenders(spenders))


def open_card(card: TrainCard) -> History:
    """Return the history that a card is about, with its side tables."""
    return open_source(card.source, sides=spoken_sides(card.sides), extensions=card.extensions)


def learners_of(card: TrainCard) -> tuple[dict[str, Learner], dict[str, BlendOf]]:
    """Return every learner and blend there is, the card's extensions included."""
    return (
        collect("tiercast.learners", Learner, card.extensions),
        collect("tiercast.learners", BlendOf, card.extensions),
    )


def train(
    card: TrainCard,
    *,
    store: Store,
    history: History | None = None,
    progress: Progress = lambda _: None,
    threads: int | None = None,
) -> TrainReport:
    """Train, judge, register and, past the gate, promote.

    A history that holds one mature window and no test origin is answered by the purchase process or a rule, unjudged.

    Parameters
    ----------
    card : TrainCard
    store : Store
        MLflow's tracking store and registry.
    history : History, optional
        Touchpoints already opened; default: the card's source.
    progress : callable
        Told each step in words.
    threads : int, optional
        Default: all cores.

    Raises
    ------
    SourceError, ContractError, NotTrainable, StoreUnreachable, StoreCorrupt
    """
    rules = (read_rules(card.actions)[0] if card.actions else None) or NEXT_BEST
    check_inputs(rules, readable_inputs(card.extensions))
    opened = history or open_card(card)
    learners, blends = learners_of(card)
    policy_named(card.policy, card.extensions, card.policies)  # a typo is told before the work, not after
    with (
        DuckDBEngine(threads=threads) as engine,
        start_run(store, EXPERIMENT, "train") as run,
        ExitStack() as cleanup,
    ):
        kept = None if card.horizon_days else champions_horizon(store)
        ready = prepare(card, engine, history=opened, progress=progress, kept=kept)
        setup = Setup(ready.plan.window, card.seed, engine.threads)
        staging = partial(stage_of, ready, engine, history=opened, store=store, card=card, actions=rules)
        made: dict[str, tuple[Path, SegmentReport]] = {}
        cleanup.callback(_remove, made)
        if ready.plan.judged_from is not None:
            usual = {name: dict(each.defaults) for name, each in learners.items()}
            fits = Fits(ready.panel, learners, blends, usual, setup, progress)
            short = answer_short(ready, fits, staging, made, card=card, store=store, run=run)
            record_card(run, card, opened, ready.horizon)
            return TrainReport(
                ready.account, ready.plan, short.results, short.segments, short.promotion, run.run_id, short.warnings,
                horizon=ready.horizon,
            )  # fmt: skip
        parameters = search.tune_all(
            learners, ready.panel, ready.plan, setup, card=card, run=run, progress=progress
        )
        fits = Fits(ready.panel, learners, blends, parameters, setup, progress, ready.following)
        results = judge_all(fits, ready.plan)
        slices = slices_of(results, ready.panel, ready.catalogue.seen.channels)
        sure = sureness_of(results, seed=card.seed)
        told, untold = beside_training(
            engine, opened, ready.catalogue, learners, replace(setup, horizon=ready.plan.horizon),
            origins=ready.plan.origins, tests=[fold.test for fold in ready.plan.folds],
            data_ends_on=ready.plan.data_ends_on, progress=progress,
        )  # fmt: skip
        weak = check_ranking(results.figures[CHURN.name][results.winners[CHURN.name]])
        warnings = (*ready.warnings, *untold, *weak)
        progress("assembling bundles")
        last = ready.plan.folds[-1]
        window = at(fits.known(ready.plan.data_ends_on), last.test)
        newest = _newest_stage(ready)
        measure = ValueMeasure(card.margin_share, card.discount_yearly_share)
        stage = staging()
        for kind, chosen in (("rule", RULES), ("challenger", results.winners)):
            forecast = assemble(
                fits,
                chosen,
                calibrate_until=last.test,
                window=window,
                fit_until=ready.plan.data_ends_on,
                btyd=None if kind == "rule" else newest,
                horizon=ready.plan.horizon,
                level_factor_80=ready.plan.level_factor_80,
                measure=measure,
            )
            made[kind] = stage(
                forecast,
                model_card=write_model_card(
                    card,
                    ready.account,
                    ready.plan,
                    results,
                    chosen,
                    warnings,
                    ready.horizon,
                    slices=slices,
                    sure=sure,
                    measure=measure,
                )
                + conversion_card(told, kind),
                facts={"candidates": dict(chosen), "source": opened.name, "run_id": run.run_id}
                | {"conversion": conversion_facts(told, kind)},
                conversion=None if told is None else told.parts["rule" if kind == "rule" else "winner"],
            )
        record_results(run, store, EXPERIMENT, ready.plan, results, fits, made["challenger"][1], ready.panel)
        run.log(metrics=slices.metrics | sure.metrics)
        run.record(sure.to_json(), "intervals.json")
        run.record(slices.to_json(), "slices.json")
        if told is not None:
            record_conversion(run, told)
            run.log(metrics=metrics_of(told))
        progress("registering and judging at the gate")
        promotion = promote(
            store, run, register(store, run, made), results, plan=ready.plan, seed=card.seed,
            engine=engine, people=people_of(ready.catalogue.read(opened)),
        )  # fmt: skip
        run.record(
            {
                **promotion.decision.to_json(),
                "promoted": promotion.promoted,
                "held_back": promotion.held_back,
            },
            "gate.json",
        )
        record_card(run, card, opened, ready.horizon)
        run.log(tags={"tiercast.promoted": promotion.promoted, "tiercast.warnings": "; ".join(warnings)})
        return TrainReport(
            ready.account, ready.plan, results, made["challenger"][1], promotion, run.run_id, warnings,
            conversion=told, horizon=ready.horizon, slices=slices, sure=sure,
        )  # fmt: skip


def _remove(made: dict[str, tuple[Path, SegmentReport]]) -> None:
    for folder, _ in made.values():
        shutil.rmtree(folder.parent, ignore_errors=True)


def _newest_stage(ready: Prepared) -> Any:
    from tiercast.learners.btyd_choice import fit_stage

    buyers = ready.customers[ready.customers["order_days"].to_numpy(float) > 0]
    return fit_stage(buyers, horizon_days=ready.plan.window.days, model=ready.panel.btyd)


__all__ = ["EXPERIMENT", "Prepared", "TrainReport", "prepare", "train"]
