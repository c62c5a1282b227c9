"""Which kinds of customers there are, and where they are in their lives: segments, lifecycle stages, decisions.

``fitting`` clusters one day's customers and names the clusters; ``choosing`` lets algorithms and numbers compete,
``judging`` and ``worth`` say how good they are, ``matching`` keeps labels over refits. ``lifecycle`` tells how customers
move between stages, ``deciding`` learns how far they are in a decision. The rest describes, draws and records.
"""

from tiercast.segments.choosing import CLUSTERS
from tiercast.segments.fitting import fit
from tiercast.segments.judging import Gates, Past
from tiercast.segments.matching import Match, match
from tiercast.segments.migration import migration_of
from tiercast.segments.report import SegmentReport, TooManyClusters
from tiercast.segments.traits import PREDICTIONS, TRAITS, Trait
from tiercast.segments.worth import Explained, compare_worth, explained_share, rfm_groups

__all__ = [
    "CLUSTERS",
    "PREDICTIONS",
    "TRAITS",
    "Explained",
    "Gates",
    "Match",
    "Past",
    "SegmentReport",
    "TooManyClusters",
    "Trait",
    "compare_worth",
    "explained_share",
    "fit",
    "match",
    "migration_of",
    "rfm_groups",
]
