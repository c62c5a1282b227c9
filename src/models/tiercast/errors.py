"""Every error raised on purpose: what went wrong, in one sentence built from facts, with a code that never changes.

The tree, with the exit code of the command line::

    Refused                    an answer withheld on purpose, also by the served file     exit 3
    └── TiercastError          any error of the package                                   exit 1
        ├── CardError          a job card cannot be used (ValueError)                     exit 2
        ├── UnknownName        a name was asked for that does not exist (LookupError)     exit 2
        ├── DuplicateName      two things carry one name (ValueError)                     exit 2
        ├── ExtensionError     a user's own module cannot be used (ImportError)           exit 2
        ├── SourceError        touchpoints cannot be read (OSError)                       exit 3
        ├── ContractError      too many rows break the contract (ValueError)              exit 3
        ├── UnknownCustomer    no touchpoint of this customer is known (LookupError)      exit 3
        ├── NotTrainable       too little history for a target (ValueError)               exit 4
        ├── LeakError          something knows the future (ValueError)                    exit 4
        ├── StoreUnreachable   the tracking store does not answer (ConnectionError)       exit 5
        ├── StoreCorrupt       the tracking store answers nonsense (RuntimeError)         exit 5
        ├── NoChampion         no model is in charge yet (LookupError)                    exit 6
        └── OutputError        a result cannot be written (OSError)                       exit 7

Catch ``TiercastError`` for everything the package raises, ``Refused`` to include what the served file refuses, or the
builtin named in brackets. ``error.code`` is stable, ``error.details`` holds the facts, ``str(error)`` says what to do.
Each class takes facts by keyword and builds its own sentence; a password in an address is hidden.
"""

import datetime
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from tiercast.serving.refusals import Refused

_INPUT_REFUSED = 3
_SECRET_WORD = re.compile(
    r"""((?:(?P<query>[?&])|\b)\w*(?:password|secret|scram_\w+_key)\s*=\s*+)(?!\*{3}(?:[\s&#]|$))"""
    r"""(?:'(?:[^'\\]|\\.)*'|(?(query)[^&\s]*|(?:[^\s\\]|\\.)*))""",
    re.IGNORECASE,
)


class TiercastError(Refused):
    """Any error that the package raises on purpose."""

    code = "TIERCAST_ERROR"
    exit_code: ClassVar[int] = 1


class CardError(TiercastError, ValueError):
    """A job card cannot be used.

    Examples
    --------
    >>> raise CardError(card="train.toml", problem="unknown key 'horizon'", there_is=["cutoff", "horizon_days"])
    Traceback (most recent call last):
    tiercast.errors.CardError: card train.toml: unknown key 'horizon'; there is: cutoff, horizon_days
    """

    code = "BAD_CARD"
    exit_code = 2

    def __init__(self, *, card: str | os.PathLike[str], problem: str, there_is: Iterable[str] = ()) -> None:
        known = list(there_is)
        listing = f"; there is: {', '.join(known)}" if known else ""
        super().__init__(f"card {os.fspath(card)}: {problem}{listing}", card=os.fspath(card), there_is=known)


class UnknownName(TiercastError, LookupError):
    """A name was asked for that does not exist; of hundreds the sentence lists some, the details all.

    Examples
    --------
    >>> raise UnknownName(what="policy", name="pyramids", there_is=["ladder", "pyramid"], closest="pyramid")
    Traceback (most recent call last):
    tiercast.errors.UnknownName: no policy is named 'pyramids'; did you mean 'pyramid'? there is: ladder, pyramid
    """

    code = "UNKNOWN_NAME"
    exit_code = 2

    def __init__(self, *, what: str, name: str, there_is: Iterable[str], closest: str | None = None) -> None:
        known = sorted(there_is)
        guess = f"did you mean {closest!r}? " if closest else ""
        more = f" and {len(known) - 30} more" if len(known) > 30 else ""
        super().__init__(
            f"no {what} is named {name!r}; {guess}there is: {', '.join(known[:30]) or 'none'}{more}",
            what=what,
            name=name,
            there_is=known,
            closest=closest,
        )


class DuplicateName(TiercastError, ValueError):
    """Two things of one kind carry the same name.

    Examples
    --------
    >>> raise DuplicateName(what="feature", name="orders", modules=["tiercast.features.purchase", "mine.features"])
    Traceback (most recent call last):
    tiercast.errors.DuplicateName: two declarations of feature 'orders': in tiercast.features.purchase and in
    mine.features; rename one of them
    """

    code = "DUPLICATE_NAME"
    exit_code = 2

    def __init__(self, *, what: str, name: str, modules: Iterable[str]) -> None:
        places = list(modules)
        super().__init__(
            f"two declarations of {what} {name!r}: in {' and in '.join(places)}; rename one of them",
            what=what,
            name=name,
            modules=places,
        )


