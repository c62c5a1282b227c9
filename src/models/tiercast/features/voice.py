"""Voice and after-sales: what did they say, and what went wrong? Unknown is kept apart from middling."""

from tiercast.features.declare import Family, Feature, Seen, count


def declare(seen: Seen) -> list[Feature]:
    """Declare the newest normalised rating, complaints and failed deliveries."""
    rated = "CASE WHEN kind IN ('review', 'survey') THEN occurred_s * 1001 + rating_permille END"
    found = [
        Feature(
            "satisfaction_share",
            "touches",
            f"(MAX({rated}) - FLOOR(MAX({rated}) / 1.001e3) * 1001) / 1e3",
            "share",
            "newest rating as a share of its scale",
            None,
        )
    ]
    for kind, plural in (
        ("complaint", "complaints"),
        ("delivery_failure", "delivery_failures"),
        ("support", "support_cases"),
    ):
        if kind in seen.kinds:
            found.append(
                Feature(
                    f"{plural}_91d",
                    "touches",
                    count(f"kind = '{kind}' AND age_days <= 91"),
                    plural,
                    f"{kind} in 91 d",
                )
            )
    return found


VOICE = Family("voice", "What did they say, and what went wrong?", declare)
