"""The Python door to clocks and plans: frames in and frames out, as the rest of the public API."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from tiercast.actions.habits import clocks_at
from tiercast.collect import choose
from tiercast.engines.opening import open_engine
from tiercast.errors import CardError, NotTrainable
from tiercast.intake import Account, require_usable, take_stock
from tiercast.planning.allocate import Plan
from tiercast.planning.asked import Asked
from tiercast.planning.limits import Limits
from tiercast.planning.planned import plan as made
from tiercast.registry import open_store
from tiercast.sources.given import Day, Sides, Source
from tiercast.sources.opening import open_source
from tiercast.windows import parse_cutoff


def clocks(
    source: Source,
    *,
    cutoff: Day = "latest",
    by: str = "category",
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
) -> pd.DataFrame:
    """Return when what each customer bought runs out, by category or product: one row for each pair, with its days.

    Parameters
    ----------
    by : str
        ``category`` or ``product``.

    Examples
    --------
    >>> rows = pd.DataFrame({"customer_id": "a", "occurred_at": ["2025-01-01", "2025-01-11", "2025-01-21"],
    ...                      "kind": "purchase", "channel": "web", "category": "tea", "quantity": 1.0})
    >>> clocks(rows, cutoff="2025-01-22")[["category", "basis", "habit_formed"]].values.tolist()
    [['tea', 'learned', True]]
    """
    key = choose({"category": "category", "product": "product_id"}, by, what="clock")
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    with open_engine(engine) as runs:
        runs.attach(history)
        account = take_stock(runs, history, repeats=False)
        require_usable(account)
        return clocks_at(runs, history, _day(cutoff, account), key=key, extensions=tuple(extensions))[0]


def plan(
    source: Source | None = None,
    *,
    scorecard: str | Path | pd.DataFrame | None = None,
    cutoff: Day = "latest",
    limits: Limits | None = None,
    days: int | None = None,
    rules: str | Path | None = None,
    uplift: str | Path | pd.DataFrame | None = None,
    channels: Sequence[str] | None = None,
    model: str = "champion",
    policy: str = "",
    scorecards: str | Path | None = None,
    root: str | Path | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    engine: str = "duckdb",
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Plan, Asked]:
    """Return whom to contact through which channel within limits, from a source or a published scorecard.

    Parameters
    ----------
    source
        Touchpoints; a served version scores them. Or:
    scorecard : path or DataFrame, optional
        A published scorecard, or the folder of publications (``cutoff`` says which of them). It was made of a source, by a
        version and a policy: these cannot be given with it.
    limits : Limits, optional
        Budget, contacts, contacts of one customer and of each channel; default: none but one contact a customer.
    days : int, optional
        Only contacts whose day is one of the first so many from the cutoff on: 7 is this week.
    rules : path, optional
        A TOML file of rules and assumptions of your own; the rules need a source, the assumptions do not.
    uplift : path or DataFrame, optional
        ``customer_id, uplift_currency``: what one contact was measured to bring, instead of an assumption; or what
        ``tiercast uplift --out`` writes, where one outcome is money.
    channels : sequence of str, optional
        Only these.
    scorecards : path, optional
        With a source: the folder that scorings fill. Tiers then go on from its history, held back as a scoring holds them;
        without, they are stateless.

    Raises
    ------
    CardError, BadLimits, BadActionTable, BadAssumption, BadUplift, NoChampion, SourceError
    """
    if (source is None) == (scorecard is None):
        raise CardError(card="plan", problem="needs either a source or a scorecard")
    day = None if cutoff == "latest" else parse_cutoff(cutoff)
    if scorecard is not None:
        of_a_folder = not isinstance(scorecard, pd.DataFrame) and Path(scorecard).is_dir()
        given = {"cutoff": day is not None and not of_a_folder, "model": model != "champion", "policy": policy,
                 "sides": sides, "engine": engine != "duckdb", "scorecards": scorecards}  # fmt: skip
        if idle := [name for name, told in given.items() if told]:
            raise CardError(
                card="plan",
                problem=f"was given {', '.join(idle)} with a scorecard, which says itself what it was made of:"
                " leave them out, or give a source",
            )
    return made(
        None if source is None else open_source(source, sides=sides, extensions=tuple(extensions)),
        scorecard=scorecard,
        cutoff=day,
        limits=limits,
        days=days,
        rules=rules,
        uplift=uplift,
        channels=channels,
        store=None if source is None else open_store(root),
        scorecards=scorecards,
        model=model,
        policy=policy,
        extensions=tuple(extensions),
        engine=engine,
        progress=progress,
    )


def _day(cutoff: Day, account: Account) -> date:
    if cutoff != "latest":
        return parse_cutoff(cutoff)
    if account.last_day is None:
        raise NotTrainable(target="a day", needs="accepted touchpoints", has="none")
    return account.last_day
