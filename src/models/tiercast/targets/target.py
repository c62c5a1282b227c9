"""A target is one question about the future: which customers it is asked of, its label, its metrics, its gate."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Target:
    """One question.

    Parameters
    ----------
    name : str
        ``churn``, ``repurchase``, ``lifetime_value``.
    question : str
        As a marketer asks it.
    label : str
        Column of the label frame that answers it afterwards.
    better : str
        ``lower`` or ``higher``: which way the deciding metric improves.
    deciding_metric : str
        The metric that selects and gates.
    losses : callable, optional
        ``(label, prediction) -> one loss a row``, where the deciding metric is a mean of rows.
    metrics : callable
        ``(labels, predictions) -> {metric: value}``.
    """

    name: str
    question: str
    label: str
    deciding_metric: str
    better: str
    metrics: Callable[[pd.DataFrame, pd.DataFrame], dict[str, float]]
    losses: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
