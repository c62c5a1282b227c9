"""The search for parameters is kept in the store: repeated, it fits nothing; on other rows, it begins anew."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

from tests.path.world import small_panel
from tiercast.config import TrainCard
from tiercast.learners.learner import Learner, Panel, Range, Setup
from tiercast.registry import open_store, recorded, start_run
from tiercast.serving.rules import RateTable
from tiercast.training import search
from tiercast.training.plan import Plan
from tiercast.training.search import fingerprint, study_of, tune_all
from tiercast.windows import Fold, Horizon

CARD = TrainCard(job="train", source="drawn", tuning_trials=3)
FITTED: list[float] = []


def _fit(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> RateTable:
    FITTED.append(parameters["rate"])
    return RateTable((), (), (parameters["rate"],))


LEARNERS = {"rate": Learner("rate", "churn", "model", _fit, {"rate": 0.5}, {"rate": Range(0.1, 0.9)})}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return small_panel()


def _search(
    folder: Path,
    panel: Panel,
    setup: Setup,
    learners: Mapping[str, Learner] = LEARNERS,
    *,
    card: TrainCard = CARD,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, dict[str, float]], int]:
    origins = sorted(set(panel.features["cutoff"]))
    fold = Fold(tuple(origins[:-2]), origins[-2], origins[-1])
    end = date(2030, 1, 1)
    plan = Plan(setup.horizon, setup.horizon, (fold,), tuple(origins), end, ())
    FITTED.clear()
    store = open_store(folder)
    with start_run(store, "tiercast", "train") as run:
        found = tune_all(learners, panel, plan, setup, card=card, run=run, progress=progress)
    return found, len(FITTED)


def test_a_repeated_search_takes_its_trials_from_the_store(tmp_path: Path, panel: Panel) -> None:
    setup = Setup(Horizon(28), 7)
    first, fitted = _search(tmp_path, panel, setup)
    assert fitted == 3
    again, fitted = _search(tmp_path, panel, setup)
    assert (again, fitted) == (first, 0)
    assert len(recorded(open_store(tmp_path), "tiercast", {"tiercast.kind": "trial"})) == 3
    _, fitted = _search(tmp_path, panel, replace(setup, seed=8))
    assert fitted == 3, "another seed is another search"


def test_another_code_of_the_same_name_is_another_search() -> None:
    def newer(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> RateTable:
        return RateTable((), (), (parameters["rate"] ** 2,))

    before, setup = LEARNERS["rate"], Setup(Horizon(28), 7)
    module = {"__name__": "typed", "Panel": Panel, "Mapping": Mapping, "Setup": Setup, "RateTable": RateTable}
    after = replace(before, fit=FunctionType(newer.__code__, module))
    assert study_of(before, "rows", setup) == study_of(replace(before), "rows", setup)
    assert study_of(before, "rows", setup) != study_of(after, "rows", setup)
    assert study_of(before, "rows", setup) != study_of(replace(before, space={}), "rows", setup)


def test_what_a_buyers_panel_cannot_judge_is_not_tuned(tmp_path: Path, panel: Panel) -> None:
    of_prospects = {"rate": replace(LEARNERS["rate"], target="conversion")}
    found, fitted = _search(tmp_path, panel, Setup(Horizon(28), 7), of_prospects)
    assert (found, fitted) == ({"rate": {"rate": 0.5}}, 0)


def test_rows_that_differ_in_one_cell_are_another_search(panel: Panel) -> None:
    changed = replace(panel, features=panel.features.assign(orders=panel.features["orders"] + 1))
    assert fingerprint([panel]) == fingerprint([replace(panel)])
    assert fingerprint([panel]) != fingerprint([changed])
    assert fingerprint([panel]) != fingerprint([replace(panel, labels=panel.labels.iloc[::-1])])


def test_a_search_needs_no_installed_tiercast(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_others(name: str) -> str:
        if name == "tiercast":
            raise PackageNotFoundError(name)
        return version(name)

    study = study_of(LEARNERS["rate"], "rows", Setup(Horizon(28), 7))
    monkeypatch.setattr(search, "version", only_others)
    search._ours.cache_clear()
    assert study_of(LEARNERS["rate"], "rows", Setup(Horizon(28), 7)) == study


@pytest.mark.parametrize(("stops_in", "kept"), [(3, 2), (8, 7)])
def test_what_an_interrupted_search_fitted_is_kept_and_the_next_goes_on_from_it(
    tmp_path: Path, panel: Panel, stops_in: int, kept: int
) -> None:
    def interrupted(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> RateTable:
        if len(FITTED) + 1 == stops_in:
            raise KeyboardInterrupt
        return _fit(panel, parameters, setup)

    name, card, setup = f"stopped_in_{stops_in}", replace(CARD, tuning_trials=10), Setup(Horizon(28), 7)
    whole = replace(LEARNERS["rate"], name=name)
    with pytest.raises(KeyboardInterrupt):
        _search(tmp_path, panel, setup, {name: replace(whole, fit=interrupted)}, card=card)
    before = recorded(open_store(tmp_path), "tiercast", {"tiercast.learner": name})
    assert [float(each.params["rate"]) for each in before] == FITTED
    assert len(before) == kept
    _, fitted = _search(tmp_path, panel, setup, {name: whole}, card=card)
    assert fitted == 10 - kept, "the same code: only what is left is fitted"
    assert len(recorded(open_store(tmp_path), "tiercast", {"tiercast.learner": name})) == 10


def test_a_search_tells_each_better_trial_and_each_tenth_and_no_more(tmp_path: Path, panel: Panel) -> None:
    told: list[str] = []
    learners = {"told": replace(LEARNERS["rate"], name="told")}
    card = replace(CARD, tuning_trials=20)
    _search(tmp_path, panel, Setup(Horizon(28), 7), learners, card=card, progress=told.append)
    runs = recorded(open_store(tmp_path), "tiercast", {"tiercast.learner": "told"})
    best = np.minimum.accumulate([each.metrics["loss"] for each in runs])
    better = {place + 1 for place in range(20) if place == 0 or best[place] < best[place - 1]}
    expected = [
        f"tuning told: trial {number} of 20, best loss {best[number - 1]:.5g}"
        for number in sorted(better | {10, 20})
    ]
    assert told == ["tuning told", *expected]
    assert len(told) < 12
