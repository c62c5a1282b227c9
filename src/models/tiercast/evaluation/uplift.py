"""Judge who should be contacted: what a ranking of customers gains when contacts go to its top first.

A curve tells, for each share of customers contacted from the top of a ranking, how much of the outcome the contact adds,
per customer of the whole experiment. Every customer weighs one over the probability of the arm that they were drawn
into (Horvitz & Thompson 1952), normalised within each arm (Hájek 1971), so that unequal draws are undone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import Floats, columns, complete

Area = Callable[[Floats], tuple[float, float, float]]


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its interval over resampled customers; NaN where it cannot be computed.

    Examples
    --------
    >>> Estimate(0.4, 0.1, 0.7).is_positive, Estimate(0.4, -0.1, 0.9).is_positive
    (True, False)
    """

    value: float
    low: float
    high: float

    @property
    def is_positive(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0

    def to_json(self) -> dict[str, float]:
        """Return plain JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class RankingFigures:
    """What one ranking gains.

    Parameters
    ----------
    auuc : Estimate
        Area under the uplift curve: the outcome added per customer, averaged over every share that might be contacted
        (Gutierrez & Gérardy 2017).
    qini : Estimate
        The same less what contacting at random adds: 0 is chance (Radcliffe 2007).
    """

    auuc: Estimate
    qini: Estimate

    def to_json(self) -> dict[str, dict[str, float]]:
        """Return plain JSON."""
        return {"auuc": self.auuc.to_json(), "qini": self.qini.to_json()}


def uplift_curve(
    score: ArrayLike, treated: ArrayLike, outcome: ArrayLike, probability: ArrayLike
) -> tuple[Floats, Floats]:
    """Return shares contacted (0 to 1, rising) and the outcome added per customer by each.

    Customers of one score come together, so the curve is straight between distinct scores. Where one of the arms has
    nobody yet, nothing is added.

    Parameters
    ----------
    score : array of float, shape (n,)
        Higher is contacted first.
    treated : array, shape (n,)
        1 where contacted, 0 where left alone.
    outcome : array of float, shape (n,)
    probability : array of float, shape (n,)
        Of having been contacted, when it was drawn.

    Examples
    --------
    >>> share, gain = uplift_curve([2, 2, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0], [0.5] * 4)
    >>> share.tolist(), gain.tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.5, 0.5])
    """
    said, drawn, happened, chance = columns(score, treated, outcome, probability)
    if not complete(said, drawn, happened, chance):
        return np.array([0.0]), np.array([np.nan])
    return _points(said, drawn, happened, chance)(np.ones(said.size))


def _points(
    score: Floats, treated: Floats, outcome: Floats, probability: Floats
) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Sort once; then each resample costs one pass."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    heft_treated = (treated / probability)[order]
    heft_control = ((1.0 - treated) / (1.0 - probability))[order]
    happened = outcome[order]

    def curve(counts: Floats) -> tuple[Floats, Floats]:
        drawn = counts[order]
        given, kept = drawn * heft_treated, drawn * heft_control
        size = np.cumsum(drawn)[ends]
        means = []
        for heft in (given, kept):
            mass, total = np.cumsum(heft)[ends], np.cumsum(heft * happened)[ends]
            means.append(np.divide(total, mass, out=np.full(mass.size, np.nan), where=mass > 0))
        share = size / size[-1]
        gain = np.nan_to_num(share * (means[0] - means[1]))
        return np.concatenate([[0.0], share]), np.concatenate([[0.0], gain])

    return curve


def _area(score: Floats, treated: Floats, outcome: Floats, probability: Floats) -> Area:
    curve = _points(score, treated, outcome, probability)

    def areas(counts: Floats) -> tuple[float, float, float]:
        share, gain = curve(counts)
        area = float(np.trapezoid(gain, share))
        return area, area - float(gain[-1]) / 2.0, float(gain[-1])

    return areas


def auuc_and_qini(
    score: ArrayLike, treated: ArrayLike, outcome: ArrayLike, probability: ArrayLike
) -> tuple[float, float]:
    """Return the area under the uplift curve, and that less the area under the straight line of chance.

    Examples
    --------
    >>> auuc_and_qini([2, 2, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0], [0.5] * 4)
    (0.375, 0.125)
    >>> auuc_and_qini([1, 1, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0], [0.5] * 4)
    (0.25, 0.0)
    >>> auuc_and_qini([], [], [], [])
    (nan, nan)
    """
    said, drawn, happened, chance = columns(score, treated, outcome, probability)
    if not complete(said, drawn, happened, chance):
        return float("nan"), float("nan")
    area, beyond, _ = _area(said, drawn, happened, chance)(np.ones(said.size))
    return area, beyond


def judge_rankings(
    scores: Mapping[str, ArrayLike],
    treated: ArrayLike,
    outcome: ArrayLike,
    probability: ArrayLike,
    *,
    block: ArrayLike | None = None,
    of: str = "",
    seed: int,
    resamples: int = 500,
    confidence_share: float = 0.95,
) -> tuple[dict[str, RankingFigures], dict[str, Estimate], Estimate]:
    """Return each ranking's figures, by how much the Qini of the ranking ``of`` beats each other's, and the mean effect.

    All rankings are judged on the same resamples of customers, so what they share cancels in the differences.

    Parameters
    ----------
    block : array of int, shape (n,), optional
        Customers are ranked, and drawn again, within their block; figures are means over blocks, weighted by customers.
        Scores of a block must come from models that saw no block of its number or above: then the interval is as wide
        as it says (Luedtke & van der Laan 2016; Wager 2024, "Sequential validation of treatment heterogeneity").
        Scores of plain cross-fitting lean on each other's outcomes, and an interval that takes them as given is too
        narrow.

    Returns
    -------
    tuple
        ``{name: RankingFigures}``, ``{name: Estimate}`` (empty without ``of``), and the outcome that contacting
        everybody adds per customer.

    Notes
    -----
    Percentile bootstrap (Efron & Tibshirani 1993, chapter 13); resamples without one of the arms are left out.

    Examples
    --------
    >>> drawn = np.tile([1.0, 0.0], 200)
    >>> likes = np.repeat([1.0, 0.0], 200)
    >>> figures, _, effect = judge_rankings({"right": likes}, drawn, drawn * likes, np.full(400, 0.5), seed=1)
    >>> effect.value, figures["right"].qini.is_positive
    (0.5, True)
    """
    drawn, happened, chance = columns(treated, outcome, probability)
    place = np.zeros(drawn.size, dtype=np.intp) if block is None else np.asarray(block, dtype=np.intp)
    parts = [np.flatnonzero(place == number) for number in np.unique(place)]
    shares = np.array([rows.size for rows in parts], dtype=np.float64) / drawn.size
    names = list(scores)
    areas = [
        [_area(columns(scores[name])[0][rows], drawn[rows], happened[rows], chance[rows]) for name in names]
        for rows in parts
    ]

    def figures_of(counts: list[Floats]) -> Floats:
        each = np.array(
            [
                [area(drawn_again) for area in of_block]
                for of_block, drawn_again in zip(areas, counts, strict=True)
            ]
        )
        return np.asarray(np.tensordot(shares, each, axes=1))

    told = figures_of([np.ones(rows.size) for rows in parts])
    random = np.random.default_rng(seed)
    again = np.full((resamples, len(names), 3), np.nan)
    for number in range(resamples):
        counts = [
            np.bincount(random.integers(0, rows.size, rows.size), minlength=rows.size).astype(np.float64)
            for rows in parts
        ]
        if all(0 < each @ drawn[rows] < each.sum() for each, rows in zip(counts, parts, strict=True)):
            again[number] = figures_of(counts)
    tails = [(1.0 - confidence_share) / 2.0, (1.0 + confidence_share) / 2.0]

    def estimate(value: float, draws: Floats) -> Estimate:
        known = draws[np.isfinite(draws)]
        low, high = np.quantile(known, tails) if known.size else (np.nan, np.nan)
        return Estimate(float(value), float(low), float(high))

    figures = {
        name: RankingFigures(estimate(told[at, 0], again[:, at, 0]), estimate(told[at, 1], again[:, at, 1]))
        for at, name in enumerate(names)
    }
    beyond = {}
    if of:
        own = names.index(of)
        beyond = {
            name: estimate(told[own, 1] - told[at, 1], again[:, own, 1] - again[:, at, 1])
            for at, name in enumerate(names)
            if name != of
        }
    return figures, beyond, estimate(told[0, 2], again[:, 0, 2])


def effect_by_band(
    band: ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    probability: ArrayLike,
    *,
    confidence_share: float = 0.9,
) -> dict[int, Estimate]:
    """Return the weighted difference of the arms within each band, with a normal interval (Hájek's variance).

    NaN where a band lacks an arm.

    Examples
    --------
    >>> found = effect_by_band([0] * 4 + [1] * 2, [1, 1, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1], [0.5] * 6)
    >>> found[0], found[1].value
    (Estimate(value=1.0, low=1.0, high=1.0), nan)
    """
    from scipy.stats import norm

    where, drawn, happened, chance = columns(band, treated, outcome, probability)
    place = np.asarray(where, dtype=np.intp)
    bands = int(place.max(initial=-1)) + 1
    means, variances = [], []
    for heft in (drawn / chance, (1.0 - drawn) / (1.0 - chance)):
        mass = np.bincount(place, heft, bands)
        known = mass > 0
        mean = np.divide(
            np.bincount(place, heft * happened, bands), mass, out=np.full(bands, np.nan), where=known
        )
        off = heft * (happened - mean[place])
        means.append(mean)
        variances.append(
            np.divide(np.bincount(place, off**2, bands), mass**2, out=np.full(bands, np.nan), where=known)
        )
    difference = means[0] - means[1]
    width = norm.ppf((1.0 + confidence_share) / 2.0) * np.sqrt(variances[0] + variances[1])
    return {
        number: Estimate(
            float(difference[number]),
            float(difference[number] - width[number]),
            float(difference[number] + width[number]),
        )
        for number in range(bands)
    }
