"""One check of identities: two names with one history, or nearly one, are one customer, who trains and judges at once."""

from tiercast.auditing.report import Finding
from tiercast.engines.duckdb import DuckDBEngine

LEAST_LINES = 5
LEAST_DISTINCT = 3
LEAST_SHARED = 0.8
"""Of the lines of the shorter history."""
ALLOWED_SHARE = 0.001
BANDS = 6
"""Bands of two least hashes: histories of which s of all lines are in both meet in one with probability 1 - (1 - s²)^6, which
is .998 for s = .8 and .97 for s = 2/3, two of ten lines that each has and the other lacks. Of a short history within a
much longer one less is found."""
MOST_IN_BAND = 40
"""Beyond it only equal histories are counted: all pairs among so many would be too many to compare."""

_LEAST = ", ".join(f"MIN(hash(line, {place})) AS least_{place}" for place in range(2 * BANDS))
_BANDS = ", ".join(f"hash({band}, least_{2 * band}, least_{2 * band + 1})" for band in range(BANDS))
NEARLY_ONE = f"""WITH bought AS (
  SELECT DISTINCT customer_id, hash(occurred_us // 1000000, amount, product_id) AS line,
    hash(amount, product_id, occurred_us // 1000000 % 86400) AS habit
  FROM touchpoints
  WHERE LOWER(kind) IN ('purchase', 'return') AND NOT bad_time AND NOT bad_number AND NOT is_duplicate
    AND occurred_us IS NOT NULL AND customer_id IS NOT NULL
),
told AS (
  SELECT customer_id, COUNT(*) AS lines, SUM(line) AS mark, {_LEAST}
  FROM bought GROUP BY customer_id HAVING COUNT(*) >= {LEAST_LINES} AND COUNT(DISTINCT habit) >= {LEAST_DISTINCT}
),
ranked AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY mark, lines ORDER BY customer_id) AS place,
    COUNT(*) OVER (PARTITION BY mark, lines) AS alike FROM told),
banded AS (SELECT customer_id, lines, band, COUNT(*) OVER (PARTITION BY band) AS met
  FROM (SELECT customer_id, lines, UNNEST([{_BANDS}]) AS band FROM ranked WHERE place = 1)),
pairs AS (
  SELECT DISTINCT one.customer_id AS one, other.customer_id AS other, LEAST(one.lines, other.lines) AS fewer
  FROM banded AS one INNER JOIN banded AS other ON one.band = other.band AND one.customer_id < other.customer_id
  WHERE one.met <= {MOST_IN_BAND}
),
near AS (
  SELECT one, other FROM pairs
  INNER JOIN bought AS left_lines ON left_lines.customer_id = one
  INNER JOIN bought AS right_lines ON right_lines.customer_id = other AND right_lines.line = left_lines.line
  GROUP BY one, other, fewer HAVING COUNT(*) >= {LEAST_LINES} AND COUNT(*) >= {LEAST_SHARED} * fewer
),
doubled AS (
  SELECT customer_id FROM ranked WHERE alike > 1 UNION SELECT one FROM near UNION SELECT other FROM near
),
further AS (SELECT customer_id FROM ranked WHERE place > 1 UNION SELECT other FROM near)
SELECT (SELECT COUNT(DISTINCT customer_id) FROM bought) AS customers,
  (SELECT COUNT(*) FROM doubled) AS repeated, (SELECT COUNT(*) FROM doubled) - (SELECT COUNT(*) FROM further) AS people"""
"""Hashes of lines, so neither their order nor a name plays a part; candidates by MinHash (Broder 1997), then counted."""


def check_identities(engine: DuckDBEngine) -> Finding:
    """Count customers whose purchases and returns are those of another, but for a fifth: same seconds, amounts and products.

    Only histories that tell people apart count: five lines or more, with three or more different combinations of
    amount, product and time of day, so that equal subscriptions are nobody's duplicates.
    """
    found = engine.run(NEARLY_ONE)
    customers, repeated = int(found["customers"][0]), int(found["repeated"][0])
    share = repeated / customers if customers else 0.0
    told = (
        f"{repeated:,} of {customers:,} customers ({share:.2%}) have the very history of another, or nearly"
    )
    people = int(found["people"][0])
    holds = share <= ALLOWED_SHARE
    return Finding(
        "DUPLICATE_IDENTITY",
        "Is one person two customers?",
        holds,
        told
        if holds
        else f"{told}: {people:,} people stand on both sides of every split; join their identities",
    )