class ExtensionError(TiercastError, ImportError):
    """A module that a card names under ``extensions`` cannot be used.

    Examples
    --------
    >>> raise ExtensionError(module="mine.features", problem="NameError: name 'Featur' is not defined")
    Traceback (most recent call last):
    tiercast.errors.ExtensionError: extension 'mine.features' cannot be used: NameError: name 'Featur' is not defined
    """

    code = "BAD_EXTENSION"
    exit_code = 2

    def __init__(self, *, module: str, problem: str) -> None:
        super().__init__(f"extension {module!r} cannot be used: {problem}", module=module)


class SourceError(TiercastError, OSError):
    """Touchpoints cannot be read at all.

    Examples
    --------
    >>> raise SourceError(source="sales.parquet", problem="no such file", fix="give the path of a file that exists")
    Traceback (most recent call last):
    tiercast.errors.SourceError: cannot read sales.parquet: no such file; give the path of a file that exists
    """

    code = "UNREADABLE_SOURCE"
    exit_code = 3

    def __init__(self, *, source: str | os.PathLike[str], problem: str, fix: str = "") -> None:
        where = without_password(os.fspath(source))
        super().__init__(f"cannot read {where}: {problem}{f'; {fix}' if fix else ''}", source=where)


class ContractError(TiercastError, ValueError):
    """More rows break the contract than the run allows.

    Examples
    --------
    >>> raise ContractError(source="sales.csv", read_rows=1_000, rejected_rows=120, allowed_share=0.05,
    ...                     rows_by_code={"BAD_TIME": 100, "NULL_KIND": 20})
    Traceback (most recent call last):
    tiercast.errors.ContractError: 120 of 1,000 rows of sales.csv were rejected (12.0 %; allowed: 5.0 %):
    BAD_TIME 100, NULL_KIND 20; see them with: tiercast check sales.csv
    """

    code = "TOO_MANY_REJECTED_ROWS"
    exit_code = 3

    def __init__(
        self,
        *,
        source: str | os.PathLike[str],
        read_rows: int,
        rejected_rows: int,
        allowed_share: float,
        rows_by_code: Mapping[str, int],
        fix: str = "",
    ) -> None:
        where = without_password(os.fspath(source))
        share = rejected_rows / read_rows if read_rows else 0.0
        ranked = sorted(rows_by_code.items(), key=lambda pair: (-pair[1], pair[0]))
        super().__init__(
            f"{rejected_rows:,} of {read_rows:,} rows of {where} were rejected "
            f"({100 * share:.1f} %; allowed: {100 * allowed_share:.1f} %): "
            + ", ".join(f"{code} {rows:,}" for code, rows in ranked)
            + f"; {fix or f'see them with: tiercast check {where}'}",
            source=where,
            read_rows=read_rows,
            rejected_rows=rejected_rows,
            allowed_share=allowed_share,
            rows_by_code=dict(ranked),
        )


class UnknownCustomer(TiercastError, LookupError):
    """No touchpoint of this customer is known before the cutoff.

    Examples
    --------
    >>> raise UnknownCustomer(customer_id="c9", cutoff=datetime.date(2017, 11, 6), customers=2456)
    Traceback (most recent call last):
    tiercast.errors.UnknownCustomer: customer 'c9' has no touchpoint known before 2017-11-06;
    2,456 other customers have; check the id, or choose a later cutoff
    """

    code = "UNKNOWN_CUSTOMER"
    exit_code = 3

    def __init__(self, *, customer_id: str, cutoff: datetime.date, customers: int) -> None:
        super().__init__(
            f"customer {customer_id!r} has no touchpoint known before {cutoff.isoformat()}; "
            f"{customers:,} other customers have; check the id, or choose a later cutoff",
            customer_id=customer_id,
            cutoff=cutoff.isoformat(),
            customers=customers,
        )


class NotTrainable(TiercastError, ValueError):
    """There is too little history to learn a target honestly.

    Examples
    --------
    >>> raise NotTrainable(target="churn", needs="50 customers of either outcome", has="3 that left",
    ...                    fix="take a longer horizon")
    Traceback (most recent call last):
    tiercast.errors.NotTrainable: churn cannot be learned: it needs 50 customers of either outcome, there is: 3 that
    left; take a longer horizon
    """

    code = "NOT_TRAINABLE"
    exit_code = 4

    def __init__(self, *, target: str, needs: str, has: str, fix: str = "") -> None:
        super().__init__(
            f"{target} cannot be learned: it needs {needs}, there is: {has}{f'; {fix}' if fix else ''}",
            target=target,
            needs=needs,
            has=has,
        )


class LeakError(TiercastError, ValueError):
    """Something that should describe the past knows the future.

    Examples
    --------
    >>> raise LeakError(what="panel", problem="features change when later events change", names=["visits"])
    Traceback (most recent call last):
    tiercast.errors.LeakError: panel knows the future: features change when later events change: visits
    """

    code = "LEAK"
    exit_code = 4

    def __init__(self, *, what: str, problem: str, names: Iterable[str] = ()) -> None:
        concerned = list(names)
        listing = f": {', '.join(concerned)}" if concerned else ""
        super().__init__(f"{what} knows the future: {problem}{listing}", what=what, names=concerned)


