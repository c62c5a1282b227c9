"""The command ``uplift``: where contacts were drawn by lot, who is persuadable, and who had better be left alone?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from tiercast.cli.faults import WrongUsage, require_language
from tiercast.cli.files import require_ending, write_frame
from tiercast.cli.options import AsJson, Extensions, Language, MapFile, Root, Sides, Verbose
from tiercast.cli.screen import Screen, command_lines, facts, figure, heading, table
from tiercast.mapping.spoken import with_map
from tiercast.sides import spoken_sides

if TYPE_CHECKING:
    from tiercast.evaluation.uplift import Estimate
    from tiercast.persuasion import OutcomeReport, UpliftReport


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel="Around it")(uplift)


def uplift(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|SOURCE",
            help="With --arm a table of one row a customer (.parquet or .csv), else touchpoints with --side assignments=FILE.",
        ),
    ],
    arm: Annotated[
        str, typer.Option("--arm", metavar="COLUMN", help="Which arm each customer was drawn into.")
    ] = "",
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            "--outcome",
            metavar="NAME",
            help="What happened after the draw; name every such column. Of touchpoints: bought, spent_currency, showed_interest.",
        ),
    ] = None,
    treatment: Annotated[str, typer.Option("--treatment", metavar="ARM", help="Who was contacted.")] = "",
    control: Annotated[str, typer.Option("--control", metavar="ARM", help="Who was left alone.")] = "",
    customer: Annotated[
        str, typer.Option("--customer", metavar="COLUMN", help="Whose row it is.")
    ] = "customer_id",
    feature: Annotated[
        list[str] | None,
        typer.Option(
            "--feature", metavar="COLUMN", help="Known before the draw; default: every other column."
        ),
    ] = None,
    probability: Annotated[
        str,
        typer.Option(
            "--probability",
            metavar="P|COLUMN",
            help="Of having been contacted rather than left alone, when it was drawn.",
        ),
    ] = "",
    campaign: Annotated[
        str, typer.Option("--campaign", metavar="ID", help="Which campaign of the assignments.")
    ] = "",
    horizon_days: Annotated[
        int, typer.Option("--horizon-days", min=1, max=365, help="Days after the assignment that count.")
    ] = 28,
    least_uplift: Annotated[
        float,
        typer.Option(
            "--least-uplift", help="What a contact has to add to be worth it, in the outcome's unit."
        ),
    ] = 0.0,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, max=10_000, help="Of customers, for the intervals.")
    ] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The one source of chance.")] = 7,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Who is on which list (.parquet or .csv)."),
    ] = None,
    map_file: MapFile = None,
    side: Sides = None,
    extension: Extensions = None,
    language: Language = "en",
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Tell what a contact changes, apart from what customers would have done anyway, and list who is persuadable.

    Contacts have to be drawn by lot, or logged with the probabilities that were used. Judged on customers who came
    after all that was learned, against chance and against targeting by risk; where the interval of the Qini includes
    zero, no lists are given.
    """  # fmt: skip
    screen = Screen(as_json=as_json, verbose=verbose)
    require_language(language)
    if out is not None:
        require_ending(out)
    if not arm and (feature or probability or customer != "customer_id"):
        raise WrongUsage(
            "--feature, --probability and --customer are about a table of one row a customer: give --arm too"
        )
    if arm and (campaign or side or map_file):
        raise WrongUsage(
            "--campaign, --side and --map are about touchpoints: leave them out, or leave out --arm"
        )
    with screen.working("starting") as say:
        from tiercast import api
        from tiercast.persuasion.answering import report_json

        result = api.uplift(
            with_map(source, map_file), outcomes=tuple(outcome or ()), arm=arm, treatment=treatment, control=control,
            customer=customer, features=tuple(feature or ()), probability=_number_or_name(probability),
            campaign=campaign, horizon_days=horizon_days, least_uplift=least_uplift, resamples=resamples, seed=seed,
            sides=spoken_sides(side or ()), extensions=tuple(extension or ()), root=root, progress=say,
        )  # fmt: skip
        place = None if out is None else write_frame(result.customers, out)
    answer = {**report_json(result.report), "run_id": result.run_id, "out": place}
    written = [command_lines("Written:", str(place))] if place else []
    screen.answer(answer, *uplift_tables(result.report, language), facts([("run", result.run_id)]), *written)


def _number_or_name(told: str) -> float | str | None:
    try:
        return float(told) if told else None
    except ValueError:
        return told


def uplift_tables(report: "UpliftReport", language: str) -> list[RenderableType]:
    """Return the draw, and of each outcome its rankings and lists, for people."""
    experiment, draw = report.experiment, report.draw
    worst = draw.balance.iloc[0] if len(draw.balance) else None
    told: list[tuple[str, object]] = [
        ("experiment", f"{experiment.name}: {experiment.treatment} against {experiment.control}"),
        ("customers", f"{draw.ratio.treated:,} contacted, {draw.ratio.control:,} left alone"),
        ("sizes", f"expected {draw.ratio.expected_treated:,.1f} contacted (p = {draw.ratio.p_value:.3f})"),
    ]
    if worst is not None:
        told.append(("balance", f"largest difference {worst['difference_sd']:+.3f} sd, in {worst['column']}"))
    told += [("left out", f"{count:,} {reason}") for reason, count in experiment.left_out.items()]
    told += [("warning", warning) for warning in report.warnings]
    parts: list[RenderableType] = [facts(told)]
    for found in report.outcomes.values():
        parts += _outcome_tables(found, language)
    return parts


def _outcome_tables(found: "OutcomeReport", language: str) -> list[RenderableType]:
    verdict = found.verdict_zh if language == "zh" else found.verdict
    rankings = table(
        f"{found.outcome}: contacting everybody adds {_interval(found.effect)} per customer",
        ["", "ranking", "Qini", "AUUC"],
        [
            [
                "→" if name == "chosen" else "",
                f"chosen ({found.crossed.best})" if name == "chosen" else name,
                _interval(figures.qini),
                figure(figures.auuc.value, 5),
            ]
            for name, figures in found.rankings.items()
        ],
        numbers=["Qini", "AUUC"],
        tight=True,
    )
    parts: list[RenderableType] = [
        rankings,
        Text(verdict, style="bold yellow") if found.code else heading(verdict),
    ]
    if len(found.lists):
        rows = [
            [
                row["list_zh"] if language == "zh" else str(row["list"]).replace("_", " "),
                figure(int(row["customers"])),
                figure(float(row["seen_uplift"]), 4),
                f"{figure(float(row['seen_uplift_low']), 4)} to {figure(float(row['seen_uplift_high']), 4)}",
                figure(float(row["outcome_left_alone"]), 4),
            ]
            for row in found.lists.to_dict("records")
        ]
        names = ["customers", "contact adds", "95 %", "left alone"]
        parts.append(table("", ["list", *names], rows, numbers=names, tight=True))
    return parts


def _interval(told: "Estimate") -> str:
    return f"{told.value:.5f} ({told.low:.5f} to {told.high:.5f})"
