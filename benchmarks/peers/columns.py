"""The columns that every contestant makes: a part of our catalogue that each of them can say in its own words."""

from collections.abc import Sequence

from tiercast.features.category import slugged
from tiercast.features.declare import WINDOWS_DAYS

OUTBOUND = ("exposure", "email_send", "sms_send", "call_out", "mailing", "app_push")
NOT_OWN = (*OUTBOUND, "delivery", "delivery_failure", "follow_up", "complaint_resolved")
BROWSING = ("visit", "view", "search")
WANTING = ("enquiry", "cart", "checkout", "quote", "wishlist")
RATED = ("review", "survey")
TOLD_APART = 2
"""So many categories have a column of their spend, and so many channels one of their share."""


def spend_on(categories: Sequence[str]) -> list[str]:
    """Return the columns of what was spent on the most frequent categories."""
    return [f"spend_on_{slugged(term, code)}_currency" for code, term in enumerate(categories[:TOLD_APART])]


def shares_of(channels: Sequence[str]) -> list[str]:
    """Return the columns of the share of the most frequent channels."""
    return [f"channel_{slugged(term, code)}_share" for code, term in enumerate(channels[:TOLD_APART])]


def columns(categories: Sequence[str], channels: Sequence[str]) -> list[str]:
    """Return the names of all columns, as the catalogue has them.

    Examples
    --------
    >>> len(columns(["toys", "books"], ["web", "app", "store"]))
    70
    """
    return [
        *("days_since_purchase", "customer_age_days", "order_days", "days_since_purchase_to_gap_ratio"),
        *("gap_mean_days", "gap_sd_days", "gap_median_days", "gap_max_days"),
        *(f"order_days_{days}d" for days in WINDOWS_DAYS),
        *("orders", "lines"),
        *(f"orders_{days}d" for days in WINDOWS_DAYS),
        *("spend_currency", "net_spend_currency"),
        *(f"spend_{days}d_currency" for days in WINDOWS_DAYS),
        *(f"basket_{which}_currency" for which in ("mean", "sd", "max", "last")),
        *("discount_currency", "discount_91d_currency", "discounted_lines", "discount_share"),
        *("categories", "categories_91d", "category_top_share", "category_concentration_share"),
        *spend_on(categories),
        *("channels", "preferred_channel_code"),
        *shares_of(channels),
        *("contacts_sent", "contacts_sent_91d", "days_since_contact"),
        *("touchpoints", "touchpoints_28d", "days_since_touchpoint"),
        *("visits_91d", "carts_91d", "browse_touchpoints_28d", "intent_touchpoints_28d", "days_since_intent"),
        *("email_opens", "email_clicks_91d"),
        *("returns", "returned_currency", "days_since_return"),
        *("satisfaction_share", "rating_mean_share", "complaints_91d"),
    ]
