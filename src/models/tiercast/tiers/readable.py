"""What a policy may read of a customer: every feature there can be, every prediction, and the scores made of them."""

from functools import cache

from tiercast.features.catalogue import build_catalogue
from tiercast.features.declare import Seen
from tiercast.serving.forecast import PREDICTIONS

SCORES: dict[str, tuple[str, str]] = {
    "engagement": ("number", "engagement, 0 to 100"),
    "influence_score": ("number", "influence, in customers brought"),
    "rfmcl_score": ("number", "mean of the RFMCL letters, 1 to 5"),
    "segment_confidence": ("number", "how clear the segment is, 0 to 1"),
    "lifecycle_stage": ("text", "stage of the lifecycle"),
    "churn_band": ("text", "risk of churn: low, medium, high"),
    "segment": ("text", "segment, by its English name"),
    "preferred_channel": ("text", "channel through which the customer comes most"),
}
"""Name, kind and meaning of what the bundle makes of features and predictions."""


@cache
def readable_inputs(extensions: tuple[str, ...] = ()) -> dict[str, tuple[str, str]]:
    """Return kind and meaning of every column that a rule may compare, by name.

    Features of a vocabulary of your own (a category's, a channel's) have no name before the data are seen, and are not in it.

    Examples
    --------
    >>> found = readable_inputs()
    >>> found["orders"], found["churn_probability"][0], found["lifecycle_stage"][0]
    (('number', 'orders so far'), 'number', 'text')
    """
    features = build_catalogue(Seen.everything(), extensions=extensions).features
    found = {each.name: ("number", each.meaning) for each in features}
    found |= {name: ("number", name.replace("_", " ")) for name in PREDICTIONS}
    return found | SCORES
