"""The public Python API: each step of the path as a function, frames in and frames out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tiercast import explaining, scoring, training
from tiercast.checking import CheckReport, check_history
from tiercast.config import TrainCard, card_of, read_card
from tiercast.converting import conversion as conversion
from tiercast.engines.opening import open_engine, read_stage
from tiercast.errors import CardError, NotTrainable
from tiercast.features.catalogue import build_catalogue, look
from tiercast.features.compile import needed
from tiercast.features.declare import Feature
from tiercast.intake import require_usable, take_stock
from tiercast.learners.learner import Panel
from tiercast.newest import MOST_SILENT_DAYS
from tiercast.panels import build_panel, features_at
from tiercast.persuading import apply_uplift as apply_uplift
from tiercast.persuading import uplift as uplift
from tiercast.planning.door import clocks as clocks
from tiercast.planning.door import plan as plan
from tiercast.registry import bundle_folder, open_served, open_store, store_exists
from tiercast.segments.asking import SegmentResult as SegmentResult
from tiercast.segments.asking import segment as segment
from tiercast.segments.asking import stages as stages
from tiercast.sources.given import Day as Day
from tiercast.sources.given import Sides as Sides
from tiercast.sources.given import Source as Source
from tiercast.sources.opening import open_source as open_source
from tiercast.training.horizon import champions_horizon
from tiercast.windows import Horizon, parse_cutoff

if TYPE_CHECKING:
    from tiercast.auditing import AuditReport

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Declared:
    """Features with the SQL behind them: ``read_stage`` is one engine's reading of one source, ``text`` is for all."""

    features: tuple[Feature, ...]
    text: str
    read_stage: str


def _quiet(_: str) -> None:
    return None


def check(
    source: Source,
    *,
    currency: str | None = None,
    zone: str | None = None,
    sides: Sides | None = None,
    horizon_days: int = 0,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
) -> CheckReport:
    """Read touchpoints, and what comes beside them, against the contract and account for every row.

    Parameters
    ----------
    sides : mapping of name to source, optional
        Side tables: customers, products, channels, stores, assignments, identities; see docs/sides.md.
    horizon_days : int
        The window that churn and value would be about; 0 lets the data choose, as a training without a champion would.

    Raises
    ------
    SourceError, MissingColumns, WrongType, CardError

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": ["a", None, "b"], "occurred_at": ["2025-01-01", "2025-01-02", "soon"],
    ...                      "kind": "visit", "channel": "web"})
    >>> report = check(rows)
    >>> report.account.rows_accepted, report.account.rows_unresolved, report.account.rejected
    (1, 1, {'BAD_TIME': 1})
    >>> report.trainable_now
    False
    """
    history = open_source(source, currency=currency, zone=zone, sides=sides, extensions=tuple(extensions))
    with open_engine(engine) as runs:
        runs.attach(history)
        return check_history(runs, history, horizon_days=horizon_days)


def declare_features(
    source: Source,
    *,
    cutoff: Day,
    features: Sequence[str] = (),
    currency: str | None = None,
    zone: str | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
) -> Declared:
    """Return the features that the data visible at a cutoff can feed, and the SQL by which an engine computes them.

    Parameters
    ----------
    features : sequence of str
        Names of the wanted ones; what they read is in the SQL too. Default: all.
    """
    history = open_source(source, currency=currency, zone=zone, sides=sides, extensions=tuple(extensions))
    with open_engine(engine) as runs:
        runs.attach(history)
        seen = look(runs.run, history, parse_cutoff(cutoff))
        catalogue = build_catalogue(seen, extensions=tuple(extensions))
        catalogue.require(features)
        chosen = tuple(needed(catalogue.features, features)) if features else catalogue.features
        return Declared(chosen, catalogue.text(history, features or None), read_stage(runs, history))


def features_sql(
    source: Source, *, cutoff: Day, sides: Sides | None = None, extensions: Sequence[str] = ()
) -> str:
    """Return the one SQL text of the features that the data visible at a cutoff can feed."""
    return declare_features(source, cutoff=cutoff, sides=sides, extensions=extensions).text


def compute_features(
    source: Source,
    *,
    cutoff: Day,
    features: Sequence[str] = (),
    currency: str | None = None,
    zone: str | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
) -> pd.DataFrame:
    """Return one row per customer seen before the cutoff, with everything known of them then.

    Parameters
    ----------
    features : sequence of str
        Names of the wanted ones, which is cheaper than all; default: all.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``cutoff``, then one float64 column per feature, NaN where it is absent.

    Raises
    ------
    SourceError, MissingColumns, WrongType, UnknownName

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": "a", "occurred_at": ["2025-01-01", "2025-01-20", "2025-03-01"],
    ...                      "kind": "purchase", "channel": "web", "amount": [10.0, 5.0, 99.0]})
    >>> seen = compute_features(rows, cutoff="2025-02-01")
    >>> seen[["orders", "days_since_purchase", "spend_currency"]].values.tolist()
    [[2.0, 12.0, 15.0]]
    >>> list(compute_features(rows, cutoff="2025-02-01", features=["spend_currency", "orders"]))
    ['customer_id', 'cutoff', 'spend_currency', 'orders']
    """
    history = open_source(source, currency=currency, zone=zone, sides=sides, extensions=tuple(extensions))
    day = parse_cutoff(cutoff)
    with open_engine(engine) as runs:
        runs.attach(history)
        require_usable(take_stock(runs, history, repeats=False))
        catalogue = build_catalogue(look(runs.run, history, day), extensions=tuple(extensions))
        catalogue.require(features)
        found = features_at(runs, history, catalogue, [day], wanted=features or None)
        return found[["customer_id", "cutoff", *dict.fromkeys(features)]] if features else found


