"""A learner whose part no bundle could bring back to life."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tiercast.learners.learner import Learner, Panel, Setup


class Oracle:
    """Answers 0.5, and knows no served type."""

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        return np.full(len(features), 0.5)

    def to_json(self) -> dict[str, Any]:
        return {"type": "oracle"}


def _fit(panel: Panel, parameters: Mapping[str, float], setup: Setup) -> Oracle:
    return Oracle()


ORACLE = Learner("oracle", "churn", "model", _fit, {}, {})
