"""Which kinds of customers there are: clusters of behaviour, as many as are stable and apart, named by rule.

The number of clusters is the one between 3 and 8 whose customers land together again when the customers are
redrawn (mean adjusted Rand index of bootstrap refits at least 0.85), whose smallest cluster has at least 2 %
of the buyers, and which separates best (mean silhouette). When none is that stable, the report says so and
the best product of stability and silhouette is taken. Redrawn customers, starts and sample come from one
seed; rows are put in the order of ``customer_id`` first, so that the order of the input means nothing.
"""

from dataclasses import dataclass
from itertools import chain, count

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from tiercast.errors import TiercastError
from tiercast.serving.refusals import MissingColumns
from tiercast.serving.segments import BOUGHT, Behaviour, Segments, bought_before, prepare

STABLE_ARI = 0.85
SMALLEST_SHARE = 0.02
CLUSTERS = range(3, 9)
REDRAWS = 6
FIT_ROWS = 20_000
JUDGE_ROWS = 2_000
SPEAKING_INDEX = 0.35


class TooManyClusters(TiercastError, ValueError):
    """More clusters were asked for than there are distinct customers, or fewer than one."""

    code = "TOO_MANY_CLUSTERS"
    exit_code = 2

    def __init__(self, *, asked: int, distinct: int) -> None:
        super().__init__(
            f"between 1 and {distinct} segments can be told apart here, not {asked}",
            asked=asked,
            distinct=distinct,
        )


@dataclass(frozen=True)
class Trait:
    """A behaviour that clusters are made of, and how its extremes are called."""

    column: str
    many_en: str
    many_zh: str
    few_en: str
    few_zh: str


TRAITS: tuple[Trait, ...] = (
    Trait("orders_91d", "frequent", "高频", "infrequent", "低频"),
    Trait("spend_91d_currency", "big spending", "高消费", "little spending", "低消费"),
    Trait("order_day_spend_mean_currency", "large baskets", "大单", "small baskets", "小单"),
    Trait("days_since_purchase", "silent for long", "久未购买", "here lately", "近期购买"),
    Trait("gap_mean_days", "long gaps", "间隔长", "short gaps", "间隔短"),
    Trait("categories", "broad range", "品类广", "narrow range", "品类少"),
    Trait("discount_share", "discount seeking", "偏好折扣", "paying full price", "少用折扣"),
    Trait("coupons_redeemed", "coupon using", "爱用优惠券", "without coupons", "不用优惠券"),
)


@dataclass(frozen=True)
class SegmentReport:
    """What was found when the segments were fitted.

    Parameters
    ----------
    chosen : int
        Number of segments; 0 when nobody had bought.
    how : str
        ``chosen`` (stable and apart), ``unstable`` (no number passed the gates), ``given``, ``too_few``
        (fewer than 30 distinct buyers or nothing that varies: one segment) or ``no_buyers`` (none).
    silhouette, stability : float
        Of the chosen number, NaN where one segment has neither.
    tried : DataFrame
        One row a number: ``clusters, silhouette, stability, smallest_share, holds``.
    profile : DataFrame
        One row a segment, most valuable first: ``segment, segment_zh, customers, customer_share``, then for
        each behaviour its mean and ``<behaviour>_index`` (distance of the centre from the mean of all buyers,
        in robust standard units; above 0 is over-represented).
    skipped : tuple of str
        Behaviours that were absent or constant.
    """

    chosen: int
    how: str
    silhouette: float
    stability: float
    tried: pd.DataFrame
    profile: pd.DataFrame
    skipped: tuple[str, ...]


