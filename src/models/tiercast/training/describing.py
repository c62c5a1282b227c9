"""What a bundle says of customers beside its forecast: segments, scores, and how far they are in a decision."""

from dataclasses import dataclass
from typing import Any

from tiercast import segments as segmenting
from tiercast.config import TrainCard
from tiercast.engines.engine import Engine
from tiercast.registry import Store
from tiercast.schema import History
from tiercast.segments.deciding import learn_decisions
from tiercast.segments.earlier import champions_segments, from_panel
from tiercast.serving.decision import DecisionStages
from tiercast.serving.rfmcl import LETTERS, Rfmcl, fit_rfmcl
from tiercast.serving.segments import Segments


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
