"""Judging an experiment: is there anybody whom a contact changes more than others, and who is it?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tiercast.evaluation.uplift import Estimate, RankingFigures, effect_by_band, judge_rankings
from tiercast.persuasion.checks import Draw, Minima, check_draw, check_outcome
from tiercast.persuasion.crossing import Crossed, cross_fit, fit_all
from tiercast.persuasion.experiment import Experiment
from tiercast.persuasion.learners import Growth
from tiercast.persuasion.lists import band_table, cut_lists, finest, judged_lists, list_table
from tiercast.persuasion.refusals import BadExperiment
from tiercast.persuasion.walking import walk
from tiercast.serving.uplift import Uplift

CHOSEN = "chosen"
AT_RISK = "at risk first"
LIKELY = "likely anyway first"
NO_DIFFERENCE = "NO_UPLIFT_DIFFERENCE"
"""The code of an outcome for which the interval of the Qini includes zero: there are no lists."""


@dataclass(frozen=True)
class Settings:
    """How an experiment is judged.

    Parameters
    ----------
    folds : int
        Of the cross-fitting that scores everybody.
    blocks : int
    first_share : float
        The blocks that are judged one after another, and the share of the customers before them, who are only learned from.
    resamples : int
    bands : tuple of int
        Into how many bands customers are cut by their score, finest first: lists are cut by the finest bands of which the
        highest gains or the lowest loses.
    seed, threads : int
    confidence_share : float
        Of the intervals of Qini and AUUC.
    band_confidence_share : float
        Of the intervals within bands and lists.
    least_uplift : float
        What a contact has to add to be worth it, in the unit of the outcome.
    """

    folds: int = 5
    blocks: int = 4
    first_share: float = 0.4
    resamples: int = 500
    bands: tuple[int, ...] = (10, 5, 3, 2)
    seed: int = 7
    threads: int = 1
    confidence_share: float = 0.95
    band_confidence_share: float = 0.95
    least_uplift: float = 0.0
    minima: Minima = field(default_factory=Minima)
    growth: Growth = field(default_factory=Growth)

    def __post_init__(self) -> None:
        if min(self.folds, self.blocks) < 2 or self.resamples < 100 or min(self.bands, default=0) < 2:
            raise BadExperiment(
                "an experiment is judged with at least 2 folds, 2 blocks, 100 resamples and 2 bands",
                folds=self.folds,
                blocks=self.blocks,
                resamples=self.resamples,
                bands=list(self.bands),
            )


@dataclass(frozen=True)
class OutcomeReport:
    """What an experiment says of one outcome.

    Parameters
    ----------
    effect : Estimate
        What contacting everybody adds, per customer.
    rankings : dict of str to RankingFigures
        Each learner's, the ``chosen`` one's, and those by the outcome if left alone, least or most likely first; judged on
        blocks of customers that came after all that the ranking was learned from.
    beyond : dict of str to Estimate
        By how much the Qini of ``chosen`` beats each other ranking's.
    choices : dict of str to int
        In how many blocks each learner was the chosen one.
    code : str
        Empty, or ``NO_UPLIFT_DIFFERENCE``: the interval of the Qini includes zero, so there are no lists.
    bands, lists : pandas.DataFrame
        ``lists`` is empty when there are none.
    customers : pandas.DataFrame
        ``customer_id``, ``uplift``, ``outcome_left_alone`` (both out of fold) and ``list``.
    part : Uplift
        Fitted to everybody: what is served.
    """

    outcome: str
    effect: Estimate
    rankings: dict[str, RankingFigures]
    beyond: dict[str, Estimate]
    crossed: Crossed
    choices: dict[str, int]
    code: str
    bands: pd.DataFrame
    lists: pd.DataFrame
    customers: pd.DataFrame
    part: Uplift
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """What follows, in one sentence."""
        qini = self.rankings[CHOSEN].qini
        told = f"Qini {qini.value:.5f} ({qini.low:.5f} to {qini.high:.5f})"
        if self.code:
            return (
                f"{self.code}: {self.outcome}: {told} does not exclude zero, so nobody is shown to be more persuadable "
                "than others; no lists are given"
            )
        return f"{self.outcome}: {told}: some customers are more persuadable than others"

    @property
    def verdict_zh(self) -> str:
        """The same in Chinese."""
        qini = self.rankings[CHOSEN].qini
        told = f"Qini {qini.value:.5f}（{qini.low:.5f} 至 {qini.high:.5f}）"
        if self.code:
            return f"{self.code}：{self.outcome}：{told}未排除零，无法证明有客户比其他客户更易被打动，故不给出名单"
        return f"{self.outcome}：{told}，部分客户比其他客户更易被打动"


@dataclass(frozen=True)
class UpliftReport:
    """An experiment, how its draw was found, and what it says of each outcome."""

    experiment: Experiment
    draw: Draw
    outcomes: dict[str, OutcomeReport]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes with a sentence each."""
        return (*self.draw.warnings, *(each for report in self.outcomes.values() for each in report.warnings))