class StoreUnreachable(TiercastError, ConnectionError):
    """The tracking store does not answer.

    Examples
    --------
    >>> raise StoreUnreachable(tracking_uri="postgresql://ann:secret@db/mlflow", problem="timed out after 10 s")
    Traceback (most recent call last):
    tiercast.errors.StoreUnreachable: the tracking store postgresql://ann:***@db/mlflow does not answer: timed out
    after 10 s; check MLFLOW_TRACKING_URI, or unset it to use the local store
    """

    code = "STORE_UNREACHABLE"
    exit_code = 5

    def __init__(self, *, tracking_uri: str, problem: str) -> None:
        where = without_password(tracking_uri)
        super().__init__(
            f"the tracking store {where} does not answer: {problem}; "
            "check MLFLOW_TRACKING_URI, or unset it to use the local store",
            tracking_uri=where,
        )


class StoreCorrupt(TiercastError, RuntimeError):
    """The tracking store answers, but not as a tracking store.

    Examples
    --------
    >>> raise StoreCorrupt(tracking_uri="sqlite:////srv/mlflow.db", problem="file is not a database")
    Traceback (most recent call last):
    tiercast.errors.StoreCorrupt: the tracking store sqlite:////srv/mlflow.db cannot be used: file is not a database;
    restore it from a backup, or point MLFLOW_TRACKING_URI to another
    """

    code = "STORE_CORRUPT"
    exit_code = 5

    def __init__(
        self,
        *,
        tracking_uri: str,
        problem: str,
        fix: str = "restore it from a backup, or point MLFLOW_TRACKING_URI to another",
    ) -> None:
        where = without_password(tracking_uri)
        super().__init__(f"the tracking store {where} cannot be used: {problem}; {fix}", tracking_uri=where)


class NoChampion(TiercastError, LookupError):
    """No model is in charge yet.

    Examples
    --------
    >>> raise NoChampion(registered_model="tiercast-scorecard", tracking_uri="sqlite:////srv/mlflow.db")
    Traceback (most recent call last):
    tiercast.errors.NoChampion: no version of tiercast-scorecard is 'champion' in sqlite:////srv/mlflow.db;
    train one with: tiercast train CARD
    """

    code = "NO_CHAMPION"
    exit_code = 6

    def __init__(self, *, registered_model: str, tracking_uri: str, alias: str = "champion") -> None:
        where = without_password(tracking_uri)
        super().__init__(
            f"no version of {registered_model} is {alias!r} in {where}; train one with: tiercast train CARD",
            registered_model=registered_model,
            tracking_uri=where,
            alias=alias,
        )


class OutputError(TiercastError, OSError):
    """A result cannot be written; what was there before is untouched.

    Examples
    --------
    >>> raise OutputError(path="scores/", problem="no space left on device")
    Traceback (most recent call last):
    tiercast.errors.OutputError: cannot write scores/: no space left on device; nothing was replaced, so the same
    command can be run again
    """

    code = "UNWRITABLE_OUTPUT"
    exit_code = 7

    def __init__(self, *, path: str | os.PathLike[str], problem: str) -> None:
        super().__init__(
            f"cannot write {os.fspath(path)}: {problem}; nothing was replaced, so the same command can be run again",
            path=os.fspath(path),
        )


def without_password(address: str) -> str:
    """Return an address with the password in it, if any, replaced by ``***``.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@db:5432/mlflow")
    'postgresql://ann:***@db:5432/mlflow'
    >>> without_password("host=db password='a b' user=ann")
    'host=db password=*** user=ann'
    >>> without_password("postgresql://ann@db/shop?password=secret&sslmode=require")
    'postgresql://ann@db/shop?password=***&sslmode=require'
    >>> without_password("sales.parquet")
    'sales.parquet'
    """
    hidden = re.sub(r"(?<=://)([^:/@]*):.*@", r"\1:***@", address)
    return _SECRET_WORD.sub(r"\1***", hidden)


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of the command line for an error.

    Examples
    --------
    >>> exit_code_of(NoChampion(registered_model="tiercast-scorecard", tracking_uri="sqlite:////srv/mlflow.db"))
    6
    >>> exit_code_of(Refused("no rows came")), exit_code_of(ZeroDivisionError()), exit_code_of(KeyboardInterrupt())
    (3, 1, 130)
    """
    if isinstance(error, TiercastError):
        return error.exit_code
    if isinstance(error, Refused) and error.http_status < 500:
        return _INPUT_REFUSED
    return 130 if isinstance(error, KeyboardInterrupt) else 1


def leaves(root: type[TiercastError] = TiercastError) -> Iterator[type[TiercastError]]:
    """Yield every class of the tree below ``root``, parents before children, in the order of declaration.

    Examples
    --------
    >>> next(leaves()).code
    'BAD_CARD'
    """
    for child in root.__subclasses__():
        if child.__module__ == __name__:
            yield child
            yield from leaves(child)
