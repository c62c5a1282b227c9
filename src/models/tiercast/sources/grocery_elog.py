"""Grocery: the order days of 1,525 customers of an online grocer, 2006 and 2007; no amounts, so only timing is told."""

from tiercast.sources.published import open_published
from tiercast.sources.source import Source

MAP = """
[columns]
occurred_at = "timestamp"
kind = "event_type"
channel = {column = "channel", values = {online = "web"}}
product_id = "product"
"""
GROCERY_ELOG = Source(
    "grocery_elog",
    "orders of an online grocer, days only, no amounts: FILE or FOLDER",
    lambda where: open_published("grocery_elog", where, MAP),
)
