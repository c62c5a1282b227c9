"""The audit of a training card: every check in turn, on just what training would read."""

from collections.abc import Callable

from tiercast.auditing.identity import check_identities
from tiercast.auditing.of_the_future import check_future_and_late, check_truncation
from tiercast.auditing.of_the_labels import check_label_windows, check_vocabulary
from tiercast.auditing.report import AuditReport
from tiercast.auditing.subject import take_subject
from tiercast.auditing.too_good import check_too_good
from tiercast.config import TrainCard
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.schema import History
from tiercast.training.horizon import Kept
from tiercast.training.train import open_card, prepare

Progress = Callable[[str], None]


def audit(
    card: TrainCard,
    *,
    history: History | None = None,
    origins: int = 3,
    threads: int | None = None,
    kept: Kept | None = None,
    progress: Progress = lambda _: None,
) -> AuditReport:
    """Answer whether anything in a training knows the future, without fitting a learner.

    Parameters
    ----------
    card : TrainCard
        Its extensions' features are audited with ours.
    history : History, optional
        Touchpoints already opened; default: the card's source.
    origins : int
        At how many origins the future is changed: the first test origin, the oldest one, the newest test origin, …
    threads : int, optional
        Default: all cores.
    kept : Kept, optional
        The champion's horizon, which training keeps where the card states none.
    progress : callable
        Told each step in words.

    Returns
    -------
    AuditReport
        One finding a check; ``report.require()`` refuses a leak.

    Raises
    ------
    SourceError, ContractError, NotTrainable
    """
    opened = history or open_card(card)
    with DuckDBEngine(threads=threads) as engine:
        ready = prepare(card, engine, history=opened, progress=progress, kept=kept)
        progress("looking for one person under two names")
        identity = check_identities(engine)
        subject = take_subject(
            ready, engine, origins=origins, active_days=card.active_days or None, seed=card.seed
        )
        engine.attach(opened)
        vocabulary = check_vocabulary(subject, card.extensions)
        progress(f"rewriting the future at {len(subject.origins)} origins")
        shuffle, side_table = check_future_and_late(subject)
        progress(f"deleting the future at {len(subject.origins)} origins")
        truncation, population, refit = check_truncation(subject)
        progress("recomputing label windows")
        labels = check_label_windows(subject)
        return AuditReport(
            (
                shuffle,
                truncation,
                check_too_good(ready),
                labels,
                side_table,
                identity,
                population,
                refit,
                vocabulary,
            ),
            source=opened.name,
            origins=subject.origins,
            customers=int(subject.events["customer_id"].nunique()),
        )
