"""What a bundle says of customers beside its forecast: segments, scores, and how far they are in a decision."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from tiercast import segments as segmenting
from tiercast.actions.habits import fit_habits
from tiercast.actions.next_best import ActionTable
from tiercast.config import TrainCard
from tiercast.engines.engine import Engine
from tiercast.registry import Store
from tiercast.schema import History
from tiercast.segments.deciding import learn_decisions
from tiercast.segments.earlier import champions_segments, from_panel
from tiercast.serving.decision import DecisionStages
from tiercast.serving.rfmcl import LETTERS, Rfmcl, fit_rfmcl
from tiercast.serving.segments import Segments
from tiercast.training import assembly

Stage = Callable[..., tuple[Path, segmenting.SegmentReport]]


@dataclass(frozen=True)
class Described:
    """Fitted once a training, for the rule's bundle and the challenger's alike."""

    segmented: tuple[Segments, segmenting.SegmentReport]
    decided: DecisionStages
    rfmcl: Rfmcl


def describe(ready: Any, engine: Engine, *, history: History, store: Store, card: TrainCard) -> Described:
    """Return what describes the customers of a training; segments keep the labels of the champion's.

    Parameters
    ----------
    ready : Prepared
        What :func:`tiercast.training.train.prepare` returned.
    """
    cutoff = ready.plan.data_ends_on
    value = ready.panel.labels["value_currency"].to_numpy(float)
    segmented = segmenting.fit(
        ready.customers,
        clusters=card.clusters or None,
        seed=card.seed,
        past=from_panel(ready.panel.features, value, ready.customers, cutoff=cutoff),
        previous=champions_segments(store),
    )
    decided = learn_decisions(
        engine, history, ready.catalogue, cutoff=cutoff, first_day=ready.account.first_day, seed=card.seed
    )
    weights = dict(zip(LETTERS, card.rfmcl_weights, strict=True))
    rfmcl = fit_rfmcl(ready.customers, weights=weights, third_letter=card.rfmcl_third_letter)
    return Described(segmented, decided.part, rfmcl)


def stage_of(
    ready: Any, engine: Engine, *, history: History, store: Store, card: TrainCard, actions: ActionTable
) -> Stage:
    """Return what makes a bundle of a forecast: :func:`~tiercast.training.assembly.stage`, told all that is not the forecast.

    Segments, scores, stages, habits and actions are fitted here, once, for each bundle of a training. ``model_card``,
    ``facts`` and ``conversion`` are left to say.

    Parameters
    ----------
    ready : Prepared
        What :func:`tiercast.training.train.prepare` returned.
    actions : ActionTable
        The rules of next best actions.
    """
    described = describe(ready, engine, history=history, store=store, card=card)
    kinds = described.segmented[0].assign(ready.customers)["segment"]
    habits, _ = fit_habits(
        engine, history, ready.plan.data_ends_on, extensions=card.extensions, seed=card.seed,
        groups=kinds.set_axis(pd.Index(ready.customers["customer_id"])),
    )  # fmt: skip
    return partial(
        assembly.stage, history=history, catalogue=ready.catalogue, features=ready.customers,
        data_ends_on=ready.plan.data_ends_on, segmented=described.segmented, decided=described.decided,
        rfmcl=described.rfmcl, default_policy=card.policy, extensions=card.extensions, policy_files=card.policies,
        habits=habits, actions=actions,
    )  # fmt: skip
