"""A target is one question about the future: what answers it afterwards, what judges it, which rule stands in."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One question.

    Parameters
    ----------
    name : str
        ``churn``, ``repurchase``, ``lifetime_value``: what learners and cards call it.
    question : str
        As a marketer asks it.
    label : str
        Column of the label frame that answers it afterwards.
    deciding_metric : str
        The figure that is told first and that the gate compares.
    larger_is_better : bool
        Which way that figure improves.
    rule : str
        The learner that is in charge until something beats it.
    usual : str
        The candidate that answers unless another is proven better; empty where the least loss decides.
    metrics : callable
        Every figure of a set of answers; see ``tiercast.evaluation.metrics``.
    then : tuple of str
        Candidates that answer where the usual one is proven worse, the first of them that is not itself.
    """

    name: str
    question: str
    label: str
    deciding_metric: str
    larger_is_better: bool
    rule: str
    usual: str
    metrics: Callable[..., dict[str, float]]
    then: tuple[str, ...] = ()
