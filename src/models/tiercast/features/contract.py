"""Stage one of the text, the contract view: every row normalised, and accepted, unresolved or rejected with a code."""

from string import ascii_lowercase, ascii_uppercase

from tiercast.features.relations import Relation, same

CEILING_MINOR = 1_000_000_000
"""What a line may amount to, in minor units: of a currency that has cents, ten million."""
CEILING_UNITS = 1_000_000_000
LAST_SECOND = 4_102_444_800  # 2100-01-01


def contract(*, currency: str, minor_per_major: int) -> Relation:
    """Return the contract view over the relations ``touchpoints`` (as read) and ``clock`` (one row: ``now_s``).

    Times become whole seconds (floor), money whole minor units and quantities whole thousandths here, so that every
    engine counts the same. A row is seen at a cutoff when its ``seen_day`` is before the cutoff's day: the later of when
    it occurred and when it was known.
    """

    def whole(value: str, ceiling: int | str, scale: int) -> str:
        usable = f"{value} >= 0 AND {value} <= {ceiling}"  # beyond it, the cast would end the run
        return f"CASE WHEN {usable} THEN CAST(FLOOR({value} * {scale} + 5e-1) AS BIGINT) END"

    ceiling = f"{CEILING_MINOR / minor_per_major:.17g}"
    negative = " OR ".join(f"{name} < 0" for name in ("amount", "discount", "quantity", "unit_cost"))
    absurd = " OR ".join(f"{name} > {ceiling}" for name in ("amount", "discount", "unit_cost"))
    known = "CAST(FLOOR(known_us / 8.64e10) AS BIGINT)"
    occurred = "CAST(FLOOR(occurred_s / 8.64e4) AS BIGINT)"
    verdict = f"""CASE
    WHEN bad_time THEN 'BAD_TIME'
    WHEN occurred_s IS NULL THEN 'NULL_TIME'
    WHEN occurred_s < 0 OR occurred_s >= {LAST_SECOND} OR known_us < 0 OR known_us >= {LAST_SECOND * 1_000_000}
      THEN 'TIME_OUT_OF_RANGE'
    WHEN occurred_s > now_s THEN 'FUTURE_TIME'
    WHEN kind IS NULL THEN 'NULL_KIND'
    WHEN channel IS NULL THEN 'NULL_CHANNEL'
    WHEN bad_number THEN 'BAD_NUMBER'
    WHEN {negative} THEN 'NEGATIVE_NUMBER'
    WHEN {absurd} OR quantity > {CEILING_UNITS} THEN 'ABSURD_AMOUNT'
    WHEN UPPER(currency) <> '{currency}' THEN 'UNKNOWN_CURRENCY'
    WHEN is_duplicate THEN 'DUPLICATE_EVENT'
    WHEN customer_id IS NULL THEN 'NULL_CUSTOMER'
    ELSE 'ACCEPTED'
  END"""
    cost = "(unit_cost * COALESCE(quantity, 1))"
    return Relation(
        "contract",
        "contract",
        {
            "customer_id": "customer_id",
            "kind": _lower("kind"),
            "day": occurred,
            "seen_day": f"GREATEST({occurred}, {known})",
            "verdict": verdict,
        },
        same(
            "occurred_s",
            "order_id",
            "case_id",
            "store_id",
            "product_id",
            "category",
            "campaign_id",
            "purpose",
        )
        | same("referred_customer_id", "raw")
        | {name: _lower(name) for name in ("channel", "discount_type", "survey_type", "staff_assisted")}
        | {
            "amount_minor": whole("amount", ceiling, minor_per_major),
            "discount_minor": whole("discount", ceiling, minor_per_major),
            "quantity_milli": whole("quantity", CEILING_UNITS, 1000),
            "cost_minor": whole(cost, ceiling, minor_per_major),
            "points_milli": "CASE WHEN ABS(points) <= 1e9 THEN CAST(FLOOR(points * 1000 + 5e-1) AS BIGINT) END",
            "rating_permille": "CASE WHEN rating_scale > 0 AND rating IS NOT NULL"
            " THEN CAST(FLOOR(LEAST(GREATEST(rating / rating_scale, 0), 1) * 1000 + 5e-1) AS BIGINT) END",
        },
        "FROM (SELECT *, CAST(FLOOR(occurred_us / 1e6) AS BIGINT) AS occurred_s FROM touchpoints) AS came"
        " CROSS JOIN clock",
    )


def contract_sql(*, currency: str, minor_per_major: int, keep_raw: bool = False) -> str:
    """Return the contract view as one SELECT; ``keep_raw`` passes on the column ``raw``, the row as it came."""
    view = contract(currency=currency, minor_per_major=minor_per_major)
    return view.select(name for name in view.columns if keep_raw or name != "raw")


def _lower(column: str) -> str:
    # engines disagree on letters beyond ASCII (İ, a final Σ): those are kept as they came
    folded = f"TRANSLATE({column}, '{ascii_uppercase}', '{ascii_lowercase}')"
    return f"CASE WHEN BIT_LENGTH({column}) = 8 * LENGTH({column}) THEN LOWER({column}) ELSE {folded} END"
