"""Storing: each night's touchpoints are added to a folder once, read once and judged once; ``store:FOLDER`` reads them."""

from tiercast.storing.adding import Added, add

__all__ = ["Added", "add"]