def fit(features: pd.DataFrame, *, clusters: int | None, seed: int) -> tuple[Segments, SegmentReport]:
    """Cluster the customers who have bought, and name the clusters.

    Parameters
    ----------
    features : DataFrame
        Feature columns and ``customer_id``, one row a customer. Behaviours that are absent or constant are
        skipped.
    clusters : int or None
        A number of at least 1, or None to choose between 3 and 8.
    seed : int
        The one source of chance.

    Returns
    -------
    Segments, SegmentReport

    Raises
    ------
    MissingColumns
        Without ``customer_id`` or ``days_since_purchase``.
    TooManyClusters
        More (or less than 1) clusters were asked for than there are distinct customers.

    Examples
    --------
    >>> chance = np.random.default_rng(1)
    >>> often = {"orders_91d": chance.poisson(40, 60), "days_since_purchase": chance.integers(1, 4, 60)}
    >>> seldom = {"orders_91d": chance.poisson(2, 60), "days_since_purchase": chance.integers(50, 90, 60)}
    >>> seen = pd.concat([pd.DataFrame(often), pd.DataFrame(seldom)], ignore_index=True).astype(float)
    >>> seen.insert(0, "customer_id", [f"c{each:03d}" for each in range(120)])
    >>> segments, report = fit(seen, clusters=2, seed=0)
    >>> segments.names_en, report.how
    (('here lately, frequent', 'silent for long, infrequent'), 'given')
    >>> fit(seen, clusters=500, seed=0)
    Traceback (most recent call last):
    ...
    tiercast.segments.TooManyClusters: between 1 and 86 segments can be told apart here, not 500
    >>> fit(seen.iloc[:0], clusters=None, seed=0)[1].how
    'no_buyers'
    """
    missing = sorted({"customer_id", BOUGHT} - set(features.columns))
    if missing:
        raise MissingColumns(f"clustering needs {', '.join(missing)}, which did not come", missing=missing)
    buyers = features.loc[bought_before(features)].sort_values("customer_id", kind="stable")
    chance = np.random.default_rng(seed)
    if len(buyers) > FIT_ROWS:
        buyers = buyers.iloc[np.sort(chance.choice(len(buyers), FIT_ROWS, replace=False))]
    behaviours = tuple(found for trait in TRAITS if (found := _behaviour(buyers, trait.column)) is not None)
    skipped = tuple(
        each.column for each in TRAITS if each.column not in {found.column for found in behaviours}
    )
    points = prepare(buyers, behaviours)
    distinct = len(np.unique(points, axis=0))
    if clusters is not None and len(buyers) and not 1 <= clusters <= max(distinct, 1):
        raise TooManyClusters(asked=clusters, distinct=max(distinct, 1))
    tried = pd.DataFrame(
        columns=["clusters", "silhouette", "stability", "smallest_share", "holds"], dtype=float
    )
    if not len(buyers):
        segments = Segments(behaviours, (), (), ())
        return segments, SegmentReport(
            0, "no_buyers", np.nan, np.nan, tried, _profile(segments, buyers), skipped
        )
    if clusters is not None:
        how, chosen = "given", clusters
    elif distinct < 30:
        how, chosen = "too_few", 1
    else:
        tried = pd.DataFrame([_judge(points, number, seed) for number in CLUSTERS])
        how, chosen = _choose(tried)
    judged = (
        _judge(points, chosen, seed) if tried.empty else tried.set_index("clusters").loc[chosen].to_dict()
    )
    segments = _named(behaviours, _centres(points, chosen, seed), points, buyers)
    return segments, SegmentReport(
        chosen, how, judged["silhouette"], judged["stability"], tried, _profile(segments, buyers), skipped
    )


def _behaviour(buyers: pd.DataFrame, column: str) -> Behaviour | None:
    if column not in buyers:
        return None
    seen = buyers[column].to_numpy(dtype=np.float64, na_value=np.nan)
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return None
    low, high = (float(each) for each in np.quantile(seen, [0.01, 0.99]))
    logs = np.log1p(np.clip(seen, max(low, 0.0), max(high, 0.0)))
    quarter, centre, three_quarters = (float(each) for each in np.quantile(logs, [0.25, 0.5, 0.75]))
    scale = max(three_quarters - quarter, float(logs.std()))
    return Behaviour(column, low, high, centre, scale) if scale > 1e-9 else None


def _centres(points: np.ndarray, clusters: int, seed: int, starts: int = 8) -> np.ndarray:
    if points.shape[1] == 0:
        return np.zeros((1, 0))
    clusters = min(clusters, len(np.unique(points, axis=0)))
    found = KMeans(clusters, random_state=seed).set_params(n_init=starts).fit(points)
    return np.asarray(found.cluster_centers_, dtype=np.float64)


