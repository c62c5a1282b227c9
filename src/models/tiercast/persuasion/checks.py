"""Checks before anything is learned: sizes of the arms, balance, overlap, and enough outcomes in both arms."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.evaluation.balance import (
    SampleRatio,
    effective_size,
    sample_ratio,
    standardised_differences,
)
from tiercast.persuasion.experiment import Experiment
from tiercast.persuasion.refusals import NoOverlap, SampleRatioMismatch, TooFewOutcomes, UnbalancedArms


@dataclass(frozen=True)
class Minima:
    """What an experiment must bring.

    Parameters
    ----------
    mismatch_p_value, imbalance_p_value : float
        Below it, a difference is taken for a fault of the draw and not for chance (Fabijan et al. 2019 take 0.0005 to
        0.01 for ratios).
    imbalance_sd : float
        Differences up to so many standard deviations are let pass, however certain (Austin 2009).
    effective_customers : int
        Of each arm, after weighting.
    outcomes, outcomes_warned : int
        Customers of each arm with an outcome other than 0: refused below the first, warned below the second.
    """

    mismatch_p_value: float = 0.001
    imbalance_p_value: float = 0.001
    imbalance_sd: float = 0.1
    effective_customers: int = 200
    outcomes: int = 50
    outcomes_warned: int = 250


LEAST = Minima()


@dataclass(frozen=True)
class Draw:
    """How the draw was found: its sizes, and the columns in which the arms differ most."""

    ratio: SampleRatio
    balance: pd.DataFrame
    effective_treated: float
    effective_control: float
    warnings: tuple[str, ...]


def check_draw(experiment: Experiment, minima: Minima = LEAST) -> Draw:
    """Return how the draw was found, or refuse it.

    Raises
    ------
    SampleRatioMismatch, UnbalancedArms, NoOverlap
    """
    treated, chance = experiment.treated, experiment.probability
    ratio = sample_ratio(treated, chance)
    warnings = []
    if experiment.planned and ratio.p_value < minima.mismatch_p_value:
        raise SampleRatioMismatch(
            treated=ratio.treated,
            control=ratio.control,
            expected_treated=ratio.expected_treated,
            p_value=ratio.p_value,
        )
    if not experiment.planned:
        warnings.append(
            f"PROBABILITY_ASSUMED: no probability came, so {chance[0]:.3f} is taken, the share that was treated; the "
            "sizes of the arms could not be tested"
        )
    sizes = {
        arm: effective_size(heft[heft > 0])
        for arm, heft in (
            (experiment.treatment, treated / chance),
            (experiment.control, (1.0 - treated) / (1.0 - chance)),
        )
    }
    for arm, size in sizes.items():
        if size < minima.effective_customers:
            raise NoOverlap(arm=arm, effective=size, needs=minima.effective_customers)
    balance = standardised_differences(experiment.features, treated, chance)
    off = balance[
        (balance["difference_sd"].abs() > minima.imbalance_sd)
        & (balance["p_value"] < minima.imbalance_p_value)
    ]
    if len(off):
        raise UnbalancedArms(
            columns=dict(zip(off["column"][:12], off["difference_sd"][:12].round(3), strict=True))
        )
    return Draw(ratio, balance, sizes[experiment.treatment], sizes[experiment.control], tuple(warnings))


def check_outcome(experiment: Experiment, outcome: str, minima: Minima = LEAST) -> tuple[str, ...]:
    """Return warnings about an outcome, or refuse one that too few customers had.

    Raises
    ------
    TooFewOutcomes
    """
    had = experiment.outcomes[outcome] != 0
    warnings = []
    for arm, inside in ((experiment.treatment, 1.0), (experiment.control, 0.0)):
        rows = experiment.treated == inside
        binary = np.isin(experiment.outcomes[outcome], (0.0, 1.0)).all()
        fewest = int(min(had[rows].sum(), (~had[rows]).sum()) if binary else had[rows].sum())
        if fewest < minima.outcomes:
            raise TooFewOutcomes(outcome=outcome, arm=arm, has=fewest, needs=minima.outcomes)
        if fewest < minima.outcomes_warned:
            warnings.append(f"FEW_OUTCOMES: only {fewest} customers of the arm {arm!r} for {outcome}")
    return tuple(warnings)
