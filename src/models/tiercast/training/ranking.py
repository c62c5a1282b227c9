"""Whether a model tells churners from others at all: below an AUC of 0.65 it hardly does, and that is said."""

from collections.abc import Mapping

LEAST_AUC = 0.65


def check_ranking(
    figures: Mapping[str, Mapping[str, float]], *, least_auc: float = LEAST_AUC
) -> tuple[str, ...]:
    """Warn of a churn model whose mean AUC over the test origins is too low to choose customers by.

    Parameters
    ----------
    figures : mapping
        Of the chosen candidate: by test origin, and ``mean``, the metrics; see :class:`~tiercast.training.judging.Results`.
    least_auc : float
        The chance that of a churner and another the churner is told the higher risk; 0.5 is a coin.

    Examples
    --------
    >>> check_ranking({"mean": {"roc_auc": 0.65}})
    ()
    >>> check_ranking({"mean": {"roc_auc": 0.612}})[0][:102]
    'WEAK_RANKING: of a churner and another customer the churner is told the higher risk in 61.2 % of cases'
    """
    auc = figures.get("mean", {}).get("roc_auc", float("nan"))
    if not auc < least_auc:
        return ()
    return (
        f"WEAK_RANKING: of a churner and another customer the churner is told the higher risk in {100 * auc:.1f} % of cases "
        f"(AUC; at least {100 * least_auc:.0f} % are expected): rely on the rule, and take a longer horizon or data that "
        "tell more",
    )