def judge_uplift(
    experiment: Experiment,
    settings: Settings | None = None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> UpliftReport:
    """Check the draw, learn, and judge the ranking against chance and against targeting by risk.

    Raises
    ------
    SampleRatioMismatch, UnbalancedArms, NoOverlap, TooFewOutcomes
    """
    settings = settings or Settings()
    progress("checking the draw")
    draw = check_draw(experiment, settings.minima)
    warned = {name: check_outcome(experiment, name, settings.minima) for name in experiment.outcomes}
    reports = {}
    for name, warnings in warned.items():
        progress(f"learning what a contact adds to {name}")
        reports[name] = _judge_outcome(experiment, name, settings, warnings)
    return UpliftReport(experiment, draw, reports)


def _judge_outcome(
    experiment: Experiment, name: str, settings: Settings, warnings: tuple[str, ...]
) -> OutcomeReport:
    outcome = experiment.outcomes[name]
    fit: dict[str, Any] = {"seed": settings.seed, "threads": settings.threads, "growth": settings.growth}
    crossed = cross_fit(experiment, name, folds=settings.folds, **fit)
    walked = walk(experiment, name, blocks=settings.blocks, first_share=settings.first_share, **fit)
    rows = walked.rows
    rankings, beyond, _ = judge_rankings(
        {**walked.added, CHOSEN: walked.chosen, AT_RISK: -walked.alone, LIKELY: walked.alone},
        experiment.treated[rows],
        outcome[rows],
        experiment.probability[rows],
        block=walked.block,
        of=CHOSEN,
        seed=settings.seed,
        resamples=settings.resamples,
        confidence_share=settings.confidence_share,
    )
    effect = effect_by_band(
        np.zeros(len(experiment)),
        experiment.treated,
        outcome,
        experiment.probability,
        confidence_share=settings.confidence_share,
    )[0]
    score = crossed.added[crossed.best]
    code = "" if rankings[CHOSEN].qini.is_positive else NO_DIFFERENCE
    share = settings.band_confidence_share
    tables = [
        band_table(experiment, walked, outcome, score, bands=bands, confidence_share=share)
        for bands in settings.bands
    ]
    bands = finest(tables, settings.least_uplift)
    if not code and not all(beyond[rival].is_positive for rival in (AT_RISK, LIKELY)):
        told = f"RISK_RANKS_AS_WELL: {name}: the ranking by uplift is not shown to beat targeting by the outcome if left alone"
        warnings = (*warnings, told)
    named = pd.Series([None] * len(experiment), dtype=object)
    rules, lists = None, pd.DataFrame()
    if not code:
        heft = (1.0 - experiment.treated) / (1.0 - experiment.probability)
        rules = cut_lists(
            bands, sure_from=float(heft @ outcome / heft.sum()), least_uplift=settings.least_uplift
        )
        named = rules.assign(score, crossed.alone)
        judged = judged_lists(bands, rules, walked)
        lists = list_table(experiment, walked, outcome, named, judged, confidence_share=share)
    fitted = fit_all(experiment, name, crossed.best, **fit)
    part = Uplift(
        crossed.best, name, fitted.control, fitted.treated, fitted.effect, experiment.encoding, rules
    )
    customers = pd.DataFrame(
        {
            "customer_id": experiment.customers,
            "uplift": score,
            "outcome_left_alone": crossed.alone,
            "list": named,
        }
    )
    return OutcomeReport(
        name,
        effect,
        rankings,
        beyond,
        crossed,
        dict(walked.choices),
        code,
        bands,
        lists,
        customers,
        part,
        warnings,
    )
