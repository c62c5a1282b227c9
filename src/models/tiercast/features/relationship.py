"""Relationship: since when a member, whom have they brought, what have they saved up, and what may be sent to them?"""

from tiercast.features.category import slugged
from tiercast.features.dealings import MOST_DAYS
from tiercast.features.declare import Family, Feature, Seen, count, currency, rest, since, total
from tiercast.features.kinds import is_kind
from tiercast.features.switching import OTHER, PLACES


def declare(seen: Seen) -> list[Feature]:
    """Declare enrolment, referrals, points and the newest word on consent, for each purpose of the vocabulary."""
    found: list[Feature] = []
    for kind, plural in (("referral", "referrals"), ("share", "shares")):
        if kind in seen.kinds:
            found += [
                Feature(plural, "service", count(is_kind(kind)), plural, f"{plural} so far"),
                Feature(f"days_since_{kind}", "service", since(is_kind(kind)), "days",
                        f"days since the last of their {plural}", None),
            ]  # fmt: skip
    if "referral" in seen.kinds:
        bought = currency(total("COALESCE(amount_minor, 0)", is_kind("referral")))
        found.append(Feature("referral_amount_currency", "service", bought, "currency",
                             "what those they referred bought, as far as the referrals say"))  # fmt: skip
    if seen.referred:
        found.append(Feature("referred_customers", "referred", "COUNT(*)", "customers",
                             "distinct customers they referred"))  # fmt: skip
    return _enrolment(seen) + found + _points(seen) + _consents(seen)


def _enrolment(seen: Seen) -> list[Feature]:
    if "enrol" not in seen.kinds:
        return []
    first = (
        f"MIN(CASE WHEN {is_kind('enrol')} THEN (seen_day * {MOST_DAYS} + day) * {PLACES}"
        f" + COALESCE(channel_code, {OTHER}) END)"
    )
    day, place = rest(f"FLOOR({first} / {PLACES}e0)", MOST_DAYS), rest(first, PLACES)
    return [
        Feature("days_since_enrolment", "service", f"cutoff_day - {day}", "days", "days since they joined, as first known",
                None),
        Feature("enrolment_channel_code", "service", f"NULLIF({place}, {OTHER})", "code",
                "position in the channel vocabulary of the channel through which they joined", None),
    ]  # fmt: skip


def _points(seen: Seen) -> list[Feature]:
    """Return points: a redemption spends its number, whatever its sign; every other touchpoint earns its own."""
    if not seen.points:
        return []
    spending = is_kind("points_redemption")
    earned = total("COALESCE(points_milli, 0)", "kind <> 'points_redemption'")
    spent = total("ABS(COALESCE(points_milli, 0))", spending)
    found = [
        Feature("points_earned", "touches", f"CAST({earned} AS DOUBLE) / 1e3", "points", "points earned, less corrections"),
        Feature("points_redeemed", "touches", f"CAST({spent} AS DOUBLE) / 1e3", "points", "points redeemed so far"),
        Feature("points_balance", "derived", "points_earned - points_redeemed", "points",
                "points earned and not redeemed; below 0 where not all earning was told"),
    ]  # fmt: skip
    if "points_redemption" in seen.kinds:
        found.append(Feature("days_since_points_redemption", "service", since(spending), "days",
                             "days since points were last redeemed", None))  # fmt: skip
    return found


def _consents(seen: Seen) -> list[Feature]:
    """Return the newest word on consent; of one second, a withdrawal wins."""
    if not seen.any_of(("consent_granted", "consent_withdrawn")):
        return []

    def given(name: str, newest: str, to: str) -> Feature:
        meaning = f"whether the newest word on consent {to} granted it"
        return Feature(name, "service", f"1 - {rest(newest, 2)}", "0 or 1", meaning, None)

    return [
        given("consent_last_given", "MAX(consent_word)", "for whatever purpose"),
        *(given(f"consent_{slugged(purpose, code)}", f"MAX(CASE WHEN purpose_code = {code} THEN consent_word END)",
                f"for {purpose!r}") for code, purpose in enumerate(seen.purposes)),
    ]  # fmt: skip


RELATIONSHIP = Family("relationship", "What binds them to us, and what may be sent to them?", declare)
