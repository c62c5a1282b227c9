"""Parts: every fitted piece is plain JSON with a type, and this is how it comes back to life."""

from collections.abc import Callable
from typing import Any

from .bg_nbd import BgNbd, MbgNbd
from .blend import Blend, Hurdle, PerOrder
from .btyd_mean import BtydMean
from .btyd_stage import BtydStage
from .calibration import Calibration
from .conversion import Conversion
from .cox import Cox
from .gamma_gamma import GammaGamma
from .intervals import ValueIntervals
from .linear import Linear
from .mbg_cnbd import MbgCnbd
from .pareto_nbd import ParetoNbd
from .refusals import UnknownChoice
from .rules import Column, PastSpend, RateTable, SurvivalTable
from .trees import HazardTrees, Trees
from .uplift import Uplift

TYPES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "bg_nbd": BgNbd.from_json,
    "blend": Blend.from_json,
    "btyd_mean": BtydMean.from_json,
    "btyd_stage": BtydStage.from_json,
    "calibration": Calibration.from_json,
    "conversion": Conversion.from_json,
    "column": Column.from_json,
    "cox": Cox.from_json,
    "gamma_gamma": GammaGamma.from_json,
    "hazard_trees": HazardTrees.from_json,
    "hurdle": Hurdle.from_json,
    "linear": Linear.from_json,
    "mbg_cnbd": MbgCnbd.from_json,
    "mbg_nbd": MbgNbd.from_json,
    "pareto_nbd": ParetoNbd.from_json,
    "past_spend": PastSpend.from_json,
    "per_order": PerOrder.from_json,
    "rate_table": RateTable.from_json,
    "survival_table": SurvivalTable.from_json,
    "trees": Trees.from_json,
    "uplift": Uplift.from_json,
    "value_intervals": ValueIntervals.from_json,
}


def restore(stored: dict[str, Any]) -> Any:
    """Return the part that ``stored`` describes.

    Examples
    --------
    >>> restore({"type": "column", "name": "orders"})
    Column(name='orders')
    >>> restore({"type": "oracle"})
    Traceback (most recent call last):
    ...
    tiercast.serving.refusals.UnknownChoice: no part is of type 'oracle'
    """
    kind = stored.get("type")
    if kind not in TYPES:
        raise UnknownChoice(f"no part is of type {kind!r}", there_is=sorted(TYPES))
    return TYPES[str(kind)](stored)
