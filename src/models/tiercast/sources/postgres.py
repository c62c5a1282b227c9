"""PostgreSQL: a table, or the answer to a SELECT, read in a read-only transaction and never held in memory.

``postgres:postgresql://ann@db/shop#public.touchpoints`` · ``postgres:service=shop#SELECT … FROM …`` · ``postgres:#orders``

Before the ``#`` stands what PostgreSQL's own tools take: an address, or words such as ``host=db dbname=shop``. What is not
said comes from where they look too: PGHOST, PGUSER, PGPASSWORD …, the service file, ``~/.pgpass``. Leave the password to
those; one in the address is used, and shown nowhere. A limit of time: ``options=-cstatement_timeout=10min``, or PGOPTIONS.
After the ``#`` stands a table as it is stored (``schema."odd name"``, capitals count), or a SELECT.
"""

import re
from functools import partial

from tiercast.errors import SourceError, without_password
from tiercast.schema import History
from tiercast.sources.postgres_refusals import driver
from tiercast.sources.postgres_rows import Asked, batches
from tiercast.sources.source import Source

SELECTS = re.compile(r"#(?=\s*(?:(?:select|with|values|table)\b|\())", re.IGNORECASE)
NAME = re.compile(r'"(?:[^"\0]|"")+"|[\w$-]+')
NAMES = re.compile(rf"(?:{NAME.pattern})(?:\.(?:{NAME.pattern}))?")
ADDRESS = re.compile(r"(?i)postgres(?:ql)?://")
HIDDEN = "***"


def asked_for(where: str) -> Asked:
    """Return where to connect and what to read; nothing is connected yet.

    Raises
    ------
    SourceError
        It cannot be read without guessing; the message repeats none of it, as a part may be a password.

    Examples
    --------
    >>> asked_for("postgresql://ann:s%40cret@db/shop#public.orders").name
    'postgres:postgresql://ann:***@db/shop#public.orders'
    >>> asked_for('service=shop#My "orders"')
    Traceback (most recent call last):
    tiercast.errors.SourceError: cannot read postgres: what follows # is neither a table nor a SELECT; write
    postgres:ADDRESS#TABLE, as in schema."odd name", or postgres:ADDRESS#SELECT …
    """
    if where.startswith("//"):
        where = f"postgresql:{where}"
    select = SELECTS.search(where)
    if select:
        address, query = where[: select.start()].strip(), where[select.end() :].strip().rstrip("; \t\n")
        return Asked(address, f"postgres:{_shown(address)}#{query}", query=query)
    address, mark, table = (part.strip() for part in where.rpartition("#"))
    if not mark:
        address, table = table, ""
    if table and not NAMES.fullmatch(table):
        raise SourceError(
            source="postgres",
            problem="what follows # is neither a table nor a SELECT",
            fix='write postgres:ADDRESS#TABLE, as in schema."odd name", or postgres:ADDRESS#SELECT …',
        )
    parts = tuple(
        part[1:-1].replace('""', '"') if part.startswith('"') else part for part in NAME.findall(table)
    )
    return Asked(address, f"postgres:{_shown(address)}{mark}{table}", table=parts)


def _shown(address: str) -> str:
    """Return the address without its password, once libpq agrees which part that is."""
    shown = without_password(address)
    given, told = _parsed(address), _parsed(shown)
    secrets = {name for name, _, secret in told if secret}
    if (
        any(value != HIDDEN for _, value, secret in told if secret)
        or {name for name, _, secret in given if secret} != secrets
        or [each for each in given if not each[2]] != [each for each in told if not each[2]]
    ):
        raise _unreadable()
    return shown


def _parsed(address: str) -> list[tuple[str, str, bool]]:
    """Return each word of an address as libpq reads it: name, value, whether it is a secret."""
    psycopg = driver()
    try:
        words = psycopg.pq.Conninfo.parse(address.encode())
    except (psycopg.Error, UnicodeEncodeError):
        raise _unreadable() from None
    found = [
        (
            each.keyword.decode(),
            each.val.decode(),
            each.dispchar == b"*" or each.keyword.startswith(b"scram_"),
        )
        for each in words
        if each.val is not None
    ]
    ports = [value for name, value, _ in found if name == "port"]
    if ADDRESS.match(address) and not all(re.fullmatch("[0-9,]*", port) for port in ports):
        raise _unreadable()
    return found


def _unreadable() -> SourceError:
    return SourceError(
        source="postgres",
        problem="its address cannot be read",
        fix="write it as in postgresql://USER@HOST/DATABASE, and leave the password to PGPASSWORD or ~/.pgpass"
        " (in an address, characters such as @ / # are written %40 %2F %23)",
    )


def _open(where: str) -> History:
    asked = asked_for(where)
    return History(asked.name, batches=partial(batches, asked), format="postgres")


POSTGRES = Source("postgres", "PostgreSQL, ADDRESS#TABLE or ADDRESS#SELECT …", _open)
