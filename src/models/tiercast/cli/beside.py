"""What came beside the touchpoints, for people: every side table accounted for, and who was found by which id."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from tiercast.cli.screen import facts, figure, share, table

if TYPE_CHECKING:
    from tiercast.beside import Match, SideAccount

SHOWN = 12


def side_tables(accounts: Sequence["SideAccount"]) -> list[RenderableType]:
    """Return what became of the rows of each side table, and what it says of the touchpoints."""
    from tiercast.sides import REJECTIONS

    if not accounts:
        return []
    rows = [
        (
            each.name,
            *(figure(count) for count in (each.rows_read, each.rows_accepted, each.rows_rejected, each.keys)),
            _span(each),
        )
        for each in accounts
    ]
    numbers = ["read", "accepted", "rejected", "keys"]
    parts: list[RenderableType] = [
        table("Side tables", ["table", *numbers, "holds from"], rows, numbers=numbers)
    ]
    why = [
        (each.name, code, figure(count), REJECTIONS.get(code, ""))
        for each in accounts
        for code, count in sorted(each.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    if why:
        parts.append(table("Why rejected", ["table", "code", "rows", "meaning"], why, numbers=["rows"]))
    told = [(each.name, sentence) for each in accounts for sentence in _sentences(each)]
    return [*parts, facts(told)] if told else parts


def matches(found: Sequence["Match"]) -> list[RenderableType]:
    """Return how many touchpoints of each channel found their customer, and by which kind of id."""
    if not found:
        return []
    kinds = sorted({kind for each in found for kind in each.resolved})
    named = [kind or "no kind" for kind in kinds]
    numbers = ["rows", "own id", *named, "unresolved", "matched"]
    rows = [
        [
            each.channel,
            *(figure(count) for count in (each.rows, each.own, *(each.resolved.get(kind, 0) for kind in kinds), each.unresolved)),
            share(each.rows - each.unresolved, each.rows),
        ]
        for each in found[:SHOWN]
    ]  # fmt: skip
    more = len(found) - SHOWN
    title = "Whose touchpoints" + (f" ({SHOWN} channels of {len(found)})" if more > 0 else "")
    return [table(title, ["channel", *numbers], rows, numbers=numbers)]


def _span(account: "SideAccount") -> str:
    if account.first_day is None:
        return "always"
    return f"{account.first_day}" + (
        f" to {account.last_day}" if account.last_day != account.first_day else ""
    )


def _sentences(account: "SideAccount") -> Iterable[str]:
    if account.repeats:
        yield f"rows that repeat another exactly: {figure(account.repeats)}"
    if account.missing:
        yield (
            f"{figure(account.missing)} of {figure(account.used)} keys in the touchpoints are not in it "
            f"({share(account.missing, account.used or 0)})"
        )
    if account.rows_missing:
        yield (
            f"{figure(account.rows_missing)} of {figure(account.rows_used)} touchpoints were not described when seen "
            f"({share(account.rows_missing, account.rows_used or 0)})"
        )
    if account.attributes:
        yield "attributes: " + ", ".join(
            f"{name[:40]} ({kind})" for name, kind in list(account.attributes.items())[:SHOWN]
        )
    if account.ignored_columns:
        yield "ignored columns: " + ", ".join(account.ignored_columns[:SHOWN])
