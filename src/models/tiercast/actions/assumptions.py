"""What is assumed of contacts where nothing was measured: effects, costs and answers. Unverified, and all yours to change.

Who would buy anyway earns nothing by being reminded: effects are shares of the value *at risk* wherever the action is to
keep a customer or make a purchase happen, and of the expected value only for referrals and information.

None of these numbers enters the fit of a model. A channel dictionary (side table ``channels``) with
``cost_per_contact`` replaces the assumed costs; a measured uplift replaces the assumed effects.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tiercast.errors import TiercastError
from tiercast.serving.contacts import WORTH, Effect, Terms, Way

WAYS: tuple[str, ...] = ("app", "email", "sms", "direct_mail", "call_center")
"""Channels that are used unless others are asked for, or a channel dictionary tells the costs of its own."""
AUTOMATIC: tuple[str, ...] = ("small", "inactive", "prospect", "suspect")
"""Classes of the pyramid whose playbook promises automatic messages: nobody visits or telephones."""


class BadAssumption(TiercastError, ValueError):
    """An assumption about contacts cannot be used; the message names it."""

    code = "BAD_ASSUMPTION"
    exit_code = 2

    def __init__(self, *, name: str, problem: str) -> None:
        super().__init__(f"assumption {name}: {problem}", name=name)


@dataclass(frozen=True)
class Assumptions:
    """Assumed effects by action, costs and answers by channel, and which channels a tier is not promised.

    Raises
    ------
    BadAssumption

    Examples
    --------
    >>> Assumptions().changed({"effects": {"win_back": 0.08}}).effects["win_back"].share
    0.08
    >>> Assumptions().changed({"costs_currency": {"email": -1}})
    Traceback (most recent call last):
    ...
    tiercast.actions.assumptions.BadAssumption: assumption costs_currency.email: must be a number of 0 or more, not -1
    >>> Assumptions().changed({"cost": {"email": 1}})
    Traceback (most recent call last):
    ...
    tiercast.actions.assumptions.BadAssumption: assumption cost: there is no such table; there is: effects,
    costs_currency, responses, closed
    """

    effects: Mapping[str, Effect] = field(
        default_factory=lambda: {
            "mend": Effect(0.10, "value_at_risk", "service"),
            "win_back": Effect(0.05, "value_at_risk"),
            "check_in": Effect(0.04, "value_at_risk", "service"),
            "wake_up": Effect(0.03, "value_at_risk"),
            "second_purchase": Effect(0.08, "value_at_risk"),
            "remind_with_offer": Effect(0.06, "value_at_risk"),
            "remind": Effect(0.04, "value_at_risk"),
            "thank": Effect(0.02, "value_at_risk"),
            "ask_referral": Effect(0.005),
            "inform": Effect(0.02),
        }
    )
    costs_currency: Mapping[str, float] = field(
        default_factory=lambda: {
            "app": 0.005, "email": 0.01, "wechat": 0.01, "sms": 0.06, "direct_mail": 0.80, "call_center": 4.0,
            "face_to_face": 10.0,
        }
    )  # fmt: skip
    responses: Mapping[str, float] = field(
        default_factory=lambda: {
            "app": 0.8, "email": 1.0, "wechat": 1.2, "sms": 1.2, "direct_mail": 1.5, "call_center": 3.0,
            "face_to_face": 4.0,
        }
    )  # fmt: skip
    closed: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: dict.fromkeys(AUTOMATIC, ("call_center", "face_to_face"))
    )

    def __post_init__(self) -> None:
        for table in ("costs_currency", "responses"):
            for name, value in getattr(self, table).items():
                _require(f"{table}.{name}", value, most=1e6)
        for name, effect in self.effects.items():
            _require(f"effects.{name}", effect.share, most=1.0)
            if effect.of not in WORTH:
                raise BadAssumption(
                    name=f"effects.{name}.of", problem=f"must be one of {', '.join(WORTH)}, not {effect.of!r}"
                )
            purpose: Any = effect.purpose  # a file may say anything
            if not isinstance(purpose, str) or not purpose:
                raise BadAssumption(
                    name=f"effects.{name}.purpose",
                    problem=f'must be a text such as "marketing", not {effect.purpose!r}',
                )
        for name in self.responses:
            self._require_channel(f"responses.{name}", name)
        told: Mapping[str, Any] = self.closed
        for tier, shut in told.items():
            if not isinstance(shut, tuple) or not all(isinstance(each, str) for each in shut):
                raise BadAssumption(
                    name=f"closed.{tier}",
                    problem=f'must be a list of channels, as in ["call_center"], not {shut!r}',
                )
            for channel in shut:
                self._require_channel(f"closed.{tier}", channel)

    def _require_channel(self, name: str, channel: str) -> None:
        if channel not in self.costs_currency:
            close = difflib.get_close_matches(channel, list(self.costs_currency), 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise BadAssumption(
                name=name,
                problem=f"the channel {channel!r} is not known{hint}; there is: {', '.join(self.costs_currency)}; "
                f"one of your own needs its cost under costs_currency",
            )

    def changed(self, told: Mapping[str, Any]) -> "Assumptions":
        """Return these assumptions with those of a mapping, as a TOML file holds it, instead.

        ``effects`` are shares, or tables of ``share``, ``of`` and ``purpose``; the others as the fields are.
        """
        tables = ("effects", "costs_currency", "responses", "closed")
        made: dict[str, Any] = {}
        for table, values in told.items():
            if table not in tables:
                raise BadAssumption(
                    name=table, problem=f"there is no such table; there is: {', '.join(tables)}"
                )
            if not isinstance(values, Mapping):
                raise BadAssumption(name=table, problem="must be a table of names and values")
            held = dict(getattr(self, table))
            for name, value in values.items():
                if table == "effects":
                    held[name] = _effect(name, value, held.get(name, Effect(0.0)))
                elif table == "closed":
                    held[name] = tuple(value) if isinstance(value, list | tuple) else value
                else:
                    held[name] = value
            made[table] = held
        return replace(self, **made)

    def terms(
        self,
        told_costs: Mapping[str, float] | None = None,
        ways: tuple[str, ...] | None = None,
        tiers: Collection[str] | None = None,
    ) -> Terms:
        """Return the terms of contacts.

        Parameters
        ----------
        told_costs : mapping, optional
            Costs of a channel dictionary, which come before the assumed ones.
        ways : tuple of str, optional
            The channels to use; default: those of which ``told_costs`` tells, or :data:`WAYS` where it tells of none.
        tiers : collection of str, optional
            The tiers there are; those of :data:`AUTOMATIC` may be missing.

        Raises
        ------
        BadAssumption
            A channel is asked for whose cost is neither known nor assumed, or one is closed to a tier that does not exist.
        """
        if tiers is not None:
            strange = sorted(set(self.closed) - set(tiers) - set(AUTOMATIC))
            if strange:
                raise BadAssumption(
                    name=f"closed.{strange[0]}",
                    problem=f"there is no such tier; there is: {', '.join(sorted(tiers))}",
                )
        told = dict(told_costs or {})
        known = {**self.costs_currency, **told}
        asked = ways if ways is not None else (tuple(told) or WAYS)
        lost = [name for name in asked if name not in known]
        if lost:
            raise BadAssumption(
                name=f"costs_currency.{lost[0]}",
                problem=f"what a contact costs is not known; there is: {', '.join(sorted(known))}",
            )
        ways_told = tuple(
            Way(
                name,
                float(known[name]),
                float(self.responses.get(name, 1.0)),
                "dictionary" if name in told else "assumption",
            )
            for name in asked
        )
        return Terms(self.effects, ways_told, self.closed)


def _effect(name: str, value: Any, before: Effect) -> Effect:
    if not isinstance(value, Mapping):
        _require(f"effects.{name}", value, most=1.0)
        return replace(before, share=float(value))
    unknown = sorted(set(value) - {"share", "of", "purpose"})
    if unknown:
        raise BadAssumption(
            name=f"effects.{name}", problem=f"has no {unknown[0]}; there is: share, of, purpose"
        )
    return replace(before, **value)


def _require(name: str, value: Any, *, most: float) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value <= most
        or not np.isfinite(value)
    ):
        bound = f" and at most {most:g}" if most < 1e6 else ""
        raise BadAssumption(name=name, problem=f"must be a number of 0 or more{bound}, not {value}")


DEFAULT = Assumptions()
