"""The record: one run a candidate with its figures at every test origin, and the plots of the winners."""

from tiercast.config import TrainCard
from tiercast.evaluation import plots
from tiercast.learners.learner import Panel
from tiercast.registry import Run, Store, record_run
from tiercast.schema import History
from tiercast.segments import SegmentReport
from tiercast.segments.plots import pictures_of
from tiercast.targets.churn import CHURN
from tiercast.targets.lifetime_value import LIFETIME_VALUE
from tiercast.targets.target import Target
from tiercast.training.backtest import Fits
from tiercast.training.horizon import HorizonChoice
from tiercast.training.judging import Results
from tiercast.training.plan import Plan


def record_results(
    run: Run,
    store: Store,
    experiment: str,
    plan: Plan,
    results: Results,
    fits: Fits,
    segments: SegmentReport,
    panel: Panel,
) -> None:
    """Keep figures, plots, features' names and the segments' profile under the training's run."""
    for target, candidates in results.figures.items():
        for name, by_origin in candidates.items():
            record_run(
                store,
                experiment,
                f"{target} {name}",
                parent=run,
                params=fits.parameters.get(name, {}),
                metrics={
                    f"{measure}.{origin}": figure
                    for origin, figures in by_origin.items()
                    for measure, figure in figures.items()
                },
                tags={
                    "tiercast.kind": "candidate",
                    "tiercast.target": target,
                    "tiercast.learner": name,
                    "tiercast.basis": fits.basis(name),
                    "tiercast.selected": results.winners[target] == name,
                },
            )
    record_winners(run, results, segments)
    for name, figure in pictures(results, panel).items():
        run.figure(figure, f"plots/{name}.png")


def record_winners(run: Run, results: Results, segments: SegmentReport) -> None:
    """Keep who answers each target and their figures, and what the segments are like."""
    run.log(
        metrics={
            f"{target}.{measure}": figure
            for target, winner in results.winners.items()
            for measure, figure in results.figures.get(target, {}).get(winner, {}).get("mean", {}).items()
        }
        | {"segments.silhouette": segments.silhouette, "segments.stability": segments.stability},
        tags={f"tiercast.winner.{target}": winner for target, winner in results.winners.items()},
    )
    run.record({"figures": results.figures, "selection": results.selection}, "figures.json")
    run.text(segments.profile.to_csv(index=False), "segments/profile.csv")
    for name, figure in pictures_of(segments).items():
        run.figure(figure, f"plots/segments_{name}.png")


def record_card(run: Run, card: TrainCard, history: History, horizon: HorizonChoice) -> None:
    """Keep what was asked, and the horizon that was taken; an address is told without its password."""
    asked = {name: value for name, value in card.__dict__.items() if isinstance(value, (str, int, float))}
    told = {
        "source": history.name,
        "sides": ", ".join(sorted(history.sides)),
    }  # the card's words may hold a password
    chosen = {"horizon_days": horizon.days, "horizon_basis": horizon.basis, "horizon_reason": horizon.reason}
    run.log(params=asked | told | chosen)


def pictures(results: Results, panel: Panel) -> dict[str, object]:
    """Return the winners' plots over the stacked test origins."""
    churn, value = results.answers["churn"], results.answers["lifetime_value"]
    winner, value_winner = results.winners["churn"], results.winners["lifetime_value"]
    shown = list(dict.fromkeys(["hiatus", "btyd", winner]))
    made: dict[str, object] = {
        "churn_roc": plots.roc(churn["actual"], {name: churn[name] for name in shown if name in churn}),
        "churn_lift": plots.lift_and_gains(churn["actual"], churn[winner]),
        "churn_calibration": plots.calibration(churn["actual"], churn[winner]),
        "churn_log_loss": plots.compare_bars(
            {name: by_origin["mean"]["log_loss"] for name, by_origin in results.figures["churn"].items()},
            measure="log_loss",
            larger_is_better=False,
            ours=winner,
        ),
        "value_deciles": plots.deciles(value["actual"], value[value_winner], currency="currency"),
        "value_gini": plots.compare_bars(
            {
                name: by_origin["mean"]["normalised_gini"]
                for name, by_origin in results.figures["lifetime_value"].items()
            },
            measure="normalised_gini",
            larger_is_better=True,
            ours=value_winner,
        ),
        "value_lorenz": plots.lorenz(value["actual"]),
        "value_pit": plots.pit(results.ranges["pit"]),
        "churn_over_time": plots.over_time(
            _by_origin(results, CHURN, "log_loss"), measure="log_loss", larger_is_better=False
        ),
        "value_over_time": plots.over_time(
            _by_origin(results, LIFETIME_VALUE, "normalised_gini"),
            measure="normalised_gini",
            larger_is_better=True,
        ),
    }
    if results.curves:
        newest = max(results.curves, key=lambda origin: results.curves[origin][0].shape[1])
        survival, labels, days = results.curves[newest]
        made["repurchase_survival"] = plots.survival(
            labels["days_to_purchase"],
            labels["observed_days"],
            {results.winners["repurchase"]: survival},
            days,
        )
    return made


def _by_origin(results: Results, target: Target, measure: str) -> dict[str, dict[str, float]]:
    """Return a measure of the winner and of the rule at each test origin."""
    shown = dict.fromkeys((results.winners[target.name], target.rule))
    return {
        name: {
            origin: told[measure]
            for origin, told in results.figures[target.name][name].items()
            if origin != "mean"
        }
        for name in shown
    }


__all__ = ["pictures", "record_card", "record_results", "record_winners"]
