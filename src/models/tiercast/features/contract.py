"""Stage one of the text, the contract view: every row normalised, and accepted, unresolved or rejected with a code."""

from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase, ascii_uppercase

CEILING_CURRENCY = 10_000_000
LAST_SECOND = 4_102_444_800  # 2100-01-01


@dataclass(frozen=True)
class Zone:
    """The local calendar: a list of (from second UTC, offset in seconds), oldest first.

    Examples
    --------
    >>> Zone.named("UTC").shifts
    ((0, 0),)
    >>> len(Zone.named("Europe/Berlin").shifts) > 100
    True
    """

    name: str
    shifts: tuple[tuple[int, int], ...]

    @classmethod
    @cache
    def named(cls, name: str) -> "Zone":
        """Work out the offsets of an IANA zone from 1970 to 2050, hour by hour at each change."""
        from datetime import UTC, datetime, timedelta
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(name)

        def offset(second: int) -> int:
            shift = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
            return int((shift or timedelta()).total_seconds())

        shifts = [(0, offset(0))]
        for day in range(0, 80 * 366 * 86_400, 86_400):
            if offset(day + 86_400) != shifts[-1][1]:
                low, high = day, day + 86_400
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if offset(middle) == shifts[-1][1] else (low, middle)
                shifts.append((high, offset(high)))
        return cls(name, tuple(shifts))

    def sql(self, second: str) -> str:
        """Return the local second as SQL over a UTC second."""
        whens = " ".join(
            f"WHEN {second} >= {start} THEN {shift}" for start, shift in reversed(self.shifts[1:])
        )
        first = self.shifts[0][1]
        return f"{second} + CASE {whens} ELSE {first} END" if whens else f"{second} + {first}"


def contract_sql(*, currency: str, minor_per_major: int, zone: Zone, keep_raw: bool = False) -> str:
    """Return the contract view over the relations ``touchpoints`` (as read) and ``clock`` (one row: ``now_s``).

    Times become whole seconds (floor) and money whole minor units here, so that every engine counts the same.
    A row is seen at a cutoff when its ``seen_day`` is before the cutoff's day: the later of when it occurred and when
    it was known. ``keep_raw`` passes on the column ``raw``, the row as it came.
    """
    raw = ", raw" if keep_raw else ""
    local = zone.sql("occurred_s")

    def money(column: str) -> str:
        usable = f"{column} >= 0 AND {column} <= {CEILING_CURRENCY}"  # beyond it, the cast would end the run
        return f"CASE WHEN {usable} THEN CAST(FLOOR({column} * {minor_per_major} + 5e-1) AS BIGINT) END AS {column}_minor"

    def lower(column: str) -> str:
        # engines disagree on letters beyond ASCII (İ, a final Σ): those are kept as they came
        folded = f"TRANSLATE({column}, '{ascii_uppercase}', '{ascii_lowercase}')"
        return f"CASE WHEN BIT_LENGTH({column}) = 8 * LENGTH({column}) THEN LOWER({column}) ELSE {folded} END AS {column}"

    negative = " OR ".join(f"{name} < 0" for name in ("amount", "discount", "quantity", "unit_cost"))
    absurd = " OR ".join(f"{name} > {CEILING_CURRENCY}" for name in ("amount", "discount", "unit_cost"))
    return f"""SELECT
  customer_id, kind, channel, order_id, store_id, category, discount_type, campaign_id, product_id{raw},
  occurred_s, occurred_day AS day, GREATEST(occurred_day, known_day) AS seen_day,
  CAST(FLOOR(local_s / 8.64e4) AS BIGINT) AS local_day,
  CAST(FLOOR((local_s - FLOOR(local_s / 8.64e4) * 86400) / 3.6e3) AS BIGINT) AS local_hour,
  {money("amount")},
  {money("discount")},
  CASE WHEN rating_scale > 0 AND rating IS NOT NULL
    THEN CAST(FLOOR(LEAST(GREATEST(rating / rating_scale, 0), 1) * 1000 + 5e-1) AS BIGINT) END AS rating_permille,
  CASE
    WHEN bad_time THEN 'BAD_TIME'
    WHEN occurred_s IS NULL THEN 'NULL_TIME'
    WHEN occurred_s < 0 OR occurred_s >= {LAST_SECOND} OR known_day < 0 OR known_day >= {LAST_SECOND // 86_400}
      THEN 'TIME_OUT_OF_RANGE'
    WHEN occurred_s > now_s THEN 'FUTURE_TIME'
    WHEN kind IS NULL THEN 'NULL_KIND'
    WHEN channel IS NULL THEN 'NULL_CHANNEL'
    WHEN bad_number THEN 'BAD_NUMBER'
    WHEN {negative} THEN 'NEGATIVE_NUMBER'
    WHEN {absurd} THEN 'ABSURD_AMOUNT'
    WHEN currency <> '{currency}' THEN 'UNKNOWN_CURRENCY'
    WHEN is_duplicate THEN 'DUPLICATE_EVENT'
    WHEN customer_id IS NULL THEN 'NULL_CUSTOMER'
    ELSE 'ACCEPTED'
  END AS verdict
FROM (
  SELECT *, {local} AS local_s, CAST(FLOOR(occurred_s / 8.64e4) AS BIGINT) AS occurred_day
  FROM (
    SELECT customer_id, {lower("kind")}, {lower("channel")}, order_id, store_id, category,
      {lower("discount_type")}, campaign_id, product_id, amount, discount, quantity, unit_cost,
      UPPER(currency) AS currency, rating, rating_scale, bad_time, bad_number, is_duplicate{raw},
      CAST(FLOOR(occurred_us / 1e6) AS BIGINT) AS occurred_s,
      CAST(FLOOR(known_us / 8.64e10) AS BIGINT) AS known_day
    FROM touchpoints
  ) AS whole
) AS placed CROSS JOIN clock"""
