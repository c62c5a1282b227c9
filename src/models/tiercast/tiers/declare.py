"""The words of a tier policy: classes with their playbooks, inputs, cuts, rules, and the error that refuses them."""

from dataclasses import dataclass
from typing import Any

from tiercast.errors import TiercastError
from tiercast.serving.conditions import Condition
from tiercast.tiers.playbook import Playbook

EVERYBODY_ELSE = "other"
"""The last class of every policy: of whom nothing that the policy asks is known. It promises nothing and is never ranked."""
FIRST_WINS, REFUSED = "first_wins", "refused"


class BadPolicy(TiercastError, ValueError):
    """A tier policy contradicts itself; the message names the rule, the cut or the input.

    Examples
    --------
    >>> raise BadPolicy(policy="mine", problem="the cut best needs a share between 0 and 1", cut="best")
    Traceback (most recent call last):
    tiercast.tiers.declare.BadPolicy: policy mine: the cut best needs a share between 0 and 1
    """

    code = "BAD_POLICY"
    exit_code = 2

    def __init__(self, *, policy: str, problem: str, **details: Any) -> None:
        super().__init__(f"policy {policy}: {problem}", policy=policy, **details)


@dataclass(frozen=True)
class TierClass:
    """One class of a policy and what a customer in it gets.

    ``ladder`` names the ranking that the class is a rung of: only between rungs of one ladder do the band,
    the dwell time and the grace hold a customer back. None for classes that are entered and left at once
    (inactive, prospect). A playbook may be given as one sentence.
    """

    key: str
    name_en: str
    name_zh: str
    playbook_en: Playbook | str
    playbook_zh: Playbook | str
    ladder: str | None = None

    def __post_init__(self) -> None:
        for name in ("playbook_en", "playbook_zh"):
            object.__setattr__(self, name, Playbook.of(getattr(self, name)))


@dataclass(frozen=True)
class Input:
    """One column that the rules read. One that is not required counts as unknown when it does not come."""

    name: str
    meaning_en: str
    meaning_zh: str
    required: bool = True


@dataclass(frozen=True)
class Cut:
    """A value that at most ``top_share`` of the customers ``among`` reach.

    Parameters
    ----------
    name, input : str
    top_share : float
        0 to 1, both excluded.
    among : tuple of Condition
        Whom the cut ranks; the conditions may compare with cuts that were declared before.
    share_of : tuple of Condition, optional
        Whom the share is of, where these are more than the ranked. What the share leaves unused stays unused.
    value_in : tuple of (str, float)
        Fixed values by currency: there the cut is that value, and the share is not used.
    """

    name: str
    input: str
    top_share: float
    among: tuple[Condition, ...] = ()
    share_of: tuple[Condition, ...] | None = None
    value_in: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Rule:
    """Customers who meet all the conditions are in the class ``tier``, unless an earlier rule took them."""

    tier: str
    conditions: tuple[Condition, ...] = ()


OTHER = TierClass(
    EVERYBODY_ELSE,
    "other",
    "其他",
    "no contact planned | none | none | nobody: look at why nothing is known",
    "暂无联系计划 | 暂无 | 暂无 | 无人负责：先查明为何一无所知",
)
