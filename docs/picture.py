"""Draw the picture of the README from a real run: ``python docs/picture.py`` trains as ``make demo`` does (minutes)."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tiercast.training.judging import Results

PLACE = Path(__file__).parent / "images" / "demo.png"
INK, MUTED, FAINT, BLUE, ORANGE, GREY = "#1f2933", "#7b8794", "#e4e7eb", "#1f5fa8", "#d9822b", "#b8c1cc"
TIERS = ("top", "large", "medium", "small")


def draw(results: Results, cards: pd.DataFrame) -> Figure:
    """Return three panels: is churn believable, is value ranked and sized, and what is in the tiers."""
    figure = Figure(figsize=(12.5, 3.9), dpi=110, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    _believable(left, results)
    _ranked(middle, results)
    _tiers(right, cards)
    for axes in (left, middle, right):
        axes.tick_params(colors=MUTED, labelsize=8.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color=FAINT, linewidth=0.8, axis="both" if axes is left else "y")
        axes.set_axisbelow(True)
        axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    return figure


def _title(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold")
    axes.set_xlabel(across, color=MUTED, fontsize=9)
    axes.set_ylabel(up, color=MUTED, fontsize=9)


def _believable(axes: Axes, results: Results) -> None:
    churn, winner = results.answers["churn"], results.winners["churn"]
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for name, colour in ((winner, BLUE), ("btyd", ORANGE)):
        tenth = churn[name].rank(method="first", pct=True).mul(10).clip(upper=9.999).astype(int)
        mean = churn.groupby(tenth)[[name, "actual"]].mean()
        loss = results.figures["churn"][name]["mean"]["log_loss"]
        axes.plot(
            mean[name],
            mean["actual"],
            color=colour,
            marker="o",
            markersize=4.5,
            linewidth=2,
            label=f"{name}, log loss {loss:.3f}",
        )
    _title(axes, "Churn: what we say is what happens", "said: no purchase in 28 days", "happened")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _ranked(axes: Axes, results: Results) -> None:
    value, winner = results.answers["lifetime_value"], results.winners["lifetime_value"]
    tenth = 10 - value[winner].rank(method="first", pct=True).mul(10).clip(upper=9.999).astype(int)
    mean = value.groupby(tenth)[[winner, "actual"]].mean()
    axes.bar(mean.index - 0.2, mean[winner], width=0.38, color=BLUE, label="predicted")
    axes.bar(mean.index + 0.2, mean["actual"], width=0.38, color=ORANGE, label="actual")
    axes.set_xticks(range(1, 11))
    _title(
        axes,
        "Value: ranked and sized",
        "tenth of customers by predicted value",
        "mean net revenue in 28 days, USD",
    )


def _tiers(axes: Axes, cards: pd.DataFrame) -> None:
    grouped = cards.groupby("tier").agg(
        customers=("customer_id", "size"), value=("expected_value_currency", "sum")
    )
    shown = grouped.reindex([tier for tier in TIERS if tier in grouped.index])
    place = np.arange(len(shown))
    share = 100 * shown / shown.sum()
    for offset, name, colour, label in (
        (-0.2, "customers", GREY, "share of customers"),
        (0.2, "value", BLUE, "share of expected value"),
    ):
        bars = axes.bar(place + offset, share[name], width=0.38, color=colour, label=label)
        axes.bar_label(bars, [f"{height:.0f} %" for height in share[name]], padding=2, fontsize=8, color=INK)
    axes.set_xticks(place, shown.index)
    axes.set_ylim(0, 100)
    _title(axes, "Tiers: few customers, much value", "", "%")


if __name__ == "__main__":
    from tiercast import jobs

    with tempfile.TemporaryDirectory() as folder:
        report = jobs.demo(root=folder, out=Path(folder) / "scorecards")
    PLACE.parent.mkdir(exist_ok=True)
    draw(report.train.results, report.score.cards).savefig(PLACE)
