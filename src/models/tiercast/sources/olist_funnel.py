"""Olist's marketing funnel: 8,000 sellers who asked to join a marketplace, and the 842 who signed.

The won deal is read as ``purchase`` and not as ``contract``: conversion is the way from the first touch to the first
purchase, and only ``purchase`` makes a lead a buyer, so as contracts the 842 would look like leads that never came. It
carries no revenue: the table's amount is what a seller claims to sell in a month (zero for 797 of them), not money paid,
and is left out. Enquiries have days only, so all times are read as UTC.
"""

from tiercast.sources.published import open_published
from tiercast.sources.source import Source

MAP = """
currency = "BRL"
ignore = ["amount"]

[columns]
occurred_at = "timestamp"
kind = {column = "event_type", values = {enquiry = "enquiry", deal_won = "purchase"}}
product_id = "product"

[columns.channel]
column = "channel"
values = {"organic search" = "seo", "paid search" = "search_ads", "direct traffic" = "web"}
otherwise = "keep"
"""
OLIST_FUNNEL = Source(
    "olist_funnel",
    "Olist marketing funnel, 8,000 enquiries and 842 won deals: FILE or FOLDER",
    lambda where: open_published("olist_funnel", where, MAP),
)