def _labels(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    distances = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    return np.asarray(distances.argmin(axis=1))


def _judge(points: np.ndarray, clusters: int, seed: int) -> dict[str, float | bool]:
    """Return how well a number of clusters separates, and how well it is found again on redrawn customers."""
    labels = _labels(points, _centres(points, clusters, seed))
    chance = np.random.default_rng([seed, clusters])
    judged = np.sort(chance.choice(len(points), min(JUDGE_ROWS, len(points)), replace=False))
    silhouette = stability = np.nan
    if 1 < len(np.unique(labels[judged])) < judged.size:
        silhouette = float(silhouette_score(points[judged], labels[judged]))
        redrawn = (points[chance.integers(0, len(points), judged.size)] for _ in range(REDRAWS))
        again = (_labels(points[judged], _centres(each, clusters, seed, starts=4)) for each in redrawn)
        stability = float(np.mean([adjusted_rand_score(labels[judged], each) for each in again]))
    smallest_share = float(np.bincount(labels, minlength=clusters).min() / len(points))
    return {
        "clusters": clusters,
        "silhouette": silhouette,
        "stability": stability,
        "smallest_share": smallest_share,
        "holds": bool(stability >= STABLE_ARI and smallest_share >= SMALLEST_SHARE),
    }


def _choose(tried: pd.DataFrame) -> tuple[str, int]:
    holding = tried[tried["holds"].astype(bool)]
    if len(holding):
        return "chosen", int(holding["clusters"].iloc[int(holding["silhouette"].argmax())])
    worth = (tried["silhouette"] * tried["stability"]).fillna(-1.0)
    return "unstable", int(tried["clusters"].iloc[int(worth.argmax())])


def _named(
    behaviours: tuple[Behaviour, ...], centres: np.ndarray, points: np.ndarray, buyers: pd.DataFrame
) -> Segments:
    labels = _labels(points, centres)
    held = np.unique(labels)
    value = pd.Series(_value(buyers)).groupby(labels).mean().reindex(range(len(centres)))
    if len(held) == 1:
        only = tuple(float(each) for each in centres[held[0]])
        return Segments(behaviours, (only,), ("all customers",), ("全部客户",))
    order = [each for each in np.lexsort([*centres.T[::-1], -value.to_numpy(dtype=float)]) if each in held]
    centres = centres[order]
    index = centres - points.mean(axis=0)
    ranked = [[str(behaviours[at].column) for at in np.argsort(-np.abs(row), kind="stable")] for row in index]
    strong = [
        [_phrase(column, row[[b.column for b in behaviours].index(column)]) for column in columns]
        for row, columns in zip(index, ranked, strict=True)
    ]
    speaking = [int((np.abs(row) >= SPEAKING_INDEX).sum()) for row in index]
    names = _unique(strong, speaking)
    return Segments(
        behaviours,
        tuple(tuple(float(each) for each in row) for row in centres),
        tuple(en for en, _ in names),
        tuple(zh for _, zh in names),
    )


def _value(buyers: pd.DataFrame) -> np.ndarray:
    for column in ("spend_91d_currency", "net_spend_currency", "orders_91d"):
        if column in buyers and buyers[column].notna().any():
            return buyers[column].fillna(0.0).to_numpy(dtype=np.float64)
    return -buyers[BOUGHT].to_numpy(dtype=np.float64)


def _phrase(column: str, index: float) -> tuple[str, str]:
    trait = next(each for each in TRAITS if each.column == column)
    return (trait.many_en, trait.many_zh) if index > 0 else (trait.few_en, trait.few_zh)


def _unique(phrases: list[list[tuple[str, str]]], speaking: list[int]) -> list[tuple[str, str]]:
    """Name each segment by its two strongest traits, and more wherever an earlier one has that name."""
    names: list[tuple[str, str]] = []
    for said, strong in zip(phrases, speaking, strict=True):
        taken = {en for en, _ in names}
        tried = [_joined(said[:length]) for length in range(min(2, strong), len(said) + 1)]
        full_en, full_zh = tried[-1]
        numbered = ((f"{full_en} {number}", f"{full_zh}{number}") for number in count(2))
        names.append(next(name for name in chain(tried, numbered) if name[0] not in taken))
    return names


def _joined(phrases: list[tuple[str, str]]) -> tuple[str, str]:
    if not phrases:
        return "average customers", "普通客户"
    return ", ".join(en for en, _ in phrases), "、".join(zh for _, zh in phrases)


def _profile(segments: Segments, buyers: pd.DataFrame) -> pd.DataFrame:
    columns = [each.column for each in segments.behaviours]
    points = prepare(buyers, segments.behaviours)
    profile = pd.DataFrame(
        {"segment": list(segments.names_en), "segment_zh": list(segments.names_zh)}, dtype=object
    )
    where = segments.predict(buyers)
    sizes = pd.Series(where).value_counts().reindex(range(len(profile)), fill_value=0)
    profile["customers"] = sizes.to_numpy(dtype=np.int64)
    profile["customer_share"] = profile["customers"] / max(len(buyers), 1)
    means = buyers[columns].groupby(where).mean().reindex(range(len(profile)))
    for position, column in enumerate(columns):
        profile[column] = means[column].to_numpy(dtype=np.float64)
        centre = np.array([each[position] for each in segments.centres], dtype=np.float64)
        profile[f"{column}_index"] = centre - (points[:, position].mean() if len(points) else np.nan)
    return profile
