"""Commands that read the tier history of a folder of scorecards: forecast next month's moves, show and write the nights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Root, Verbose
from tiercast.cli.screen import Screen, command_lines, facts, figure, table

if TYPE_CHECKING:
    import pandas as pd

    from tiercast.tiers.history import Night


def add_to(tiers: typer.Typer) -> None:
    """Add the commands of this file."""
    tiers.command("forecast")(forecast)
    tiers.command("history")(history)


def forecast(
    scorecards: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="What tiercast score --out fills: its tier history is read."),
    ],
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME", help="Default: the policy of the newest history.")
    ] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How far ahead.")] = 30,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Forecast how many customers will be in which tier next month, from at least two scored days."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("reading the tier history"):
        from tiercast.tiers.migration import forecast_migration

        told = forecast_migration(scorecards, policy=policy or None, horizon_days=days, best_first=_classes)
    rows = [
        (
            row["tier"],
            figure(int(row["customers_now"])),
            figure(row["customers_then"], 0),
            f"{figure(row['customers_then_low'], 0)} to {figure(row['customers_then_high'], 0)}",
            figure(row["expected_in"], 0),
            figure(row["expected_out"], 0),
        )
        for row in told.expected.to_dict("records")
    ]
    columns = ["now", "then", "80 % interval", "come", "leave"]
    screen.answer(
        {**told.__dict__, "probabilities": told.probabilities.to_dict("index")},
        table(
            f"{told.policy}: {told.horizon_days} days after {told.cutoff}",
            ["tier", *columns],
            rows,
            numbers=columns,
        ),
        facts([("method", told.method), ("overdispersion", figure(told.overdispersion))]),
    )


def _classes(policy: str) -> list[str]:
    """Return the classes of a policy that is still declared, best first."""
    from tiercast.tiers.declared import declared_policies

    found = declared_policies().get(policy)
    return [] if found is None else [each.key for each in found.classes]


def _rows(night: "Night", customer: str, columns: list[str] | None) -> "pd.DataFrame":
    rows = night.read(columns)
    return rows[(rows["customer_id"] == customer).to_numpy()] if customer else rows


def history(
    scorecards: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="What tiercast score --out fills: its tier history is read."),
    ],
    customer: Annotated[str, typer.Option("--customer", metavar="CUSTOMER", help="Only this one.")] = "",
    policy: Annotated[str, typer.Option("--policy", metavar="NAME", help="Only this policy.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write all rows (.parquet or .csv).")
    ] = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Show the tier history: each night's moves and holds, or one customer's nights, and write it as one table."""
    screen = Screen(as_json=as_json, verbose=verbose)
    if out is not None:
        require_ending(out)
    with screen.working("reading the tier history"):
        import pandas as pd

        from tiercast.errors import UnknownCustomer
        from tiercast.tiers.history import NoTierHistory, nights

        found = nights(scorecards, policy=policy or None)
        if not found:
            raise NoTierHistory(folder=scorecards, needs="1 cutoff", has="none")
        told_of = (
            None if customer or out is not None else ["reason_code"]
        )  # moves are counted, nobody is named
        frames = [_rows(night, customer, told_of) for night in found]
        if customer and not any(map(len, frames)):
            last = found[-1]
            others = len(last.read(["customer_id"]))
            raise UnknownCustomer(customer_id=customer, cutoff=last.cutoff, customers=others)
        counts = [frame["reason_code"].value_counts().to_dict() for frame in frames]
        written = None if out is None else write_frame(pd.concat(frames, ignore_index=True), out)
    answer: dict[str, Any] = {
        "nights": [
            {
                "cutoff": night.cutoff,
                "version": night.version,
                "policy": night.policy,
                "rows": len(frame),
                "codes": codes,
            }
            for night, frame, codes in zip(found, frames, counts, strict=True)
        ],
        "written": written,
    }
    if customer:
        whole = pd.concat(frames, ignore_index=True)
        days = {
            name: whole[name].dt.strftime("%Y-%m-%d").fillna("–")
            for name in ("cutoff", "since_on", "below_since_on")
        }
        told = whole.assign(**days)[["cutoff", "policy", "tier", "since_on", "below_since_on", "reason"]]
        shown = table(
            f"Customer {customer}",
            ["cutoff", "policy", "tier", "since", "below since", "why"],
            told.values.tolist(),
        )
        answer["customer"] = whole
    else:
        shown = table(
            "", ["cutoff", "version", "policy", "customers", "moved", "held"],
            [(night.cutoff, night.version, night.policy, figure(len(frame)),
              figure(sum(n for code, n in codes.items() if str(code).startswith("MOVED"))),
              figure(sum(n for code, n in codes.items() if str(code).startswith("HELD"))))
             for night, frame, codes in zip(found, frames, counts, strict=True)],
        )  # fmt: skip
    screen.answer(answer, shown, *([command_lines("Tier history:", str(written))] if written else []))
