"""Promotion: the new bundle takes charge only if it beats the best rule and the champion on the same test rows."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.evaluation.gate import GateDecision, decide, judge, share_for_each
from tiercast.evaluation.measures import Measure, measure_named
from tiercast.evaluation.origins import worst_of
from tiercast.registry import (
    JUDGED_TAG,
    NOT_JUDGED,
    Run,
    Store,
    VersionInfo,
    bundle_folder,
    champion,
    open_served,
    register_bundle,
    set_alias,
)
from tiercast.segments import SegmentReport
from tiercast.serving.bundle import arrange
from tiercast.training.judging import Results
from tiercast.training.plan import Plan
from tiercast.training.ranking import check_ranking

ANSWERS = "answers.parquet"
NOBODY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Promotion:
    """Who is in charge now, and why.

    Parameters
    ----------
    promoted : bool
        Whether the challenger became champion.
    decision : GateDecision
    champion, challenger, rule : VersionInfo
    champion_before : VersionInfo or None
    held_back : str
        Why the challenger stays out whatever the gate says: nothing honest to compare it with, or it hardly ranks at all.
    """

    promoted: bool
    decision: GateDecision
    champion: VersionInfo
    challenger: VersionInfo
    rule: VersionInfo
    champion_before: VersionInfo | None
    held_back: str = ""


def register(
    store: Store, run: Run, made: Mapping[str, tuple[Path, SegmentReport]]
) -> dict[str, VersionInfo]:
    """Register the rule's bundle and the challenger's; the rule is champion until something beats it."""
    versions = {}
    for kind in ("rule", "challenger"):
        folder, _ = made[kind]
        versions[kind] = register_bundle(
            store, folder, run_id=run.run_id, tags={"tiercast.kind": "rule" if kind == "rule" else "model"}
        )
    set_alias(store, "challenger", versions["challenger"].version)
    return versions


def register_unjudged(
    store: Store, run: Run, folder: Path, *, judged_from: date, basis: str
) -> tuple[Promotion, tuple[str, ...]]:
    """Register the one version of a history that is too short for judging; it is champion only where there is none.

    It counts as a rule: a later challenger meets it on the test origins that it was not fitted on.

    Returns
    -------
    (Promotion, tuple of str)
        And a warning where somebody is in charge already.
    """
    before = champion(store)
    tags = {
        "tiercast.kind": "rule",
        JUDGED_TAG: NOT_JUDGED,
        "tiercast.judged_from": judged_from,
        "tiercast.basis": basis,
    }
    made = register_bundle(store, folder, run_id=run.run_id, tags=tags)
    kept = ""
    if before is None:
        set_alias(store, "champion", made.version)
    else:
        kept = (
            f"CHAMPION_STAYS: v{before.version} stays in charge; v{made.version} was judged by nothing, so it replaces nobody; "
            f"score with it by name: --model {made.version}"
        )
    now = champion(store)
    assert now is not None  # an alias was set above at the latest
    decision = GateDecision(False, (), ())
    return Promotion(False, decision, now, made, made, before, kept), (kept,) if kept else ()


def promote(
    store: Store,
    run: Run,
    versions: Mapping[str, VersionInfo],
    results: Results,
    *,
    plan: Plan,
    seed: int,
    engine: DuckDBEngine,
    people: Mapping[str, Any] = NOBODY,
) -> Promotion:
    """Judge the challenger at the gate and move the alias ``champion`` when it passes.

    ``people`` holds the tables about customers that the engine's history came with.
    """
    before = champion(store)
    if before is None:
        set_alias(store, "champion", versions["rule"].version)
    rival = None
    of_winner = results.figures.get("churn", {}).get(results.winners["churn"], {})
    held_back = "; ".join(check_ranking(of_winner))
    if before is not None:
        rival, incomparable = rival_of(store, before, results, plan=plan, engine=engine, people=people)
        held_back = incomparable or held_back
    decision = gate(
        results, rival=rival, rival_name=f"champion v{before.version}" if before else "", seed=seed
    )
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # kept first: a champion without its answers cannot be beaten fairly
        place = Path(folder) / ANSWERS
        own_answers(results).to_parquet(place, index=False)
        run.file(place, "answers")
    promoted = decision.promoted and not held_back
    if promoted:
        set_alias(store, "champion", versions["challenger"].version)
    now = champion(store)
    assert now is not None  # an alias was set above at the latest
    return Promotion(promoted, decision, now, versions["challenger"], versions["rule"], before, held_back)


def rival_of(
    store: Store,
    before: VersionInfo,
    results: Results,
    *,
    plan: Plan,
    engine: DuckDBEngine,
    people: Mapping[str, Any] = NOBODY,
) -> tuple[pd.DataFrame | None, str]:
    """Return the champion's answers for the rows that are judged, or why there is nothing honest to compare."""
    bundle = open_served(bundle_folder(store, before.version))
    question = (bundle.forecast.horizon_days, bundle.forecast.gap_days)
    if question != (plan.horizon.days, plan.horizon.gap_days):
        if not before.is_judged:
            return None, ""  # what nothing judged does not stand in the way of what was
        return (
            None,
            f"the champion answers for {question[0]} days after a gap of {question[1]}: another question",
        )
    rival = champion_answers(store, before, bundle, plan=plan, engine=engine, people=people)
    if rival is None:
        if before.tags.get("tiercast.kind") == "rule":
            return None, ""  # a rule is among the baselines anyway
        return (
            None,
            "the champion was fitted on every test origin and kept no answers for them: nothing honest to compare",
        )
    judged = results.answers["churn"][["customer_id", "cutoff"]]
    if judged.merge(rival, on=["customer_id", "cutoff"], how="inner").empty:
        return None, "the champion knows none of the customers that are judged" if before.is_judged else ""
    return rival, ""


