"""What a contact would earn: for each customer with something due, every channel open to them, its cost and expected gain.

``gain = effect × value − cost``. The effect is an uplift that was measured, where one came (``uplift_currency``), else a
share that is *assumed* for the action, larger or smaller by channel and by how far the channel is the customer's own.
The value is what is at risk, ``value × P(churn)``, for actions that keep a customer, and the expected value for actions
that sell. Which of the two numbers a gain rests on stands beside it, as ``gain_basis``.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from .conditions import numbers, take
from .refusals import MissingColumns

COLUMNS: tuple[str, ...] = (
    "customer_id", "cutoff", "next_action", "channel", "contact_on", "tier", "value_at_risk_currency", "effect_share",
    "expected_gain_currency", "cost_currency", "gain_basis", "cost_basis", "rank",
)  # fmt: skip
NEEDED: tuple[str, ...] = (
    "customer_id", "cutoff", "next_action", "next_action_on", "churn_probability", "expected_value_currency",
)  # fmt: skip
WORTH: tuple[str, ...] = ("value_at_risk", "expected_value")


@dataclass(frozen=True)
class Effect:
    """What an action is assumed to bring: a share of the value at risk, or of the expected value."""

    share: float
    of: str = "expected_value"
    purpose: str = "marketing"


@dataclass(frozen=True)
class Way:
    """A channel through which one customer can be spoken to: its cost, and how it answers beside an e-mail (1)."""

    channel: str
    cost_currency: float
    response_factor: float = 1.0
    cost_basis: str = "assumption"


@dataclass(frozen=True)
class Terms:
    """The terms of contacts: effects of actions, the channels, which are closed to whom.

    Parameters
    ----------
    effects : mapping of str to Effect
        By action; an action without one is never worth a contact.
    ways : tuple of Way
        Of equal gain, the first.
    closed : mapping of str to tuple of str
        Channels that a tier's playbook does not promise.
    least_fit, most_fit : float
        Bounds of the factor by which a channel that is (or is not) the customer's own changes the effect.

    Examples
    --------
    >>> import datetime
    >>> terms = Terms({"win_back": Effect(0.05, "value_at_risk")}, (Way("email", 0.01), Way("call_center", 4.0, 3.0)),
    ...               {"small": ("call_center",)})
    >>> seen = pd.DataFrame({"customer_id": ["a", "b"], "cutoff": datetime.date(2026, 3, 2), "next_action": "win_back",
    ...                      "next_action_on": datetime.date(2026, 3, 2), "churn_probability": 0.5,
    ...                      "expected_value_currency": [400.0, 40.0], "tier": ["top", "small"]})
    >>> found = terms.options(seen)
    >>> found[["customer_id", "channel", "expected_gain_currency", "rank"]].round(2).values.tolist()
    [['a', 'call_center', 26.0, 1], ['a', 'email', 9.99, 2], ['b', 'email', 0.99, 1]]
    >>> terms.options(seen.iloc[:0]).shape
    (0, 13)
    """

    effects: Mapping[str, Effect]
    ways: tuple[Way, ...]
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least_fit: float = 0.5
    most_fit: float = 2.0

    def options(
        self,
        frame: pd.DataFrame,
        *,
        fit: pd.DataFrame | None = None,
        barred: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Return every contact that is open: one row for each customer with something due and each channel.

        Parameters
        ----------
        frame : DataFrame
            :data:`NEEDED`, one row a customer, and where they are known ``tier``, ``uplift_currency`` (what one contact is
            measured to bring), ``preferred_weekday`` (``0`` is Monday) for contacts that may be made any day.
        fit : DataFrame, optional
            How far each channel is the customer's own beside the group's (1 is usual), indexed as ``frame``, a column a
            channel; a channel without a column is usual.
        barred : DataFrame, optional
            ``customer_id``, ``purpose`` and ``channel`` of withdrawn consent; an empty purpose or channel stands for all,
            and so does a purpose that no effect has.

        Returns
        -------
        DataFrame
            :data:`COLUMNS`; ordered by customer and ``rank`` (1 is the channel with the largest gain). Gains may be
            negative: such a contact is told and never planned. A customer without value or risk has no gain to tell,
            and no row.

        Raises
        ------
        MissingColumns
        """
        missing = [name for name in NEEDED if name not in frame]
        if missing:
            raise MissingColumns(f"contacts need {', '.join(missing)}, which did not come", missing=missing)
        rows = frame.reset_index(drop=True)
        risk, value = numbers(rows, "churn_probability"), numbers(rows, "expected_value_currency")
        at_risk = np.maximum(value, 0.0) * risk
        known = {name: effect for name, effect in self.effects.items() if effect.share > 0}
        action = pd.Index(list(known), dtype=object).get_indexer(pd.Index(rows["next_action"].astype(object)))
        share = np.array([*(effect.share for effect in known.values()), np.nan])[action]
        of_risk = np.array([*(effect.of == "value_at_risk" for effect in known.values()), False])[action]
        worth = np.where(of_risk, at_risk, np.maximum(value, 0.0))
        uplift = numbers(rows, "uplift_currency")
        measured = np.isfinite(uplift)
        fits = self._fits(rows, fit)
        answers = np.array([way.response_factor for way in self.ways])
        costs = np.array([way.cost_currency for way in self.ways])
        effect = np.minimum(share[:, None] * answers * fits, 1.0)
        gross = np.where(measured[:, None], uplift[:, None], effect * worth[:, None])
        gain = gross - costs
        gain[self._closed(rows) | self._barred(rows, known, action, barred)] = np.nan
        gain[action < 0] = np.nan
        who, via = np.nonzero(np.isfinite(gain))
        told = pd.DataFrame(
            {
                "customer_id": rows["customer_id"].to_numpy(dtype=object)[who],
                "cutoff": rows["cutoff"].to_numpy(dtype=object)[who],
                "next_action": rows["next_action"].to_numpy(dtype=object)[who],
                "channel": take([way.channel for way in self.ways] or [None], via),
                "contact_on": contact_days(rows).to_numpy(dtype=object)[who],
                "tier": rows["tier"].to_numpy(dtype=object)[who] if "tier" in rows else None,
                "value_at_risk_currency": at_risk[who],
                "effect_share": np.where(measured[who], np.nan, effect[who, via]),
                "expected_gain_currency": gain[who, via],
                "cost_currency": costs[via],
                "gain_basis": np.where(measured[who], "uplift", "assumption").astype(object),
                "cost_basis": take([way.cost_basis for way in self.ways] or [None], via),
            }
        )
        told["_via"] = via
        told = told.sort_values(
            ["customer_id", "expected_gain_currency", "_via"], ascending=[True, False, True], kind="stable", ignore_index=True
        )  # fmt: skip
        told["rank"] = told.groupby("customer_id", sort=False).cumcount() + 1
        return told[list(COLUMNS)]

    def unvalued(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether each customer has something due that nobody can value: neither a prediction nor a measured uplift is known.

        Prospects above all: what they would spend is not predicted, so they have no row among the options.
        """
        risk, value = numbers(frame, "churn_probability"), numbers(frame, "expected_value_currency")
        action = frame["next_action"].astype(object)
        due = action.isin([name for name, effect in self.effects.items() if effect.share > 0])
        of_risk = action.isin([name for name, effect in self.effects.items() if effect.of == "value_at_risk"])
        unknown = ~np.isfinite(value) | (of_risk.to_numpy(bool) & ~np.isfinite(risk))
        return due.to_numpy(bool) & unknown & ~np.isfinite(numbers(frame, "uplift_currency"))

    def _fits(self, rows: pd.DataFrame, fit: pd.DataFrame | None) -> np.ndarray:
        found = np.ones((len(rows), len(self.ways)))
        for place, way in enumerate(self.ways):
            if fit is not None and way.channel in fit:
                own = fit[way.channel].to_numpy(float)
                found[:, place] = np.clip(np.where(np.isfinite(own), own, 1.0), self.least_fit, self.most_fit)
        return found

    def _closed(self, rows: pd.DataFrame) -> np.ndarray:
        if "tier" not in rows:
            return np.zeros((len(rows), len(self.ways)), dtype=bool)
        tiers = rows["tier"].astype(object)
        return np.column_stack(
            [
                tiers.isin([tier for tier, shut in self.closed.items() if way.channel in shut]).to_numpy(bool)
                for way in self.ways
            ]
            or [np.zeros(len(rows), dtype=bool)]
        )[:, : len(self.ways)]

    def _barred(
        self, rows: pd.DataFrame, known: Mapping[str, Effect], action: np.ndarray, barred: pd.DataFrame | None
    ) -> np.ndarray:
        found = np.zeros((len(rows), len(self.ways)), dtype=bool)
        if barred is None or barred.empty:
            return found
        purpose = np.array([*(effect.purpose for effect in known.values()), ""], dtype=object)[action]
        at = pd.Index(rows["customer_id"].astype(object)).get_indexer(
            pd.Index(barred["customer_id"].astype(object))
        )
        # a purpose that no action has is another word for one of ours: it bars them all
        general = ~barred["purpose"].isin({effect.purpose for effect in known.values()}).to_numpy(bool)
        meant = (at >= 0) & (general | (barred["purpose"].to_numpy(dtype=object) == purpose[at]))
        channel = barred["channel"].to_numpy(dtype=object)
        for place, way in enumerate(self.ways):
            found[at[meant & ((channel == "") | (channel == way.channel))], place] = True
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the terms as plain JSON."""
        return {"type": "contact_terms", **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            {name: Effect(**each) for name, each in stored["effects"].items()},
            tuple(Way(**each) for each in stored["ways"]),
            {tier: tuple(shut) for tier, shut in stored["closed"].items()},
            stored["least_fit"],
            stored["most_fit"],
        )


def contact_days(rows: pd.DataFrame) -> pd.Series:
    """Return the day of a contact: that of the action, or, where it may be any day, the next one of their own weekday.

    An action on the cutoff's day is one for *now*; a customer with a preferred weekday is spoken to on the first such day
    of the week that begins with the cutoff.

    Examples
    --------
    >>> import datetime
    >>> monday = datetime.date(2026, 3, 2)
    >>> rows = pd.DataFrame({"cutoff": monday, "next_action_on": [monday, datetime.date(2026, 3, 6), None],
    ...                      "preferred_weekday": ["5", "5", "5"]})
    >>> [str(day) for day in contact_days(rows)]
    ['2026-03-07', '2026-03-06', 'None']
    """
    due = pd.to_datetime(rows["next_action_on"].astype(object), utc=True).dt.tz_localize(None)
    start = pd.to_datetime(rows["cutoff"].astype(object), utc=True).dt.tz_localize(None)
    weekday = numbers(rows, "preferred_weekday")
    now = np.isfinite(weekday) & (due <= start).to_numpy(bool)
    first = (start.to_numpy().astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    wait = np.where(now, np.mod(np.nan_to_num(weekday) - first, 7.0), 0.0)
    days = due.to_numpy().astype("datetime64[D]") + wait.astype("timedelta64[D]")
    told = days.astype(object)
    told[due.isna().to_numpy()] = None
    return pd.Series(told, dtype=object, index=rows.index)


def withdrawn(words: pd.DataFrame, addressable: Collection[str]) -> pd.DataFrame:
    """Return whom consent bars from which channel: the newest word counts, of one second a withdrawal.

    A withdrawal that came through an addressable channel (an unsubscribe link in an e-mail, STOP to an sms) is about that
    channel; one that came anywhere else (a store, a web form) is about all of them, and so is a grant.

    Parameters
    ----------
    words : DataFrame
        ``customer_id, purpose, channel, word``, where ``word`` is twice the second, plus one for a withdrawal.
    addressable : collection of str
        Every channel through which one customer *can* be spoken to, whether or not it is used this time: what is asked
        for today does not change what a customer meant.

    Examples
    --------
    >>> words = pd.DataFrame({"customer_id": ["a", "a", "b", "c", "c"], "purpose": "", "word": [21, 10, 41, 41, 50],
    ...                       "channel": ["email", "store", "store", "web", "web"]})
    >>> withdrawn(words, ("email", "sms")).values.tolist()
    [['a', '', 'email'], ['b', '', '']]
    """
    scope = words["channel"].where(words["channel"].isin(list(addressable)), "").astype(object)
    newest = (
        words.assign(channel=scope)
        .groupby(["customer_id", "purpose", "channel"], sort=True)["word"]
        .max()
        .reset_index()
    )
    refused = newest[newest["word"] % 2 == 1]
    general = newest[(newest["channel"] == "") & (newest["word"] % 2 == 0)].rename(
        columns={"word": "granted"}
    )
    # a later grant for every channel takes back what was withdrawn for one
    both = refused.merge(
        general[["customer_id", "purpose", "granted"]], on=["customer_id", "purpose"], how="left"
    )
    kept = both[~(both["granted"] > both["word"])]
    return kept[["customer_id", "purpose", "channel"]].reset_index(drop=True)


def general_consent(newest: np.ndarray, barred: pd.DataFrame, customers: pd.Series) -> np.ndarray:
    """Return what the newest word on consent says of every purpose and channel, once it is known what each word was about.

    Parameters
    ----------
    newest : ndarray of float
        ``consent_last_given`` of each customer: 1, 0 or NaN, whatever the word was about.
    barred : DataFrame
        As :func:`withdrawn` returns it.

    Returns
    -------
    ndarray of float
        0 for who withdrew consent for every purpose and channel. Who withdrew it for one purpose or channel has said
        nothing in general (NaN): what they barred is closed by ``barred``. All others as they came.

    Examples
    --------
    >>> barred = pd.DataFrame({"customer_id": ["a", "b", "c"], "purpose": ["", "", "news"], "channel": ["", "sms", ""]})
    >>> general_consent(np.array([0.0, 0.0, 0.0, 1.0]), barred, pd.Series(["a", "b", "c", "d"])).tolist()
    [0.0, nan, nan, 1.0]
    """
    whole = barred.loc[(barred["purpose"] == "") & (barred["channel"] == ""), "customer_id"]
    told = np.where(newest == 0, np.nan, newest)
    return np.where(customers.isin(whole).to_numpy(bool), 0.0, told)
