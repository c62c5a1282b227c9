"""CDNOW: the purchases of the 23,570 customers who joined a CD web shop in early 1997, until the middle of 1998.

Days only, in no zone, so they are read as UTC. Rows that repeat another exactly (255) are second orders of that day:
without them the published total of 2,500,315.63 is missed. 80 orders cost nothing.
"""

from tiercast.sources.published import open_published
from tiercast.sources.source import Source

MAP = """
currency = "USD"

[columns]
occurred_at = {column = "timestamp", format = "%Y-%m-%d"}
kind = {value = "purchase"}
channel = {value = "web"}
"""
CDNOW = Source(
    "cdnow",
    "CDNOW, a cohort of 23,570 customers of a CD web shop: FILE or FOLDER",
    lambda where: open_published("cdnow", where, MAP),
)
