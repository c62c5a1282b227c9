"""Figures are returned, can be saved, and survive empty input."""

import subprocess
import sys

import numpy as np
import pytest

from tiercast.evaluation import plots

HAPPENED = np.tile([0.0, 1.0, 0.0], 40)
SAID = np.linspace(0.05, 0.95, 120)
DAYS = np.array([7.0, 30.0, 60.0])

DRAWN = {
    "roc": lambda: plots.roc(HAPPENED, {"boosting": SAID, "rule": SAID[::-1]}),
    "lift_and_gains": lambda: plots.lift_and_gains(HAPPENED, SAID),
    "calibration": lambda: plots.calibration(HAPPENED, SAID),
    "deciles": lambda: plots.deciles(HAPPENED * 50, SAID * 40, currency="USD"),
    "survival": lambda: plots.survival(
        np.where(HAPPENED > 0, 20.0, np.nan),
        np.full(120, 60.0),
        {"btyd": np.exp(-SAID[:, None] * DAYS / 30)},
        DAYS,
    ),
    "lorenz": lambda: plots.lorenz(SAID**3),
    "pit": lambda: plots.pit(SAID),
    "over_time": lambda: plots.over_time(
        {"blend": {"2024-11-04": 0.3, "2024-12-02": 0.4}, "rule": {"2024-11-04": 0.5}},
        measure="log_loss",
        larger_is_better=False,
    ),
    "compare_bars": lambda: plots.compare_bars(
        {"rule": 0.4, "boosting": 0.3, "lost": float("nan")}, measure="log_loss", larger_is_better=False
    ),
}
EMPTY = {
    "roc": lambda: plots.roc([], {"boosting": []}),
    "lift_and_gains": lambda: plots.lift_and_gains([], []),
    "calibration": lambda: plots.calibration([], []),
    "deciles": lambda: plots.deciles([], [], currency="USD"),
    "survival": lambda: plots.survival([], [], {"btyd": np.empty((0, 3))}, DAYS),
    "lorenz": lambda: plots.lorenz([]),
    "pit": lambda: plots.pit([]),
    "over_time": lambda: plots.over_time({}, measure="log_loss", larger_is_better=False),
    "compare_bars": lambda: plots.compare_bars({}, measure="brier", larger_is_better=False),
}


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_figure_can_be_saved_and_tells_what_its_axes_are(name, tmp_path):
    figure = DRAWN[name]()
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000
    assert figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_a_figure_without_customers_is_drawn_empty(name, tmp_path):
    EMPTY[name]().savefig(tmp_path / "figure.png")


def test_the_best_learner_is_on_top_and_in_colour():
    axes = DRAWN["compare_bars"]().axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["lost", "rule", "boosting"]
    assert axes.patches[2].get_facecolor() != axes.patches[1].get_facecolor()


def test_importing_the_module_does_not_import_matplotlib_and_drawing_leaves_pyplot_alone():
    script = (
        "import sys; from tiercast.evaluation import plots; assert 'matplotlib' not in sys.modules; "
        "plots.lorenz([1.0, 2.0]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_level_bars_are_a_right_forecast_and_too_narrow_ranges_are_high_at_both_ends():
    even = np.linspace(0.0005, 0.9995, 1000)
    bars = plots.pit(even, bins=10).axes[0].patches
    heights = [bar.get_height() for bar in bars if bar.get_width() < 0.5]
    assert heights == pytest.approx([1.0] * 10)
    narrow = np.where(even < 0.5, even / 2, 1 - (1 - even) / 2)
    ends = [bar.get_height() for bar in plots.pit(narrow, bins=10).axes[0].patches if bar.get_width() < 0.5]
    assert min(ends[0], ends[-1]) > max(ends[4], ends[5])


def test_a_learner_without_a_figure_at_an_origin_leaves_a_gap():
    made = plots.over_time(
        {"rule": {"a": 0.5, "b": 0.4}, "blend": {"b": 0.3}}, measure="brier", larger_is_better=False
    )
    _, blend = (line.get_ydata() for line in made.axes[0].lines)
    assert np.isnan(blend[0])
    assert blend[1] == 0.3
