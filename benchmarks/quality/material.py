"""What every contestant is given, and nothing else: the touchpoints before the cutoff, and who is asked for."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tiercast.evaluation.arrays import Floats
from tiercast.schema import History
from tiercast.windows import day_number

PAST = "past.parquet"
PURCHASES = "purchases.parquet"
TOLD = "material.json"


@dataclass(frozen=True, kw_only=True)
class Material:
    """A folder with the past of one task.

    Parameters
    ----------
    folder : str
    name : str
        Of the data.
    cutoff_on : str
        ISO date; nothing on or after it is in the folder.
    horizon_days : int
    seed : int
    currency, zone : str
    minor_per_major : int
    peaks : tuple of str
        As :class:`tiercast.schema.History` has them.
    has_amounts : bool
        Whether any purchase has an amount.
    our_fit_s : float
        The seconds that we took to fit: the peers that search are given three times as many.
    """

    folder: str
    name: str
    cutoff_on: str
    horizon_days: int
    seed: int
    currency: str
    zone: str
    minor_per_major: int
    peaks: tuple[str, ...]
    has_amounts: bool
    our_fit_s: float = 60.0

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(self.folder)

    @property
    def cutoff(self) -> date:
        """The cutoff."""
        return date.fromisoformat(self.cutoff_on)

    @property
    def cutoff_day(self) -> int:
        """The cutoff as days since 1970."""
        return day_number(self.cutoff)

    @cached_property
    def purchases(self) -> pd.DataFrame:
        """One row per customer and day with a purchase: ``customer_id``, ``day`` since 1970, ``value_currency``."""
        return pd.read_parquet(self.place / PURCHASES)

    @cached_property
    def cohort(self) -> pd.Series:
        """Everybody with a purchase before the cutoff, in order."""
        return pd.Series(np.sort(self.purchases["customer_id"].unique()), name="customer_id")

    @property
    def history(self) -> History:
        """The touchpoints before the cutoff, returns left out."""
        return History(
            self.name,
            files=(str(self.place / PAST),),
            format="parquet",
            currency=self.currency,
            zone=self.zone,
            minor_per_major=self.minor_per_major,
            peaks=self.peaks,
        )

    def write(self) -> None:
        """Write what the folder does not say itself."""
        (self.place / TOLD).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Material":
        """Return the material of a folder."""
        told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        return cls(**{**told, "folder": str(folder), "peaks": tuple(told["peaks"])})

    def timed(self, our_fit_s: float) -> "Material":
        """Return the material with the seconds that we took, and write it so."""
        told = replace(self, our_fit_s=our_fit_s)
        told.write()
        return told


def seen_at(purchases: pd.DataFrame, cohort: pd.Series, day: int) -> pd.DataFrame:
    """Return what purchases before a day say of each customer of the cohort, in its order.

    Returns
    -------
    pandas.DataFrame
        ``order_days``, ``repeat_order_days``, ``purchase_span_days``, ``customer_age_days``, ``days_since_purchase``,
        ``spend_currency``, ``repeat_spend_mean_currency`` (the mean of the order days after the first; 0 without any).

    Examples
    --------
    >>> bought = pd.DataFrame({"customer_id": ["a", "a"], "day": [10, 20], "value_currency": [5.0, 9.0]})
    >>> seen_at(bought, pd.Series(["a"]), 30).iloc[0].astype(int).tolist()
    [2, 1, 10, 20, 10, 14, 9]
    """
    before = purchases[purchases["day"] < day].sort_values(["customer_id", "day"], kind="stable")
    by = before.groupby("customer_id", sort=False)
    found = pd.DataFrame(
        {
            "order_days": by.size(),
            "first": by["day"].min(),
            "last": by["day"].max(),
            "spend_currency": by["value_currency"].sum(),
            "first_spend": by["value_currency"].first(),
        }
    ).reindex(cohort)
    repeats = found["order_days"] - 1.0
    later = (found["spend_currency"] - found["first_spend"]).clip(lower=0.0)
    return (
        pd.DataFrame(
            {
                "order_days": found["order_days"],
                "repeat_order_days": repeats,
                "purchase_span_days": found["last"] - found["first"],
                "customer_age_days": day - found["first"],
                "days_since_purchase": day - found["last"],
                "spend_currency": found["spend_currency"],
                "repeat_spend_mean_currency": (later / repeats.where(repeats > 0)).fillna(0.0),
            }
        )
        .reset_index(drop=True)
        .astype(float)
    )


def stretched(probability: Floats, *, window_days: int, horizon_days: int) -> Floats:
    """Return the chance over the horizon, where it was learned over a window: the hazard is taken as constant.

    Examples
    --------
    >>> stretched(np.array([0.5]), window_days=10, horizon_days=20).tolist()
    [0.75]
    """
    left = np.log1p(-np.clip(probability, 0.0, 1.0 - 1e-9))
    return np.asarray(-np.expm1(left * horizon_days / window_days))
