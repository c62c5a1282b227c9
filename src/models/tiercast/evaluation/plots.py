"""Draw what a model is worth, one question to a figure, in one look.

Every function returns a ``matplotlib.figure.Figure`` and shows nothing: no window, no global state, safe in
threads. Save one with ``figure.savefig(path)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from tiercast.evaluation.arrays import Floats, columns
from tiercast.evaluation.probability import binned_sums, expected_calibration_error, roc_auc
from tiercast.evaluation.survival import kaplan_meier

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Corner = Literal["upper left", "upper right", "lower right"]
INK, MUTED, FAINT = "#1f2933", "#7b8794", "#e4e7eb"
OURS, TRUTH = "#1f5fa8", "#d9822b"
SERIES = (OURS, TRUTH, "#2f8f6b", "#8a5aa8", "#b5484c", "#5f6b7a")


def roc(actual: ArrayLike, named_probability: Mapping[str, ArrayLike]) -> Figure:
    """Return the ROC curve of each learner: how many events are found for how many false alarms.

    Examples
    --------
    >>> len(roc([0, 1, 0, 1], {"rule": [0.1, 0.4, 0.35, 0.8]}).axes)
    1
    """
    from sklearn.metrics import roc_curve

    figure, axes = _page(
        "Who is found, for how many false alarms", "share of the others flagged", "share of events found"
    )
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="chance")
    for (name, said), colour in zip(named_probability.items(), _colours(len(named_probability)), strict=True):
        happened, probability = columns(actual, said)
        area = roc_auc(happened, probability)
        if np.isfinite(area):
            alarms, found, _ = roc_curve(happened, probability)
            axes.plot(alarms, found, color=colour, linewidth=2, label=f"{name}  AUC {area:.3f}")
    _unit_square(axes)
    return _finish(figure, axes, place="lower right")


def lift_and_gains(actual: ArrayLike, probability: ArrayLike) -> Figure:
    """Return two panels: share of events reached by contacting the top share, and lift of each tenth.

    Examples
    --------
    >>> len(lift_and_gains([0, 1, 0, 1], [0.1, 0.4, 0.35, 0.8]).axes)
    2
    """
    happened, said = columns(actual, probability)
    figure = _figure(9.0)
    gains, lift = figure.subplots(1, 2)
    _dress(
        gains,
        "How far a share of contacts reaches",
        "share contacted, highest first",
        "share of events reached",
    )
    _dress(lift, "Lift of each tenth", "tenth of customers, highest first", "times the average rate")
    if happened.size and happened.sum() > 0:
        _, events = binned_sums(happened, -said, np.ones_like(said), bins=100)
        reached = np.concatenate([[0.0], np.cumsum(events)]) / happened.sum()
        gains.plot(np.linspace(0, 1, 101), reached, color=OURS, linewidth=2)
        _, tenths = binned_sums(happened, -said, np.ones_like(said), bins=10)
        _bars(lift, np.arange(1, 11), 10.0 * tenths / happened.sum(), OURS, "{:.1f}")
    gains.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    _note(gains, 0.52, 0.46, "by chance")
    lift.axhline(1.0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    lift.set_xticks(range(1, 11))
    _unit_square(gains, equal=False)
    return figure


def calibration(actual: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> Figure:
    """Return the reliability of probabilities: said against happened, in bins of equally many customers.

    The grey band holds 95 % of what a right forecast would show by chance.

    Examples
    --------
    >>> len(calibration([0, 1, 0, 1], [0.1, 0.4, 0.35, 0.8], bins=2).axes)
    1
    """
    happened, said = columns(actual, probability)
    figure, axes = _page("When we say 30 %, is it 30 %?", "said (mean of bin)", "happened (share of bin)")
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="exact")
    top = 1.0
    if happened.size:
        said_total, happened_total = binned_sums(happened, said, np.ones_like(said), bins=bins)
        rows = happened.size / bins
        mean, share = said_total / rows, happened_total / rows
        spread = 1.96 * np.sqrt(np.clip(mean * (1 - mean), 0, None) / rows)
        low, high = np.clip(mean - spread, 0, 1), np.clip(mean + spread, 0, 1)
        axes.fill_between(mean, low, high, color=FAINT, linewidth=0, label="chance, 95 %")
        error = expected_calibration_error(happened, said)
        axes.plot(
            mean, share, color=OURS, linewidth=2, marker="o", markersize=6, label=f"model  ECE {error:.3f}"
        )
        top = min(1.0, 1.1 * float(max(high.max(), share.max(), mean.max(), 0.05)))
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.set_aspect("equal")
    return _finish(figure, axes, place="upper left")


def deciles(actual: ArrayLike, predicted: ArrayLike, *, currency: str) -> Figure:
    """Return mean predicted and mean actual value of each tenth of customers, highest prediction first.

    Examples
    --------
    >>> len(deciles([0, 10, 20, 50], [5, 5, 20, 40], currency="GBP").axes)
    1
    """
    brought, said = columns(actual, predicted)
    figure, axes = _page(
        "Predicted and actual value by tenth of customers",
        "tenth by predicted value, highest first",
        f"mean, {currency}",
    )
    if brought.size:
        said_total, brought_total = binned_sums(brought, said, np.ones_like(said), bins=10)
        rows, place = brought.size / 10.0, np.arange(1, 11)
        axes.bar(place - 0.21, said_total[::-1] / rows, width=0.38, color=OURS, label="predicted")
        axes.bar(place + 0.21, brought_total[::-1] / rows, width=0.38, color=TRUTH, label="actual")
        axes.axhline(0.0, color=INK, linewidth=0.8)
    axes.set_xticks(range(1, 11))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    return _finish(figure, axes, place="upper right")


def survival(
    days_to_purchase: ArrayLike,
    observed_days: ArrayLike,
    named_survival: Mapping[str, ArrayLike],
    curve_days: ArrayLike,
) -> Figure:
    """Return the mean predicted curve of each learner beside what was seen (Kaplan-Meier).

    Examples
    --------
    >>> len(survival([3, np.nan], [30, 30], {"btyd": [[0.6, 0.3], [0.9, 0.8]]}, [7, 30]).axes)
    1
    """
    days = np.asarray(curve_days, dtype=np.float64)
    figure, axes = _page("Who has not bought again yet", "days since the cutoff", "share without a purchase")
    grid = np.arange(0.0, days.max() + 1.0)
    seen = kaplan_meier(days_to_purchase, observed_days, grid)
    axes.step(grid, seen, where="post", color=INK, linewidth=1.5, label="seen (Kaplan-Meier)")
    for (name, curve), colour in zip(named_survival.items(), _colours(len(named_survival)), strict=True):
        table = np.asarray(curve, dtype=np.float64)
        if table.shape[0]:
            mean = np.concatenate([[1.0], table.mean(axis=0)])
            axes.plot(np.concatenate([[0.0], days]), mean, color=colour, linewidth=2, label=name)
    axes.set_xlim(0, days.max())
    axes.set_ylim(0, 1.02)
    _percent(axes, x=False)
    return _finish(figure, axes, place="upper right")


def lorenz(value: ArrayLike) -> Figure:
    """Return how concentrated value is: the share held by the smallest customers up to each share of them.

    The title of the curve tells the share of the top 20 %; nothing is assumed about it.

    Examples
    --------
    >>> len(lorenz([1.0, 2.0, 7.0]).axes)
    1
    """
    (held,) = columns(value)
    figure, axes = _page("How concentrated is value?", "share of customers, smallest first", "share of value")
    lowest = 0.0
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="all alike")
    if held.size and held.sum() > 0:
        share = np.concatenate([[0.0], np.cumsum(np.sort(held))]) / held.sum()
        lowest = float(share.min())
        place = np.linspace(0, 1, share.size)
        top = 1.0 - float(np.interp(0.8, place, share))
        axes.fill_between(place, share, place, color=OURS, alpha=0.10, linewidth=0)
        axes.plot(place, share, color=OURS, linewidth=2, label=f"top 20 % hold {top:.0%}")
        axes.plot([0.8], [1.0 - top], color=OURS, marker="o", markersize=6, linestyle="none")
    _unit_square(axes)
    axes.set_ylim(lowest, 1)
    return _finish(figure, axes, place="upper left")


def pit(transform: ArrayLike, *, bins: int = 20) -> Figure:
    """Return where what came fell in what was held possible: level bars are a right forecast.

    Bars high in the middle say ranges are too wide, high at both ends too narrow, high at one end that too much or too
    little was told. The grey band holds 95 % of what a right forecast would show by chance, a customer counted once a row.

    Examples
    --------
    >>> len(pit([0.1, 0.5, 0.9], bins=2).axes)
    1
    """
    (held,) = columns(transform)
    known = held[np.isfinite(held)]
    figure, axes = _page(
        "Does value fall where it was expected?",
        "share of what was held possible that lies below",
        "times even",
    )
    if known.size:
        rows, edges = np.histogram(known, bins=bins, range=(0.0, 1.0))
        even = known.size / bins
        spread = 1.96 * np.sqrt((1.0 - 1.0 / bins) / even)
        axes.axhspan(max(1.0 - spread, 0.0), 1.0 + spread, color=FAINT, linewidth=0, label="chance, 95 %")
        inside = float(((known >= 0.1) & (known <= 0.9)).mean())
        axes.bar(
            (edges[:-1] + edges[1:]) / 2, rows / even, width=0.92 / bins, color=OURS,
            label=f"model  {inside:.0%} within the central 80 %",
        )  # fmt: skip
        axes.set_ylim(0, 1.25 * max(float(rows.max()) / even, 1.0 + spread))
    axes.axhline(1.0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xlim(0, 1)
    return _finish(figure, axes, place="upper right")


def over_time(
    named_figures: Mapping[str, Mapping[str, float]], *, measure: str, larger_is_better: bool
) -> Figure:
    """Return a measure by test origin, one line a learner: does it get worse with time?

    Examples
    --------
    >>> drawn = over_time({"blend": {"2024-11-04": 0.32, "2024-12-02": 0.34}}, measure="log_loss", larger_is_better=False)
    >>> [label.get_text() for label in drawn.axes[0].get_xticklabels()]
    ['2024-11-04', '2024-12-02']
    """
    direction = "larger is better" if larger_is_better else "smaller is better"
    figure, axes = _page(f"{measure.replace('_', ' ')} over time ({direction})", "test origin", "")
    origins = sorted({origin for by_origin in named_figures.values() for origin in by_origin})
    for (name, by_origin), colour in zip(named_figures.items(), _colours(len(named_figures)), strict=True):
        seen = [by_origin.get(origin, np.nan) for origin in origins]
        axes.plot(range(len(origins)), seen, color=colour, linewidth=2, marker="o", markersize=6, label=name)
    axes.set_xticks(range(len(origins)), origins)
    axes.margins(x=0.12, y=0.25)
    return _finish(figure, axes, place="upper right")


def compare_bars(
    figures: Mapping[str, float], *, measure: str, larger_is_better: bool, ours: str | None = None
) -> Figure:
    """Return one bar per learner on one measure, the best on top; ``ours`` is the one in colour.

    A learner whose figure is NaN keeps its place at the bottom and is told as "none".

    Examples
    --------
    >>> bars = compare_bars({"rule": 0.37, "boosting": 0.32}, measure="log_loss", larger_is_better=False)
    >>> [label.get_text() for label in bars.axes[0].get_yticklabels()]
    ['rule', 'boosting']
    """
    known = {name: figure for name, figure in figures.items() if np.isfinite(figure)}
    ranked = sorted(known, key=lambda name: (known[name] if larger_is_better else -known[name], name))
    names = [*sorted(set(figures) - set(known), reverse=True), *ranked]
    direction = "larger is better" if larger_is_better else "smaller is better"
    figure = _figure(6.4, height=1.3 + 0.42 * max(len(names), 1))
    axes = figure.subplots()
    _dress(axes, f"{measure.replace('_', ' ')} ({direction})", "", "")
    lengths = [known.get(name, 0.0) for name in names]
    highlighted = ours if ours is not None else (names[-1] if names else None)
    colours = [OURS if name == highlighted else "#b8c1cc" for name in names]
    axes.barh(range(len(names)), lengths, height=0.62, color=colours)
    for place, name in enumerate(names):
        text = f"{known[name]:.4g}" if name in known else "none"
        axes.annotate(
            text,
            (max(lengths[place], 0.0), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.14)
    return figure


def _figure(width: float = 5.6, *, height: float = 4.4) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(width, height), dpi=120, facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    return figure


def _page(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    figure = _figure()
    axes = figure.subplots()
    _dress(axes, title, across, up)
    return figure, axes


def _dress(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=10, fontweight="bold")
    axes.set_xlabel(across, color=MUTED, fontsize=9)
    axes.set_ylabel(up, color=MUTED, fontsize=9)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=3)
    axes.grid(color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#cbd2d9")


def _finish(figure: Figure, axes: Axes, *, place: Corner) -> Figure:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)
    return figure


def _unit_square(axes: Axes, *, equal: bool = True) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.005)
    _percent(axes)
    if equal:
        axes.set_aspect("equal")


def _percent(axes: Axes, *, x: bool = True) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if x:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _bars(axes: Axes, place: np.ndarray, height: Floats, colour: str, text: str) -> None:
    bars = axes.bar(place, height, width=0.72, color=colour)
    axes.bar_label(bars, [text.format(value) for value in height], padding=2, fontsize=8, color=INK)
    axes.grid(visible=False, axis="x")


def _note(axes: Axes, across: float, up: float, text: str) -> None:
    axes.annotate(text, (across, up), fontsize=8.5, color=MUTED)


def _colours(series: int) -> list[str]:
    return [SERIES[number % len(SERIES)] for number in range(series)]