def gate(
    results: Results, *, rival: pd.DataFrame | None, rival_name: str, seed: int, resamples: int = 1000
) -> GateDecision:
    """Return the decision: churn log-loss must gain; calibration, the worst origin, and value's rank and level must not suffer.

    Guards are judged against the champion, where there is one, else against the best rule; the ranking of value against
    both. Together they raise a false alarm no oftener than one alone would.
    """
    churn, value = results.answers["churn"], results.answers["lifetime_value"]
    winner, value_winner = results.winners["churn"], results.winners["lifetime_value"]
    merged = churn if rival is None else churn.merge(rival, on=["customer_id", "cutoff"], how="inner")
    origin = merged["cutoff"].to_numpy().astype("datetime64[D]")
    guards: list[str | Measure] = ["expected_calibration_error"]
    if len(np.unique(origin)) > 1:
        guards.append(worst_of(measure_named("log_loss"), origin))
    share = share_for_each(len(guards) + (2 if rival is None else 3))
    decided = judge(
        merged["actual"],
        merged[winner],
        baselines=_baselines(results.rules["churn"], winner, merged),
        measure="log_loss",
        seed=seed,
        champion=None if rival is None else (rival_name, merged["champion_churn"]),
        guards=guards,
        customer=merged["customer_id"],
        resamples=resamples,
        guard_confidence_share=share,
    )
    merged = value if rival is None else value.merge(rival, on=["customer_id", "cutoff"], how="inner")
    valued = judge(
        merged["actual"],
        merged[value_winner],
        baselines=_baselines(results.rules["lifetime_value"], value_winner, merged),
        measure="normalised_gini",
        seed=seed,
        champion=None if rival is None else (rival_name, merged["champion_value"]),
        guards=("total_bias_distance",),
        customer=merged["customer_id"],
        resamples=resamples,
        confidence_share=share,
    )
    return decide([*decided.comparisons, *(replace(each, is_guard=True) for each in valued.comparisons)])


def _baselines(rules: tuple[str, ...], winner: str, merged: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the answers of the rules other than the winner; a winner that is the only rule meets itself."""
    return {name: merged[name] for name in rules if name != winner} or {winner: merged[winner]}


def own_answers(results: Results) -> pd.DataFrame:
    """Return the winner's out-of-time answers: what a later challenger is compared with."""
    churn, value = results.answers["churn"], results.answers["lifetime_value"]
    return pd.DataFrame(
        {
            "customer_id": churn["customer_id"],
            "cutoff": churn["cutoff"].map(date.isoformat),
            "champion_churn": churn[results.winners["churn"]],
            "champion_value": value[results.winners["lifetime_value"]],
        }
    )


def champion_answers(
    store: Store,
    before: VersionInfo,
    bundle: Any,
    *,
    plan: Plan,
    engine: DuckDBEngine,
    people: Mapping[str, Any] = NOBODY,
) -> pd.DataFrame | None:
    """Return the champion's honest answers at the test origins, or None when there are none.

    At an origin that it was not fitted on the champion's own bundle answers, with its own frozen features; at an
    older one its answers kept from its own backtest are taken.
    """
    fitted_as_of = date.fromisoformat(str(bundle.manifest["fitted_as_of"]))
    found = []
    for fold in plan.folds:
        if fold.test < fitted_as_of:
            continue
        text, tables = bundle.features_sql, bundle.tables.with_(**people)
        found_then = engine.run(text, cutoffs=[fold.test], tables=tables)
        features = arrange(found_then, fold.test, unknown=bundle.unknown(people))
        said = in_net_revenue(replace(bundle.forecast, horizon_days=plan.window.days)).predict(features)
        found.append(
            pd.DataFrame(
                {
                    "customer_id": features["customer_id"],
                    "cutoff": features["cutoff"],
                    "champion_churn": said["churn_probability"],
                    "champion_value": said["expected_value_currency"],
                }
            ).dropna()
        )
    alike = bundle.forecast.window_days == plan.window.days  # else they answered another question
    kept = kept_answers(store, before) if alike else None
    if kept is not None:
        tests = {fold.test for fold in plan.folds if fold.test < fitted_as_of}
        found.append(kept[np.asarray([cutoff in tests for cutoff in kept["cutoff"]], dtype=bool)])
    found = [part for part in found if len(part)]
    return pd.concat(found, ignore_index=True) if found else None


def in_net_revenue(forecast: Any) -> Any:
    """Return a served forecast that tells net revenue, in which all are judged; older versions tell nothing else."""
    return replace(forecast, measure=type(forecast.measure)()) if hasattr(forecast, "measure") else forecast


def kept_answers(store: Store, version: VersionInfo) -> pd.DataFrame | None:
    """Return the answers that a version's run kept, or None for a version without."""
    from tiercast.registry import run_file

    if version.tags.get("tiercast.kind") == "rule" or version.run_id is None:
        return None
    place: Any = run_file(store, version.run_id, f"answers/{ANSWERS}")
    if place is None:
        return None
    kept = pd.read_parquet(place)
    kept["cutoff"] = pd.Series([date.fromisoformat(each) for each in kept["cutoff"]], dtype=object)
    return kept
