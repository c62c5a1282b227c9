"""What a contestant says of every customer: chances, orders, amounts, curves, as files that the judge reads."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tiercast.evaluation.arrays import Floats

CURVE_DAYS: tuple[int, ...] = tuple(range(1, 183))
"""Days of the curve, counted from 1, the day of the cutoff; every day, so that no choice of days weighs some more."""
LEVELS: tuple[float, ...] = tuple((2 * step + 1) / 200 for step in range(100))
"""0.005, 0.015 … 0.995: where a distribution of value is told."""
ANSWERED: tuple[str, ...] = (
    "purchase_probability",
    "expected_orders",
    "expected_value_currency",
    "value_low_currency",
    "value_high_currency",
    "value_given_purchase_low_currency",
    "value_given_purchase_high_currency",
)


class Skipped(Exception):
    """A contestant that cannot take part, with the reason."""


@dataclass(frozen=True)
class Answers:
    """The answers of one contestant; what it cannot say is left out.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``customer_id`` and any columns of :data:`ANSWERED`, over the horizon: the chance of a purchase, order days, gross
        value, its central 80 %, and [Q(.1), Q(.9)] of the value of those who buy.
    learner : str
        Who answered, in words.
    survival : array, shape (customers, days), optional
        P(no purchase through each of :data:`CURVE_DAYS`).
    quantiles : array, shape (customers, levels), optional
        Of the value, in currency, at :data:`LEVELS`.
    notes : tuple of str
        What a reader of the figures must know.
    fit_s, predict_s : float
        Seconds of wall time.
    peak_gb : float
        The most memory that its process held.
    """

    frame: pd.DataFrame
    learner: str
    survival: Floats | None = None
    quantiles: Floats | None = None
    notes: tuple[str, ...] = field(default=())
    fit_s: float = float("nan")
    predict_s: float = float("nan")
    peak_gb: float = float("nan")

    def of(self, cohort: pd.Series) -> "Answers":
        """Return the answers in the order of the cohort.

        Raises
        ------
        ValueError
            It did not answer for exactly these customers, or answered with something that is not finite.
        """
        asked, said = cohort.astype(str), self.frame["customer_id"].astype(str)
        place = pd.Series(np.arange(len(said)), index=said)
        if not place.index.is_unique or set(place.index) != set(asked):
            raise ValueError(f"answers for {len(said)} customers came, {len(asked)} were asked for")
        order = place.loc[asked].to_numpy()
        frame = self.frame.iloc[order].reset_index(drop=True).assign(customer_id=asked.to_numpy())
        survival = None if self.survival is None else self.survival[order]
        quantiles = None if self.quantiles is None else self.quantiles[order]
        numbers = [(name, frame[name].to_numpy(float)) for name in ANSWERED if name in frame]
        tables = [("survival", survival), ("quantiles", quantiles)]
        holes = [
            name for name, each in (*numbers, *tables) if each is not None and not np.isfinite(each).all()
        ]
        if holes:
            raise ValueError(f"answers that are no finite numbers: {', '.join(holes)}")
        return replace(self, frame=frame, survival=survival, quantiles=quantiles)

    def write(self, folder: Path, name: str) -> None:
        """Write the answers beside the task."""
        self.frame.to_parquet(folder / f"{name}.parquet", index=False)
        for what, table in (("survival", self.survival), ("quantiles", self.quantiles)):
            if table is not None:
                np.save(folder / f"{name}.{what}.npy", table)
        told = {key: getattr(self, key) for key in ("learner", "notes", "fit_s", "predict_s", "peak_gb")}
        (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, name: str) -> "Answers":
        """Return the answers that :meth:`write` wrote."""
        told = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        tables = {
            what: np.load(place)
            for what in ("survival", "quantiles")
            if (place := folder / f"{name}.{what}.npy").exists()
        }
        return cls(
            pd.read_parquet(folder / f"{name}.parquet"), **{**told, "notes": tuple(told["notes"])}, **tables
        )
