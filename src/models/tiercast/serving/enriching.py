"""Enriching: features, and all that a version makes of them before it judges, as policies and actions read them.

Training freezes cuts on what this returns and a version judges what this returns, so the two cannot drift apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from .decision import DecisionStages, DecisionStyle
from .forecast import Forecast
from .influence import Influence
from .scores import ChurnBands, Engagement, Rfmcl, Stages, preferred_channel
from .segments import Segments


@dataclass(frozen=True)
class Enriching:
    """The parts whose answers stand beside the features.

    Parameters
    ----------
    channels : sequence of str
        The words of ``preferred_channel_code``, in the order of the codes.
    """

    forecast: Forecast
    segments: Segments
    rfmcl: Rfmcl
    engagement: Engagement
    influence: Influence
    decision_stages: DecisionStages
    decision_style: DecisionStyle
    stages: Stages
    bands: ChurnBands
    channels: Sequence[str]

    def apply(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return features, predictions, segment, scores with their parts, and decisions of each row."""
        predictions = self.forecast.predict(rows)
        assigned = [
            part.assign(rows)
            for part in (
                self.segments,
                self.rfmcl,
                self.engagement,
                self.influence,
                self.decision_stages,
                self.decision_style,
            )
        ]
        frame = pd.concat([rows, predictions, *assigned], axis=1)
        frame["lifecycle_stage"] = self.stages.assign(rows)
        frame["churn_band"] = self.bands.assign(predictions["churn_probability"])
        frame["preferred_channel"] = preferred_channel(rows["preferred_channel_code"], self.channels)
        return frame
