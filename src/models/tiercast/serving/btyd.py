"""The buy-till-you-die models: who comes back within a horizon, and how often.

All four answer the same three questions from the same three columns (days, counted from the first purchase):
``purchase_probability(horizon_days, …)``, ``expected_orders(horizon_days, …)`` and ``alive_probability(…)``.
"""

from .bg_nbd import BgNbd, MbgNbd
from .mbg_cnbd import MbgCnbd
from .pareto_nbd import ParetoNbd

Btyd = BgNbd | MbgCnbd | MbgNbd | ParetoNbd

BTYD_TYPES: tuple[type[BgNbd] | type[MbgCnbd] | type[MbgNbd] | type[ParetoNbd], ...] = (
    MbgNbd,
    ParetoNbd,
    BgNbd,
    MbgCnbd,
)
"""In order of preference: a tie goes to the earlier one."""

__all__ = ["BTYD_TYPES", "BgNbd", "Btyd", "MbgCnbd", "MbgNbd", "ParetoNbd"]
