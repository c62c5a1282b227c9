"""Whose it was: an id of a channel's own becomes the customer it belonged to, as far as that was known by then.

A touchpoint without a customer is resolved once: by the link in force when it happened; if none was known then, by the
first that came to be known, and the touchpoint counts as known no earlier than that. So a link that is learnt later
gives a touchpoint that nobody had to its customer from that day on, and never takes one back.
"""

from collections.abc import Callable, Sequence
from string import ascii_lowercase, ascii_uppercase

import pandas as pd

from tiercast.schema import History
from tiercast.serving.history import connect
from tiercast.serving.tables import ALWAYS, NEVER
from tiercast.sidetable import DAY_US, SideTable, moments

WHOSE = "whose"
RESOLVED_BY = "resolved_by"
NEVER_KNOWN_US = 4_102_444_800_000_000  # 2100: the contract takes no later time
_ID = "identity_kind, identity"
_LINES = f"""WITH told AS (
  SELECT *, GREATEST(from_us, known_us) AS at_us,
    MAX(from_us) OVER (PARTITION BY {_ID} ORDER BY GREATEST(from_us, known_us), from_us, known_us) AS newest_us
  FROM links
), held AS (
  SELECT {_ID}, ARG_MAX(customer_id, (from_us, known_us, until_us)) AS customer_id, at_us,
    ARG_MAX(until_us, (from_us, known_us, until_us)) AS until_us
  FROM told WHERE from_us >= newest_us GROUP BY {_ID}, at_us
), line AS (
  SELECT *, LEAD(at_us, 1, {NEVER * DAY_US}) OVER (PARTITION BY {_ID} ORDER BY at_us) AS next_us FROM held
), gap AS (
  SELECT {_ID}, {ALWAYS * DAY_US} AS from_us, MIN(at_us) AS until_us FROM line GROUP BY {_ID}
  UNION ALL SELECT {_ID}, GREATEST(at_us, until_us), next_us FROM line WHERE until_us < next_us
), late AS (
  SELECT {_ID}, customer_id, links.from_us AS since_us, known_us, GREATEST(links.from_us, gap.from_us) AS from_us,
    LEAST(known_us, links.until_us, gap.until_us) AS until_us
  FROM links INNER JOIN gap USING ({_ID})
  WHERE GREATEST(links.from_us, gap.from_us) < LEAST(known_us, links.until_us, gap.until_us)
), mark AS (
  SELECT DISTINCT {_ID}, UNNEST([from_us, until_us]) AS at_us FROM late
), slice AS (
  SELECT *, LEAD(at_us) OVER (PARTITION BY {_ID} ORDER BY at_us) AS end_us FROM mark
)
SELECT {_ID}, customer_id, at_us AS from_us, LEAST(until_us, next_us) AS until_us, at_us AS known_us
FROM line WHERE LEAST(until_us, next_us) > at_us
UNION ALL SELECT {_ID}, ARG_MIN(customer_id, (known_us, -since_us)), at_us, end_us, MIN(known_us)
FROM slice INNER JOIN late USING ({_ID}) WHERE from_us <= at_us AND at_us < until_us GROUP BY {_ID}, at_us, end_us"""


def lines_of(table: SideTable) -> pd.DataFrame:
    """Return to whom each id belonged when, one customer at a time.

    Parameters
    ----------
    table : SideTable
        The identities: an id is its kind and its text.

    Returns
    -------
    pandas.DataFrame
        ``identity_kind`` (empty where it has none), ``identity``, ``customer_id``, and in microseconds since 1970
        ``from_us`` (included), ``until_us`` (excluded) and ``known_us``: when that was known.

    Examples
    --------
    >>> day = 864e8
    >>> told = pd.DataFrame({"identity_kind": "cookie", "identity": "x", "customer_id": ["ann", "ben"],
    ...                      "valid_from_us": [0.0, 10 * day], "valid_until_us": None, "known_us": [0.0, 20 * day]})
    >>> lines = lines_of(SideTable("identities", told))
    >>> [(who, since // int(day), known // int(day)) for who, since, known in
    ...  sorted(zip(lines["customer_id"], lines["from_us"], lines["known_us"], strict=True), key=lambda line: line[1])]
    [('ann', 0, 0), ('ben', 20, 20)]
    """
    rows = table.frame
    links = pd.DataFrame(
        {
            "identity_kind": rows["identity_kind"].fillna("").astype("str"),
            "identity": rows["identity"].astype("str"),
            "customer_id": rows["customer_id"].astype("str"),
            "from_us": moments(rows["valid_from_us"], ALWAYS),
            "until_us": moments(rows["valid_until_us"], NEVER),
            "known_us": moments(rows["known_us"], ALWAYS),
        }
    )
    with connect() as connection:
        connection.register("links", links[links["known_us"] < NEVER_KNOWN_US])
        return pd.DataFrame(connection.execute(_LINES).df())


def resolver(history: History) -> Callable[[str, Sequence[str]], str] | None:
    """Return what resolves the rows of a history, or None where no identities are known."""
    return resolved if "identities" in history.sides else None


def resolved(rows: str, names: Sequence[str]) -> str:
    """Return the SELECT of typed rows under the same ``names``, with the customers that ids tell, and ``resolved_by``.

    ``resolved_by`` is the kind of the id by which a row was resolved; null where it says itself whose it is, or nothing
    does.
    """
    kind = f"TRANSLATE(came.identity_kind, '{ascii_uppercase}', '{ascii_lowercase}')"
    own = "came.customer_id IS NULL"
    known = "GREATEST(COALESCE(came.known_us, came.occurred_us), whose.known_us)"
    made = {
        "customer_id": "COALESCE(came.customer_id, whose.customer_id)",
        "known_us": f"CASE WHEN {own} AND whose.customer_id IS NOT NULL THEN {known} ELSE came.known_us END",
    }
    columns = ", ".join(f"{made.get(name, f'came.{name}')} AS {name}" for name in names)
    return (
        f"SELECT {columns}, CASE WHEN {own} THEN whose.identity_kind END AS {RESOLVED_BY}\n"
        f"FROM (\n{rows}\n) AS came LEFT JOIN {WHOSE} AS whose\n"
        f"  ON whose.identity = CASE WHEN {own} THEN came.identity END\n"
        f"  AND whose.identity_kind = COALESCE(CASE WHEN {own} THEN {kind} END, '')\n"
        "  AND whose.from_us <= came.occurred_us AND came.occurred_us < whose.until_us"
    )
