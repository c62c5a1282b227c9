"""Picking: which column of a table is meant for which column of the contract, by name first and then by its values."""

import unicodedata
from collections.abc import Mapping

from tiercast.mapping.known_names import COLUMNS, TABLES, KnownTable
from tiercast.mapping.known_values import FELL_THROUGH, KIND_WORDS, PLACED, meaning_of
from tiercast.mapping.looks import Look

NUMBERS = ("quantity", "amount", "unit_price", "discount", "unit_cost", "rating")
WORDS = ("kind", "channel", "currency", "order_status")
LEAST_PART = 4


def plain(name: str) -> str:
    """Return a name without capitals, accents, blanks and marks.

    Examples
    --------
    >>> plain("Kunden-Nr."), plain("Quantité"), plain("客户编号 ")
    ('kundennr', 'quantite', '客户编号')
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def known_table(names: Mapping[str, Look]) -> KnownTable | None:
    """Return the well-known table that has these columns, if one has."""
    there = {plain(name) for name in names}
    return next((table for table in TABLES if {plain(each) for each in table.has} <= there), None)


def picks_of(looks: Mapping[str, Look], table: KnownTable | None) -> dict[str, str]:
    """Return the column of the table for each thing that one seems to be meant for; each column once.

    Examples
    --------
    >>> from tiercast.mapping.looks import looks_of
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"Kundennummer": [7, 8], "Kaufdatum": ["1.2.2024", "29.2.2024"], "Betrag": ["1,50", "20,00"]})
    >>> picks_of(looks_of(rows, {"Kundennummer": "integer", "Kaufdatum": "text", "Betrag": "text"}), None)
    {'customer_id': 'Kundennummer', 'occurred_at': 'Kaufdatum', 'amount': 'Betrag'}
    """
    picked: dict[str, str] = {}
    spelled = {plain(name): name for name in looks}
    for what, name in (table.picks if table else {}).items():
        if plain(name) in spelled and looks[spelled[plain(name)]].filled:
            picked[what] = spelled[plain(name)]
    closed = set(table.leaves_out) if table else set()
    for exactly in (True, False):
        for what, synonyms in COLUMNS.items():
            if what in picked or what in closed:
                continue
            free = {key: name for key, name in spelled.items() if name not in picked.values()}
            found = _named(free, synonyms, looks, what, exactly=exactly)
            if found:
                picked[what] = found
    if "kind" not in picked and "kind" not in closed:
        by_value = [name for name in looks if name not in picked.values() and _recognised(looks[name]) >= 0.5]
        picked |= {"kind": by_value[0]} if by_value else {}
    if "occurred_at" not in picked:
        times = [
            name
            for name, look in looks.items()
            if look.when and (look.held != "integer") and name not in picked.values()
        ]
        picked |= {"occurred_at": times[0]} if len(times) == 1 else {}
    return {what: picked[what] for what in COLUMNS if what in picked}


def _named(
    free: Mapping[str, str], synonyms: tuple[str, ...], looks: Mapping[str, Look], what: str, *, exactly: bool
) -> str:
    """Return the free column with the best name among those whose values fit; not exactly: the name is part of it."""
    for synonym in map(plain, synonyms):
        long_enough = len(synonym) >= LEAST_PART or not synonym.isascii()
        for key, name in free.items():
            part = long_enough and (key.startswith(synonym) or key.endswith(synonym))
            if (key == synonym if exactly else part) and _fits(what, looks[name]):
                return name
    return ""


def _fits(what: str, look: Look) -> bool:
    if not look.filled or look.held == "other":
        return False
    if what in ("occurred_at", "known_at"):
        return look.when is not None
    if what in NUMBERS:
        return look.numbers is not None
    if what == "event_id":
        return look.unique
    if what == "kind":
        return bool(look.values) and look.held == "text"
    if what == "order_status":
        return any(value.casefold() in (*PLACED, *FELL_THROUGH) for value in look.values)
    if what in WORDS:
        return bool(look.values) and look.numbers is None
    return look.held in {"text", "integer", "float"} and (look.held == "integer" or look.when is None)


def _recognised(look: Look) -> float:
    known = sum(rows for value, rows in look.values.items() if meaning_of(KIND_WORDS, value))
    return known / look.filled if look.filled and look.held == "text" else 0.0
