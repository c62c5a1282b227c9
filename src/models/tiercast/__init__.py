"""Omnichannel customer lifecycle modelling: from touchpoints to predictions, segments and tiers.

The public Python API, frames in and frames out:

``open_source`` once for many steps · ``check`` what is in a source · ``compute_features`` what was known at a cutoff ·
``panel`` a training table · ``clocks`` when what was bought runs out · ``plan`` whom to contact ·
``train`` models to the gate · ``segment`` customers · ``stages`` of their lives · ``audit`` for leaks ·
``score`` in batch · ``explain`` one customer · ``uplift`` of an experiment and ``apply_uplift`` to others ·
``conversion`` of prospects · ``load`` a served version. Importing the package imports none of the libraries behind it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiercast.api import (
        apply_uplift,
        audit,
        check,
        clocks,
        compute_features,
        conversion,
        explain,
        load,
        open_source,
        panel,
        plan,
        score,
        segment,
        stages,
        train,
        uplift,
    )

__version__ = "0.1.0"
__all__ = [
    "apply_uplift",
    "audit",
    "check",
    "clocks",
    "compute_features",
    "conversion",
    "explain",
    "load",
    "open_source",
    "panel",
    "plan",
    "score",
    "segment",
    "stages",
    "train",
    "uplift",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from tiercast import api

        return getattr(api, name)
    raise AttributeError(f"tiercast has no {name!r}; there is: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
