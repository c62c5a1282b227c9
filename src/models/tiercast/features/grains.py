"""Stages two and three of the text: the additive roll-up, and the rows of history that were seen at each cutoff.

Each grain is the rows that an aggregate runs over. A roll-up never depends on a cutoff, so a panel of cutoffs shares
it; what is seen at a cutoff is decided by ``seen_day < cutoff_day`` alone.
"""

from dataclasses import dataclass

from tiercast.serving.contract import FAMILIES

OUTBOUND = ", ".join(f"'{kind}'" for kind in FAMILIES["reach"])
MONEY = (
    """SUM(COALESCE(amount_minor, 0)) AS amount_minor, SUM(COALESCE(discount_minor, 0)) AS discount_minor"""
)


@dataclass(frozen=True)
class Grain:
    """Rows with ``customer_id`` and ``cutoff_day``: the roll-ups it needs, and the relation to aggregate."""

    name: str
    rollups: tuple[str, ...]
    rows: tuple[str, ...]
    relation: str


ROLLUPS: dict[str, str] = {
    "daily": f"""SELECT customer_id, day, seen_day, kind, channel,
    COUNT(*) AS lines, {MONEY},
    SUM(CASE WHEN discount_minor > 0 THEN 1 ELSE 0 END) AS discounted_lines,
    SUM(CASE WHEN discount_type = 'coupon' THEN 1 ELSE 0 END) AS coupon_lines,
    SUM(CASE WHEN discount_type = 'coupon' THEN discount_minor ELSE 0 END) AS coupon_discount_minor,
    MAX(occurred_s * 1001 + rating_permille) AS rating_key
  FROM contract WHERE verdict = 'ACCEPTED'
  GROUP BY customer_id, day, seen_day, kind, channel""",
    "basket_lines": f"""SELECT customer_id, order_key, seen_day, MIN(occurred_s) AS at_s, MIN(day) AS day,
    MIN(local_day * 24 + local_hour) AS local_hours, MIN(store_id) AS store_id, COUNT(*) AS lines, {MONEY}
  FROM (
    SELECT *, COALESCE('o' || order_id, 's' || CAST(occurred_s AS STRING)) AS order_key
    FROM contract WHERE verdict = 'ACCEPTED' AND kind = 'purchase'
  ) AS bought
  GROUP BY customer_id, order_key, seen_day""",
    "category_days": f"""SELECT customer_id, category, day, seen_day, COUNT(*) AS lines, {MONEY}
  FROM contract WHERE verdict = 'ACCEPTED' AND kind = 'purchase' AND category IS NOT NULL
  GROUP BY customer_id, category, day, seen_day""",
}

SEEN: dict[str, str] = {
    "touches_seen": """SELECT daily.*, cutoff_day, cutoff_day - day AS age_days
  FROM daily INNER JOIN cutoffs ON seen_day < cutoff_day""",
    "baskets_seen": """SELECT customer_id, cutoff_day, order_key, MIN(at_s) AS at_s, MIN(day) AS day,
    cutoff_day - MIN(day) AS age_days, CAST(FLOOR(MIN(local_hours) / 2.4e1) AS BIGINT) AS local_day,
    CAST(MIN(local_hours) - FLOOR(MIN(local_hours) / 2.4e1) * 24 AS BIGINT) AS local_hour,
    MIN(store_id) AS store_id, SUM(lines) AS lines, SUM(amount_minor) AS amount_minor,
    SUM(discount_minor) AS discount_minor
  FROM basket_lines INNER JOIN cutoffs ON seen_day < cutoff_day
  GROUP BY customer_id, cutoff_day, order_key""",
    "days_seen": """SELECT customer_id, cutoff_day, day, cutoff_day - day AS age_days,
    day - LAG(day) OVER (PARTITION BY customer_id, cutoff_day ORDER BY day) AS gap_days,
    ROW_NUMBER() OVER (PARTITION BY customer_id, cutoff_day ORDER BY day DESC) AS newest,
    baskets, amount_minor
  FROM (
    SELECT customer_id, cutoff_day, day, COUNT(*) AS baskets, SUM(amount_minor) AS amount_minor
    FROM baskets_seen GROUP BY customer_id, cutoff_day, day
  ) AS bought""",
    "categories_seen": """SELECT customer_id, cutoff_day, code, SUM(lines) AS lines,
    SUM(amount_minor) AS amount_minor, MIN(day) AS first_day, MAX(day) AS last_day,
    SUM(CASE WHEN cutoff_day - day <= 91 THEN lines ELSE 0 END) AS lines_91d,
    SUM(CASE WHEN cutoff_day - day <= 91 THEN amount_minor ELSE 0 END) AS amount_91d_minor
  FROM category_days INNER JOIN cutoffs ON seen_day < cutoff_day
    LEFT JOIN vocabulary ON field = 'category' AND term = category
  GROUP BY customer_id, cutoff_day, category, code""",
    "channels_seen": f"""SELECT customer_id, cutoff_day, code, lines, own_lines,
    ROW_NUMBER() OVER (PARTITION BY customer_id, cutoff_day ORDER BY own_lines DESC, code ASC NULLS LAST, channel)
      AS own_rank
  FROM (
    SELECT customer_id, cutoff_day, channel, code, SUM(lines) AS lines,
      SUM(CASE WHEN kind IN ({OUTBOUND}) THEN 0 ELSE lines END) AS own_lines
    FROM touches_seen LEFT JOIN vocabulary ON field = 'channel' AND term = channel
    GROUP BY customer_id, cutoff_day, channel, code
  ) AS met""",
    "stores_seen": """SELECT customer_id, cutoff_day, store_id, COUNT(*) AS orders, MAX(day) AS last_day,
    SUM(amount_minor) AS amount_minor
  FROM baskets_seen WHERE store_id IS NOT NULL GROUP BY customer_id, cutoff_day, store_id""",
}

GRAINS: dict[str, Grain] = {
    "touches": Grain("touches", ("daily",), ("touches_seen",), "touches_seen"),
    "baskets": Grain("baskets", ("basket_lines",), ("baskets_seen",), "baskets_seen"),
    "days": Grain("days", ("basket_lines",), ("baskets_seen", "days_seen"), "days_seen"),
    "categories": Grain("categories", ("category_days",), ("categories_seen",), "categories_seen"),
    "channels": Grain("channels", ("daily",), ("touches_seen", "channels_seen"), "channels_seen"),
    "stores": Grain("stores", ("basket_lines",), ("baskets_seen", "stores_seen"), "stores_seen"),
}