def panel(
    source: Source,
    *,
    cutoffs: Sequence[Day],
    horizon_days: int = 28,
    gap_days: int = 0,
    active_days: int | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
) -> Panel:
    """Return customers at several origins with features and labels, for a model of your own.

    A label that is not mature by the end of the data is not there: an origin that late is refused.

    Raises
    ------
    NotTrainable
    """
    days = sorted(parse_cutoff(cutoff) for cutoff in cutoffs)
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    horizon = Horizon(horizon_days, gap_days)
    with open_engine() as engine:
        engine.attach(history)
        account = take_stock(engine, history, repeats=False)
        require_usable(account)
        if account.last_day is None or not days or horizon.matures_on(days[-1]) > account.last_day:
            raise NotTrainable(
                target="a panel",
                needs=f"labels known {horizon_days} days after each origin",
                has=f"history until {account.last_day}",
            )
        catalogue = build_catalogue(look(engine.run, history, days[0]), extensions=tuple(extensions))
        made, _ = build_panel(
            engine,
            history,
            catalogue,
            origins=days,
            horizon=horizon,
            data_ends_on=account.last_day,
            active_days=active_days,
        )
    return made


def train(
    card: TrainCard | Mapping[str, Any] | str | Path,
    *,
    root: str | Path | None = None,
    progress: Progress = _quiet,
) -> training.TrainReport:
    """Train from a card: a file, a mapping of its keys, or a :class:`~tiercast.config.TrainCard`.

    Of a history too short for judging models ``plan.judged_from`` says from when they are; until then the purchase process
    or a rule answers, and is champion only where there is none.

    Raises
    ------
    CardError, SourceError, ContractError, NotTrainable, StoreUnreachable, StoreCorrupt
    LeakError
        The card asks for an audit first, and something in it knows the future.
    """
    asked = train_card(card)
    if asked.audit:
        audit(asked, root=root, progress=progress).require()
    return training.train(asked, store=open_store(root), progress=progress)


def train_card(card: TrainCard | Mapping[str, Any] | str | Path) -> TrainCard:
    """Return a card for training from whatever describes one."""
    if isinstance(card, TrainCard):
        return card
    found = card_of(dict(card), job="train") if isinstance(card, Mapping) else read_card(card, job="train")
    if not isinstance(found, TrainCard):
        raise CardError(card="in memory", problem="is not for the job train")
    return found


def audit(
    card: TrainCard | Mapping[str, Any] | str | Path,
    *,
    root: str | Path | None = None,
    progress: Progress = _quiet,
) -> "AuditReport":
    """Look for leaks in what a card would train on: the future, the labels, duplicated people.

    Raises
    ------
    CardError, SourceError, ContractError, NotTrainable
    """
    from tiercast import auditing

    asked = train_card(card)
    looks = not asked.horizon_days and store_exists(root)  # a training would keep the champion's horizon
    kept = champions_horizon(open_store(root)) if looks else None
    return auditing.audit(asked, kept=kept, progress=progress)


def score(
    source: Source,
    *,
    cutoff: Day = "latest",
    out: str | Path | None = None,
    model: str = "champion",
    policy: str = "",
    language: str = "en",
    root: str | Path | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
    newest_within_days: int = MOST_SILENT_DAYS,
    progress: Progress = _quiet,
) -> scoring.ScoreReport:
    """Return, and with ``out`` publish, the scorecard of every customer seen before the cutoff.

    A history whose newest touchpoint is more than ``newest_within_days`` before the cutoff is refused (``STALE_HISTORY``).
    """
    return scoring.score(
        open_source(source, sides=sides, extensions=tuple(extensions)),
        cutoff=None if cutoff == "latest" else parse_cutoff(cutoff),
        store=open_store(root),
        model=model,
        policy=policy,
        language=language,
        out=out,
        engine=engine,
        newest_within_days=newest_within_days,
        progress=progress,
    )


def explain(
    source: Source,
    customer_id: str,
    *,
    cutoff: Day,
    model: str = "champion",
    policy: str = "",
    language: str = "en",
    root: str | Path | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
) -> explaining.Explanation:
    """Tell one customer's story: events, features, predictions and tier as known at a cutoff."""
    return explaining.explain(
        open_source(source, sides=sides, extensions=tuple(extensions)),
        str(customer_id),
        cutoff=parse_cutoff(cutoff),
        store=open_store(root),
        model=model,
        policy=policy,
        language=language,
    )


def load(model: str = "champion", *, root: str | Path | None = None) -> Any:
    """Return a served version, by alias, number, ``models:/`` address or path.

    Its ``predict(touchpoints, cutoff=…)`` is what the web server and the batch run.

    Raises
    ------
    NoChampion, StoreUnreachable, StoreCorrupt
    """
    given = Path(model)
    if (given / "manifest.json").is_file():
        return open_served(given)
    return open_served(bundle_folder(open_store(root), model))
