"""What was found when segments were fitted: how many and why, what each is like, whether it lasts and is of use."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from tiercast.errors import TiercastError
from tiercast.segments.matching import Match
from tiercast.segments.worth import Explained


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
class SegmentReport:
    """What was found when the segments were fitted.

    Parameters
    ----------
    chosen : int
        Number of segments; 0 when nobody had bought.
    how : str
        ``chosen`` (every gate held), ``unstable`` (no candidate passed the gates), ``given``, ``too_few`` (fewer than
        30 distinct buyers or nothing that varies: one segment) or ``no_buyers`` (none).
    silhouette, stability : float
        Of the chosen candidate, NaN where one segment has neither.
    tried : DataFrame
        One row a candidate: ``algorithm, clusters, style_weight, smallest_share_asked, neighbours, silhouette,
        stability, lasting, value_gain, smallest_share, agreement, placed, separation, holds``.
    profile : DataFrame
        One row a segment, most valuable first; see :func:`~tiercast.segments.profiles.profile_of`.
    skipped : tuple of str
        Behaviours that were absent or constant.
    algorithm : str
        ``kmeans``, ``mixture``, ``hdbscan`` (served by nearest centre), or empty with one segment or none.
    settings : mapping of str to float
        How it was asked: ``clusters``, ``style_weight`` and, of HDBSCAN, ``smallest_share`` and ``neighbours``.
    indexes : DataFrame
        Over- and under-representation with intervals; see :func:`~tiercast.segments.profiles.indexes_of`.
    lasting : float
        Adjusted Rand index between what the segments fitted some weeks ago, and frozen since, said then and say now.
    worth : tuple of Explained
        Share of the value of the window after an earlier cutoff that segments fitted at that cutoff explain, and
        rivals; empty where history is too short.
    matched : Match or None
        Which labels were kept, when there were old ones.
    migration : DataFrame
        Moves between the segments since an earlier cutoff; see :func:`~tiercast.segments.migration.migration_of`.
    """

    chosen: int
    how: str
    silhouette: float
    stability: float
    tried: pd.DataFrame
    profile: pd.DataFrame
    skipped: tuple[str, ...]
    algorithm: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    indexes: pd.DataFrame = field(default_factory=pd.DataFrame)
    lasting: float = float("nan")
    worth: tuple[Explained, ...] = ()
    matched: Match | None = None
    migration: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def verdict(self) -> str:
        """Whether segments tell more of what customers will be worth than the rivals do, in one sentence."""
        if not self.worth:
            return "not judged on what came after: the history is too short, or nothing was bought in it"
        ours, rivals = self.worth[0], self.worth[1:]
        told = f"segments explain {100 * ours.share:.0f} % of the value of the next window"
        ahead = [each for each in rivals if each.ahead_low > 0]
        behind = [each for each in rivals if not each.ahead_low > 0]
        if ahead:
            told += ", more than " + ", ".join(f"{each.name} ({100 * each.share:.0f} %)" for each in ahead)
        if behind:
            told += "; NOT proven more than " + ", ".join(
                f"{each.name} ({100 * each.share:.0f} %)" for each in behind
            )
        return told
