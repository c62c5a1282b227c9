"""Pictures of segments and stages: how big, what they are like, who moved; one question to a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tiercast.segments.traits import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, OURS = "#1f2933", "#7b8794", "#1f5fa8"


def sizes(profile: pd.DataFrame) -> Figure:
    """Return how many customers each segment has, the most valuable segment on top.

    Examples
    --------
    >>> made = sizes(pd.DataFrame({"segment": ["a", "b"], "customers": [3, 1], "customer_share": [0.75, 0.25]}))
    >>> [text.get_text() for text in made.axes[0].get_yticklabels()]
    ['b', 'a']
    """
    figure, axes = _page("How many customers are like that?", rows=len(profile))
    shown = profile.iloc[::-1]
    axes.barh(range(len(shown)), shown["customers"], height=0.62, color=OURS)
    for place, (count, share) in enumerate(zip(shown["customers"], shown["customer_share"], strict=True)):
        axes.annotate(
            f"{count:,} ({100 * share:.0f} %)", (count, place), xytext=(5, 0), textcoords="offset points",
            va="center", fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), list(shown["segment"]))
    axes.set_xticks([])
    axes.margins(x=0.25)
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    return figure


def fingerprints(indexes: pd.DataFrame) -> Figure:
    """Return what each segment has more (blue) or less (red) of; faint where the interval holds the average.

    Examples
    --------
    >>> told = pd.DataFrame({"segment": ["a"], "behaviour": ["orders"], "index": [0.8], "stands_out": ["over"]})
    >>> len(fingerprints(told).axes)
    1
    """
    segments = list(dict.fromkeys(indexes["segment"]))
    names = list(dict.fromkeys(indexes["behaviour"]))
    table = indexes.pivot_table(
        index="behaviour", columns="segment", values="index", sort=False, dropna=False
    )
    cells = table.reindex(index=names, columns=segments).to_numpy(dtype=float)
    clear = {
        (row, column)
        for row, column, out in zip(
            indexes["behaviour"], indexes["segment"], indexes["stands_out"], strict=True
        )
        if out
    }
    figure, axes = _page("What is each segment like?", rows=len(names), width=4.2 + 1.5 * len(segments))
    limit = max(float(np.nanmax(np.abs(cells))) if np.isfinite(cells).any() else 1.0, 0.5)
    axes.imshow(cells, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto", alpha=0.85)
    for row, name in enumerate(names):
        for column, segment in enumerate(segments):
            value = float(cells[row, column])
            axes.annotate(
                "" if np.isnan(value) else f"{value:+.1f}", (column, row), ha="center", va="center", fontsize=8.5,
                color=_on(value, limit) if (name, segment) in clear else "#b8c1cc",
            )  # fmt: skip
    axes.set_xticks(range(len(segments)), [each.replace(", ", "\n") for each in segments], fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(names)), [plain(each) for each in names], fontsize=8)
    axes.tick_params(length=0)
    return figure


def flows(moves: pd.DataFrame, *, title: str = "Who moved where?") -> Figure:
    """Return the share of each label before that has each label after.

    Examples
    --------
    >>> moves = pd.DataFrame({"before": ["a"], "after": ["b"], "customers": [3], "share_of_before": [1.0]})
    >>> len(flows(moves).axes)
    1
    """
    rows, columns = list(dict.fromkeys(moves["before"])), list(dict.fromkeys(moves["after"]))
    columns = [*(each for each in rows if each in columns), *(each for each in columns if each not in rows)]
    table = moves.pivot_table(index="before", columns="after", values="share_of_before", sort=False)
    cells = table.reindex(index=rows, columns=columns).fillna(0.0).to_numpy(dtype=float)
    figure, axes = _page(title, rows=len(rows), width=3.4 + 1.15 * max(len(columns), 1))
    axes.imshow(cells, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row in range(len(rows)):
        for column in range(len(columns)):
            share = float(cells[row, column])
            if share > 0:
                axes.annotate(f"{100 * share:.0f} %", (column, row), ha="center", va="center", fontsize=8.5,
                              color="white" if share > 0.6 else INK)  # fmt: skip
    axes.set_xticks(range(len(columns)), [each.replace(", ", "\n") for each in columns], fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.tick_params(length=0)
    return figure


def pictures_of(report: Any) -> dict[str, Figure]:
    """Return the figures of a segment report by file name; none where there is nothing to draw."""
    made = {}
    if len(report.profile):
        made["sizes"] = sizes(report.profile)
    if len(report.indexes):
        made["profile"] = fingerprints(report.indexes)
    if len(report.migration):
        made["migration"] = flows(report.migration)
    return made


def _on(value: float, limit: float) -> str:
    return "white" if abs(value) > 0.75 * limit else INK


def _page(title: str, *, rows: int, width: float = 6.8) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(width, 1.5 + 0.42 * max(rows, 1)), dpi=120, facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=10, fontweight="bold")
    axes.tick_params(colors=MUTED, length=0)
    axes.grid(visible=False)
    return figure, axes
