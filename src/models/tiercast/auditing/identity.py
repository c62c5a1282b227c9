"""One check of identities: two names with one and the same history are one customer, who trains and judges at once."""

from tiercast.auditing.report import Finding
from tiercast.engines.duckdb import DuckDBEngine

LEAST_LINES = 5
LEAST_DISTINCT = 3
ALLOWED_SHARE = 0.001

SAME_HISTORY = f"""SELECT
  COUNT(*) AS customers,
  COALESCE(SUM(CASE WHEN tells AND alike > 1 THEN 1 ELSE 0 END), 0) AS repeated,
  COALESCE(SUM(CASE WHEN tells AND alike > 1 THEN 1e0 / alike ELSE 0 END), 0) AS histories
FROM (
  SELECT tells, COUNT(*) OVER (PARTITION BY tells, mark, lines) AS alike
  FROM (
    SELECT customer_id, COUNT(*) AS lines, SUM(hash(occurred_s, amount, product_id)) AS mark,
      COUNT(*) >= {LEAST_LINES}
        AND COUNT(DISTINCT (amount, product_id, occurred_s % 86400)) >= {LEAST_DISTINCT} AS tells
    FROM (
      SELECT customer_id, occurred_us // 1000000 AS occurred_s, amount, product_id FROM touchpoints
      WHERE LOWER(kind) IN ('purchase', 'return') AND NOT bad_time AND NOT bad_number AND NOT is_duplicate
        AND occurred_us IS NOT NULL AND customer_id IS NOT NULL
    ) AS bought
    GROUP BY customer_id
  ) AS marked
) AS compared"""
"""The mark of a history is a sum of hashes, so neither the order of lines nor a name plays a part."""


def check_identities(engine: DuckDBEngine) -> Finding:
    """Count customers whose purchases and returns are those of another: same seconds, amounts and products.

    Only histories that tell people apart count: five lines or more, with three or more different combinations of
    amount, product and time of day, so that equal subscriptions are nobody's duplicates.
    """
    found = engine.run(SAME_HISTORY)
    customers, repeated = int(found["customers"][0]), int(found["repeated"][0])
    share = repeated / customers if customers else 0.0
    told = f"{repeated:,} of {customers:,} customers ({share:.2%}) have the very history of another"
    people = round(float(found["histories"][0]))
    holds = share <= ALLOWED_SHARE
    return Finding(
        "DUPLICATE_IDENTITY",
        "Is one person two customers?",
        holds,
        told
        if holds
        else f"{told}: {people:,} people stand on both sides of every split; join their identities",
    )
