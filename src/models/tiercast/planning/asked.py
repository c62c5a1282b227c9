"""What a plan is made from: who has something due and what each contact would earn, from a scorecard or a source."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.actions.assumptions import DEFAULT, Assumptions
from tiercast.actions.habits import KnownHabits, addressable_channels, channel_costs, habits_at, habits_by
from tiercast.actions.next_best import ActionTable
from tiercast.actions.rules_file import check_inputs
from tiercast.engines.opening import open_engine
from tiercast.frozen import features_of
from tiercast.planning.measured import with_uplift
from tiercast.planning.predicted import predicted
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.schema import History
from tiercast.serving.actions import decide
from tiercast.serving.conditions import numbers
from tiercast.serving.contacts import NEEDED, general_consent, withdrawn
from tiercast.serving.refusals import MissingColumns, UnknownChoice
from tiercast.tiers.declared import policy_named
from tiercast.tiers.history import night_before, with_past
from tiercast.tiers.readable import readable_inputs

TOLD: tuple[str, ...] = (
    "next_action_en", "next_action_zh", "next_action_reason_code", "next_action_reason_en", "next_action_reason_zh",
    "playbook_en", "playbook_zh", "preferred_hour", "due_category", "due_on", "suggested_category",
    "price_sensitivity_ratio", "churn_probability", "expected_value_currency", "lifecycle_stage",
)  # fmt: skip
"""What is told of a customer with each contact, where it is known."""


CONSENT = "consent_last_given"


@dataclass(frozen=True)
class Asked:
    """Everybody's contacts before any limit.

    Parameters
    ----------
    frame : DataFrame
        One row a customer: the scorecard, and with a source the action's reason, the playbook, and habits.
    options : DataFrame
        The long table ``actions``: one row for each customer with something due and each open channel, best first.
    ways : tuple of str
        The channels that were asked for.
    unvalued : int
        Customers with something due of whom no value is known, prospects above all: no plan can hold them.
    matched : pair of int, optional
        How many of how many measured uplifts are of a customer who is here.
    unknown_inputs : tuple of str
        Columns that the rules read and nothing feeds: their conditions are never met.
    tiers_since : date, optional
        The cutoff whose tier history the tiers go on from.
    """

    frame: pd.DataFrame
    options: pd.DataFrame
    cutoff: date | None
    version: str
    currency: str
    ways: tuple[str, ...] = ()
    unvalued: int = 0
    matched: tuple[int, int] | None = None
    unknown_inputs: tuple[str, ...] = ()
    habits: KnownHabits | None = None
    tiers_since: date | None = None


def ask_scorecard(
    cards: pd.DataFrame,
    *,
    assumptions: Assumptions = DEFAULT,
    uplift: pd.DataFrame | None = None,
    ways: tuple[str, ...] | None = None,
    extensions: tuple[str, ...] = (),
) -> Asked:
    """Return the contacts of a published scorecard; channel habits and consent by channel are not on it.

    Raises
    ------
    BadAssumption, BadUplift, MissingColumns
    """
    missing = [name for name in (*NEEDED, "version", "currency", "tier") if name not in cards]
    if missing:
        raise MissingColumns(
            f"a plan needs a scorecard with {', '.join(missing)}, which did not come", missing=missing
        )
    declared = policy_named("pyramid", extensions)[1].values()
    tiers = {each.key for policy in declared for each in policy.classes} | set(cards["tier"].dropna())
    frame, matched = with_uplift(cards, uplift)
    terms = assumptions.terms(ways=ways, tiers=tiers)
    return Asked(
        frame,
        _told(terms.options(frame), frame),
        *_of(cards),
        ways=tuple(way.channel for way in terms.ways),
        unvalued=int(terms.unvalued(frame).sum()),
        matched=matched,
    )


def ask_source(
    history: History,
    *,
    cutoff: date | None,
    store: Store,
    model: str = "champion",
    policy: str = "",
    scorecards: str | Path | None = None,
    assumptions: Assumptions = DEFAULT,
    rules: ActionTable | None = None,
    uplift: pd.DataFrame | None = None,
    ways: tuple[str, ...] | None = None,
    extensions: tuple[str, ...] = (),
    engine: str = "duckdb",
    progress: Callable[[str], None] = lambda _: None,
) -> Asked:
    """Return the contacts of everybody in a source, by a served version, with its habits and consent by channel.

    Parameters
    ----------
    cutoff : date or None
        ``None`` is the last day of the data, which is taken as incomplete.
    scorecards : path, optional
        The folder that scorings fill: tiers go on from its newest history before the cutoff, as a scoring's do.
    rules : ActionTable, optional
        Instead of the version's own; its cuts are measured on the customers of this cutoff.

    Raises
    ------
    NoChampion, SourceError, ContractError, StaleHistory, BadAssumption, BadActionTable, BadUplift, DamagedTierHistory
    UnknownChoice
        The version has no such policy, or was made before there were plans.
    """
    progress("opening the model")
    bundle: Any = open_served(bundle_folder(store, model))
    if not hasattr(bundle, "habits_of"):
        raise UnknownChoice("this version was made before there were plans: train a new one", there_is=[])
    chosen = bundle.policy(policy)
    if rules is not None:
        families = dict.fromkeys(bundle.manifest["families"], ("number", ""))
        check_inputs(rules, families | readable_inputs(extensions))
    tiers = {each["key"] for held in bundle.policies.values() for each in held["classes"]}
    with open_engine(engine) as runs:
        known = features_of(bundle, history, cutoff, runs, progress=progress)
        history, day, features = known.history, known.cutoff, known.features
        terms = assumptions.terms(channel_costs(history, day), ways, tiers)
        past = None
        if scorecards is not None:
            past = night_before(scorecards, cutoff=day, policy=chosen["policy"], version=bundle.version)
            features = with_past(features, past)
        progress("predicting")
        reads = rules.inputs if rules is not None else _inputs(bundle.actions)
        cards, read = predicted(bundle, features, policy=policy, reads=reads)
        progress("looking at habits")
        of_these = (history, day, cards["customer_id"])
        if bundle.habits is None:
            habits = habits_at(runs, *of_these, groups=cards["segment"], extensions=extensions)
        else:
            habits = habits_by(bundle.habits, runs, *of_these, tables=bundle.tables, groups=cards["segment"])
    progress("deciding")
    able = addressable_channels(history, day) | set(assumptions.costs_currency)
    barred = withdrawn(habits.consent_words, able)
    if CONSENT in reads and (CONSENT in read or len(habits.consent_words)):
        newest = numbers(read, CONSENT)
        read = read.assign(**{CONSENT: general_consent(newest, barred, read["customer_id"])})
    unknown = tuple(sorted(set(reads) - set(read.columns)))
    decided = decide(bundle.actions if rules is None else rules.freeze(read), read)
    frame = _frame(cards, decided, habits, chosen)
    frame, matched = with_uplift(frame, uplift)
    options = terms.options(frame, fit=habits.fit, barred=barred)
    return Asked(
        frame,
        _told(options, frame),
        *_of(cards),
        ways=tuple(way.channel for way in terms.ways),
        unvalued=int(terms.unvalued(frame).sum()),
        matched=matched,
        unknown_inputs=unknown,
        habits=habits,
        tiers_since=None if past is None else past.cutoff,
    )


def _frame(cards: pd.DataFrame, decided: pd.DataFrame, habits: KnownHabits, policy: Any) -> pd.DataFrame:
    taken = [str(name) for name in decided if str(name).startswith("next_action")]
    frame = cards.drop(columns=[name for name in taken if name in cards])
    frame = pd.concat([frame, decided[taken], habits.frame], axis=1)
    for tongue in ("en", "zh"):
        words = {each["key"]: each.get(f"playbook_{tongue}") for each in policy["classes"]}
        frame[f"playbook_{tongue}"] = frame["tier"].map(words)
    lost = cards["next_action"].isna().to_numpy()  # nothing is known of them
    return frame.assign(next_action=frame["next_action"].mask(lost, None))


def _told(options: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in TOLD if name in frame]
    return options.merge(frame[["customer_id", *names]], on="customer_id", how="left")


def _inputs(table: Any) -> Collection[str]:
    return {each["input"] for rule in table["rules"] for each in rule["when"]}


def _of(cards: pd.DataFrame) -> tuple[date | None, str, str]:
    if cards.empty:
        return None, "", ""
    first = cards.iloc[0]
    return pd.Timestamp(first["cutoff"]).date(), str(first["version"]), str(first["currency"])
