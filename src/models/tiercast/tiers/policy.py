"""What a tier policy is: a promise to customers, declared as classes, rules and shares, then frozen.

A policy is a declaration only. `Policy.freeze` computes its cut points on one frame of customers and returns
JSON that ships with the model; ``serving/tiers.py`` applies that JSON, in a batch and in a request alike.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.serving.conditions import Condition, matches, share_cut
from tiercast.serving.refusals import MissingColumns
from tiercast.tiers.checks import check_policy
from tiercast.tiers.declare import EVERYBODY_ELSE as EVERYBODY_ELSE
from tiercast.tiers.declare import FIRST_WINS as FIRST_WINS
from tiercast.tiers.declare import REFUSED as REFUSED
from tiercast.tiers.declare import BadPolicy as BadPolicy
from tiercast.tiers.declare import Cut as Cut
from tiercast.tiers.declare import Input as Input
from tiercast.tiers.declare import Rule as Rule
from tiercast.tiers.declare import TierClass as TierClass
from tiercast.tiers.playbook import Playbook


@dataclass(frozen=True)
class Policy:
    """Who belongs in which tier: classes from best to worst, and the ordered rules that fill them.

    Parameters
    ----------
    name, version : str
        Stamped on every tier that it gives.
    classes : tuple of TierClass
        Best first. The last one is ``other``.
    inputs : tuple of Input
        Every column that a rule or a cut reads.
    rules : tuple of Rule
        The first that fits wins; they name the classes in their order, and end with ``other`` without a
        condition.
    cuts : tuple of Cut
        Named cut points, computed when the policy is frozen.
    band_share : float
        Half-width of the band around a cut, as a share of the cut's ``top_share`` (0.10 makes 5 % into
        4.5-5.5 %), or of its value where that is fixed.
    dwell_days : int
        Days that a customer keeps a class of a ladder before the next move.
    grace_days : int
        Days below, at every scoring, before a move down.
    overlaps : str
        ``first_wins``, or ``refused``: then two rules may share customers only where one holds all of the other's.

    Raises
    ------
    BadPolicy
        When it does not end with an unconditional ``other``, names a class, input or cut that is not
        declared, has a rule that no customer can reach, is not ordered best first, overlaps where that is
        refused, or asks for a share outside 0 to 1.

    Examples
    --------
    >>> active = (Condition("orders", ">=", 1),)
    >>> better = TierClass("regular", "regular", "常客", "thank them", "致谢", ladder="orders")
    >>> other = TierClass("other", "other", "其他", "nothing", "无")
    >>> orders = Input("orders", "orders", "订单数")
    >>> policy = Policy("mine", "1", (better, other), (orders,),
    ...                 (Rule("regular", (Condition("orders", ">=", cut="many"),)), Rule("other")),
    ...                 (Cut("many", "orders", 0.5, active),))
    >>> policy.freeze(pd.DataFrame({"orders": [0.0, 1.0, 2.0, 3.0, 9.0]}))["cuts"]["many"]["value"]
    2.5
    >>> Policy("mine", "1", (better, other), (orders,), (Rule("regular"),))
    Traceback (most recent call last):
    ...
    tiercast.tiers.declare.BadPolicy: policy mine: the last rule must be `other` without
    conditions, so that everybody has a tier
    """

    name: str
    version: str
    classes: tuple[TierClass, ...]
    inputs: tuple[Input, ...]
    rules: tuple[Rule, ...]
    cuts: tuple[Cut, ...] = ()
    band_share: float = 0.10
    dwell_days: int = 30
    grace_days: int = 60
    overlaps: str = FIRST_WINS

    def __post_init__(self) -> None:
        check_policy(self)

    def freeze(
        self, frame: pd.DataFrame, *, currency: str = "", absent_is_unknown: bool = False
    ) -> dict[str, Any]:
        """Measure the cuts on one frame of customers and return the policy as JSON.

        A cut holds **at most** its share: equal values stay together below it. One that nobody can reach,
        because there are too few customers or all are equal, is frozen as null, is said in ``notes``, and
        leaves its class empty: its customers go to the next rule that fits (with `pyramid`, to ``small``).

        Parameters
        ----------
        frame : DataFrame
            Features and predictions side by side, one row a customer.
        currency : str
            ISO 4217, for cuts that have fixed values.
        absent_is_unknown : bool
            Freeze also where required inputs did not come: they are unknown then, and no longer required.

        Returns
        -------
        dict
            ``policy, version, band_share, dwell_days, grace_days, classes, inputs, rules, cuts, notes``. Each cut has
            ``value`` and the band ``upper`` and ``lower`` (values of the input, null when unreachable),
            ``share``, ``input``, ``how`` (``share`` or ``value``) and ``population`` (customers it was measured on).

        Raises
        ------
        MissingColumns
            A required input did not come.
        """
        missing = sorted(each.name for each in self.inputs if each.required and each.name not in frame)
        if missing and not absent_is_unknown:
            raise MissingColumns(
                f"the policy {self.name} needs {', '.join(missing)}, which did not come", missing=missing
            )
        cuts: dict[str, dict[str, Any]] = {}
        for cut in self.cuts:
            cuts[cut.name] = self._measure(
                cut, frame, currency, {name: each["value"] for name, each in cuts.items()}
            )
        inputs = [asdict(each) | {"required": each.required and each.name in frame} for each in self.inputs]
        return {
            "type": "tier_policy",
            "policy": self.name,
            "version": self.version,
            "band_share": self.band_share,
            "dwell_days": self.dwell_days,
            "grace_days": self.grace_days,
            "overlaps": self.overlaps,
            "classes": [asdict(each) for each in self.classes],
            "inputs": inputs,
            "rules": [
                {"class": r.tier, "conditions": [c.to_json() for c in r.conditions]} for r in self.rules
            ],
            "cuts": cuts,
            "notes": self._notes(frame, cuts, currency),
        }

    def _measure(
        self, cut: Cut, frame: pd.DataFrame, currency: str, measured: dict[str, float | None]
    ) -> dict[str, Any]:
        known = matches((*cut.among, Condition(cut.input, "is_known")), frame, measured)
        ranked = np.zeros(0)
        if known.any():
            ranked = pd.to_numeric(frame.loc[known, cut.input]).to_numpy(dtype=float)
        whole = ranked.size if cut.share_of is None else int(matches(cut.share_of, frame, measured).sum())
        fixed = dict(cut.value_in).get(currency)
        band = (1.0, 1.0 - self.band_share, 1.0 + self.band_share)
        value: float | None
        if fixed is None:
            part = cut.top_share * whole / ranked.size if ranked.size else cut.top_share
            value, upper, lower = (share_cut(ranked, min(part * width, 1.0)) for width in band)
        else:
            value, lower, upper = (fixed * width for width in band)
        return {
            "value": value,
            "upper": None if value is None else value if upper is None else upper,
            "lower": None if value is None else value if lower is None else lower,
            "share": cut.top_share,
            "input": cut.input,
            "how": "share" if fixed is None else "value",
            "population": int(ranked.size),
            "among": [each.to_json() for each in cut.among],
            "share_of": None if cut.share_of is None else [each.to_json() for each in cut.share_of],
            "value_in": dict(cut.value_in),
        }

    def _notes(self, frame: pd.DataFrame, cuts: dict[str, dict[str, Any]], currency: str) -> list[str]:
        absent = [each.name for each in self.inputs if each.name not in frame]
        found = [f"unknown of everybody: {', '.join(absent)} did not come"] if absent else []
        found += [
            f"nobody reaches the cut {name}: {cut['population']} customers could be ranked"
            for name, cut in cuts.items()
            if cut["value"] is None
        ]
        found += [
            f"the cut {name} has no value in {currency or 'this currency'}: it takes the best {cut['share']:.0%} instead"
            for name, cut in cuts.items()
            if cut["value_in"] and cut["how"] == "share" and cut["value"] is not None
        ]
        return found


def thaw(frozen: dict[str, Any], **changes: Any) -> Policy:
    """Return the declaration behind a frozen policy, with changes.

    Examples
    --------
    >>> from tiercast.tiers.pyramid import PYRAMID
    >>> seen = pd.DataFrame({each.name: [1.0, 2.0] for each in PYRAMID.inputs})
    >>> thaw(PYRAMID.freeze(seen)) == PYRAMID
    True
    """

    def read(stored: list[dict[str, Any]]) -> tuple[Condition, ...]:
        return tuple(Condition.from_json(each) for each in stored)

    def book(stored: Any) -> Playbook:
        return Playbook.of(stored) if isinstance(stored, str) else Playbook(**stored)

    parts: dict[str, Any] = {
        "name": frozen["policy"],
        "version": frozen["version"],
        "classes": tuple(
            TierClass(**(each | {name: book(each[name]) for name in ("playbook_en", "playbook_zh")}))
            for each in frozen["classes"]
        ),
        "inputs": tuple(Input(**each) for each in frozen["inputs"]),
        "rules": tuple(Rule(each["class"], read(each["conditions"])) for each in frozen["rules"]),
        "cuts": tuple(
            Cut(
                name,
                each["input"],
                each["share"],
                read(each.get("among", [])),
                None if each.get("share_of") is None else read(each["share_of"]),
                tuple(each.get("value_in", {}).items()),
            )
            for name, each in frozen["cuts"].items()
        ),
        "band_share": frozen["band_share"],
        "dwell_days": frozen["dwell_days"],
        "grace_days": frozen.get("grace_days", 0),
        "overlaps": frozen.get("overlaps", FIRST_WINS),
    }
    return Policy(**(parts | changes))
