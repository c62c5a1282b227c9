"""What a plan is made from: who has something due and what each contact would earn, from a scorecard or a source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast.actions.assumptions import DEFAULT, Assumptions
from tiercast.actions.habits import KnownHabits, channel_costs, habits_at
from tiercast.actions.next_best import ActionTable
from tiercast.engines.opening import open_engine
from tiercast.errors import NotTrainable, SourceError
from tiercast.features.described import people_of
from tiercast.intake import as_learned, require_currency, require_usable, take_stock
from tiercast.registry import Store, bundle_folder, open_served
from tiercast.schema import History
from tiercast.serving.bundle import arrange
from tiercast.serving.contacts import withdrawn
from tiercast.serving.refusals import MissingColumns

TOLD: tuple[str, ...] = (
    "next_action_en", "next_action_zh", "next_action_reason_code", "next_action_reason_en", "next_action_reason_zh",
    "playbook_en", "playbook_zh", "preferred_hour", "due_category", "due_on", "suggested_category",
    "price_sensitivity_ratio", "churn_probability", "expected_value_currency", "lifecycle_stage",
)  # fmt: skip
"""What is told of a customer with each contact, where it is known."""


@dataclass(frozen=True)
class Asked:
    """Everybody's contacts before any limit.

    Parameters
    ----------
    frame : DataFrame
        One row a customer: the scorecard, and with a source the action's reason, the playbook, and habits.
    options : DataFrame
        The long table ``actions``: one row for each customer with something due and each open channel, best first.
    unknown_inputs : tuple of str
        Columns that the rules read and nothing feeds: their conditions are never met.
    """

    frame: pd.DataFrame
    options: pd.DataFrame
    cutoff: date | None
    version: str
    currency: str
    unknown_inputs: tuple[str, ...] = ()
    habits: KnownHabits | None = None


def ask_scorecard(
    cards: pd.DataFrame,
    *,
    assumptions: Assumptions = DEFAULT,
    uplift: pd.DataFrame | None = None,
    ways: tuple[str, ...] | None = None,
) -> Asked:
    """Return the contacts of a published scorecard; channel habits and consent by channel are not on it.

    Raises
    ------
    BadAssumption, MissingColumns
    """
    frame = _with_uplift(cards, uplift)
    options = assumptions.terms(ways=ways).options(frame)
    return Asked(frame, _told(options, frame), *_of(cards))


def ask_source(
    history: History,
    *,
    cutoff: date | None,
    store: Store,
    model: str = "champion",
    policy: str = "",
    assumptions: Assumptions = DEFAULT,
    rules: ActionTable | None = None,
    uplift: pd.DataFrame | None = None,
    ways: tuple[str, ...] | None = None,
    extensions: tuple[str, ...] = (),
    engine: str = "duckdb",
    progress: Callable[[str], None] = lambda _: None,
) -> Asked:
    """Return the contacts of everybody in a source, by a served version, with habits and consent by channel.

    Parameters
    ----------
    cutoff : date or None
        ``None`` is the last day of the data, which is taken as incomplete.
    rules : ActionTable, optional
        Instead of the version's own; its cuts are measured on the customers of this cutoff.

    Raises
    ------
    NoChampion, SourceError, ContractError, BadAssumption
    """
    progress("opening the model")
    bundle: Any = open_served(bundle_folder(store, model))
    with open_engine(engine) as runs:
        progress("reading touchpoints")
        runs.attach(history)
        require_currency(history, str(bundle.manifest["currency"]))
        history = as_learned(history, bundle.attributes)
        account = take_stock(runs, history, repeats=False)
        require_usable(account)
        day = cutoff or account.last_day
        if day is None:
            raise NotTrainable(target="a plan", needs="accepted touchpoints", has="none")
        progress("computing features")
        people = people_of(history)
        found = runs.frames(bundle.features_sql, cutoffs=[day], tables=bundle.tables.with_(**people))
        features = arrange(pd.concat(found, ignore_index=True), day, unknown=bundle.unknown(people))
        progress("predicting")
        cards = bundle.predict_features(features, policy=policy)
        progress("looking at habits")
        habits = habits_at(
            runs, history, day, cards["customer_id"], groups=cards["segment"], extensions=extensions
        )
    progress("deciding")
    enriched = bundle.enriched(features.reset_index(drop=True))
    table = None if rules is None else rules.freeze(enriched)
    decided = bundle.next_actions(features, policy=policy, table=table)
    read = rules.inputs if rules is not None else _inputs(bundle.actions)
    unknown = tuple(sorted(read - set(enriched.columns) - {"tier"}))
    frame = _frame(cards, decided, habits, bundle, policy)
    frame = _with_uplift(frame, uplift)
    terms = assumptions.terms(channel_costs(history, day), ways)
    barred = withdrawn(habits.consent_words, tuple(way.channel for way in terms.ways))
    options = terms.options(frame, fit=habits.fit, barred=barred)
    return Asked(frame, _told(options, frame), *_of(cards), unknown, habits)


def read_uplift(place: str | Path) -> pd.DataFrame:
    """Return measured uplifts: a CSV or parquet file of ``customer_id`` and ``uplift_currency``.

    Raises
    ------
    MissingColumns, SourceError
    """
    file = Path(place)
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        return pd.read_csv(file, dtype={"customer_id": "str"})
    except Exception as error:
        raise SourceError(source=file, problem=f"it cannot be read ({type(error).__name__})") from error


def _with_uplift(frame: pd.DataFrame, uplift: pd.DataFrame | None) -> pd.DataFrame:
    if uplift is None:
        return frame
    missing = [name for name in ("customer_id", "uplift_currency") if name not in uplift]
    if missing:
        raise MissingColumns(f"an uplift needs {', '.join(missing)}, which did not come", missing=missing)
    held = uplift.drop_duplicates("customer_id", keep="last").set_index("customer_id")["uplift_currency"]
    return frame.assign(uplift_currency=frame["customer_id"].map(held).to_numpy())


def _frame(
    cards: pd.DataFrame, decided: pd.DataFrame, habits: KnownHabits, bundle: Any, policy: str
) -> pd.DataFrame:
    taken = [str(name) for name in decided if str(name).startswith("next_action")]
    frame = cards.drop(columns=[name for name in taken if name in cards])
    frame = pd.concat([frame, decided[taken], habits.frame], axis=1)
    chosen = bundle.policies[policy or bundle.manifest["default_policy"]]
    for tongue in ("en", "zh"):
        words = {each["key"]: each.get(f"playbook_{tongue}") for each in chosen["classes"]}
        frame[f"playbook_{tongue}"] = frame["tier"].map(words)
    lost = cards["next_action"].isna().to_numpy()  # nothing is known of them
    return frame.assign(next_action=frame["next_action"].mask(lost, None))


def _told(options: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in TOLD if name in frame]
    return options.merge(frame[["customer_id", *names]], on="customer_id", how="left")


def _inputs(table: Mapping[str, Any]) -> set[str]:
    return {each["input"] for rule in table["rules"] for each in rule["when"]}


def _of(cards: pd.DataFrame) -> tuple[date | None, str, str]:
    if cards.empty:
        return None, "", ""
    first = cards.iloc[0]
    return pd.Timestamp(first["cutoff"]).date(), str(first["version"]), str(first["currency"])
