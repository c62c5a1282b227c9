"""Turn a raw probability into one that can be believed: of the customers told 30 %, about 30 % do it.

What is applied at prediction time. The fitting is in ``tiercast.evaluation.calibration``.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from .refusals import Refused

KINDS = ("identity", "isotonic", "platt", "beta")
LOWEST_PROBABILITY = 1e-6


class BrokenCalibration(Refused, ValueError):
    """A stored calibration that is not a rising map from probability to probability."""

    code = "BROKEN_CALIBRATION"

    def __init__(self, fault: str, **details: Any) -> None:
        super().__init__(f"a calibration must be a rising map: {fault}; fit it again", **details)


@dataclass(frozen=True)
class Calibration:
    """A rising map from raw probability to calibrated probability, then one shift of level.

    The result is always within [1e-6, 1 - 1e-6]. A missing probability stays missing. The order of two
    customers is never reversed.

    Parameters
    ----------
    kind : {"identity", "isotonic", "platt", "beta"}
        ``isotonic`` reads the knots; ``platt`` and ``beta`` read slopes and intercept; ``identity`` reads
        neither.
    knots_probability, knots_calibrated : tuple of float
        Points of the map, both rising; straight between them and constant beyond the first and the last.
    slope, complement_slope, intercept : float
        ``logit(q) = slope * log(p) - complement_slope * log(1 - p) + intercept``. Platt's map has both slopes
        equal (it is affine in the logit); the beta map lets them differ. Slopes are never negative.
    logit_shift : float
        Added to the logit last of all: the level of the newest matured window.

    Notes
    -----
    Zadrozny & Elkan 2002 (isotonic), Platt 1999 (logit affine), Kull, Silva Filho & Flach 2017 (beta).

    Examples
    --------
    >>> halve = Calibration("isotonic", knots_probability=(0.0, 1.0), knots_calibrated=(0.0, 0.5))
    >>> halve.calibrate([0.2, float("nan"), 0.5]).tolist()
    [0.1, nan, 0.25]
    >>> Calibration("identity").calibrate([]).tolist()
    []
    >>> Calibration("isotonic", knots_probability=(0.0, 1.0), knots_calibrated=(0.9, 0.1))
    Traceback (most recent call last):
    ...
    tiercast.serving.calibration.BrokenCalibration: a calibration must be a rising map: knots must rise; ...
    """

    type: ClassVar[str] = "calibration"

    kind: str
    knots_probability: tuple[float, ...] = ()
    knots_calibrated: tuple[float, ...] = ()
    slope: float = 1.0
    complement_slope: float = 1.0
    intercept: float = 0.0
    logit_shift: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BrokenCalibration(f"kind {self.kind!r} is not one of {', '.join(KINDS)}", kinds=list(KINDS))
        if self.kind == "isotonic":
            self._check_knots()
        numbers = (self.slope, self.complement_slope, self.intercept, self.logit_shift)
        if not np.isfinite(numbers).all():
            raise BrokenCalibration("slopes, intercept and shift must be finite numbers")
        if min(self.slope, self.complement_slope) < 0 or self.slope + self.complement_slope == 0:
            raise BrokenCalibration("slopes must not be negative, nor both zero")

    def _check_knots(self) -> None:
        at, to = np.asarray(self.knots_probability), np.asarray(self.knots_calibrated)
        if at.size != to.size or at.size == 0:
            raise BrokenCalibration(f"{at.size} knots map to {to.size} values", knots=at.size, values=to.size)
        within = np.isfinite(at).all() and np.isfinite(to).all() and min(at.min(), to.min()) >= 0
        if not within or max(at.max(), to.max()) > 1:
            raise BrokenCalibration("knots must be numbers from 0 to 1")
        if (np.diff(at) <= 0).any() or (np.diff(to) < 0).any():
            raise BrokenCalibration("knots must rise")

    def calibrate(self, probability: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated probability of each raw one.

        Parameters
        ----------
        probability : array of float, shape (n,)
            Raw probabilities; NaN = unknown. Values outside [0, 1] are read as the nearest end.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            Within [1e-6, 1 - 1e-6]; NaN exactly where NaN came.

        Examples
        --------
        >>> Calibration("platt", slope=2.0, complement_slope=2.0).calibrate([0.5, 0.8]).round(4).tolist()
        [0.5, 0.9412]
        """
        inside = _inside(np.asarray(probability, dtype=np.float64))
        if self.kind == "isotonic":
            mapped = np.interp(inside, self.knots_probability, self.knots_calibrated)
        elif self.kind == "identity":
            mapped = inside
        else:
            score = self.slope * np.log(inside) - self.complement_slope * np.log1p(-inside) + self.intercept
            mapped = expit(score)
        if self.logit_shift:
            mapped = expit(logit(_inside(mapped)) + self.logit_shift)
        return _inside(mapped)

    def to_json(self) -> dict[str, Any]:
        """Return the map as plain JSON, with its ``type``.

        Examples
        --------
        >>> Calibration.from_json(Calibration("identity").to_json()) == Calibration("identity")
        True
        """
        return {
            "type": self.type,
            "kind": self.kind,
            "knots_probability": list(self.knots_probability),
            "knots_calibrated": list(self.knots_calibrated),
            "slope": self.slope,
            "complement_slope": self.complement_slope,
            "intercept": self.intercept,
            "logit_shift": self.logit_shift,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Rebuild the map from :meth:`to_json`, refusing one that does not rise."""
        return cls(
            kind=str(stored["kind"]),
            knots_probability=tuple(float(knot) for knot in stored["knots_probability"]),
            knots_calibrated=tuple(float(knot) for knot in stored["knots_calibrated"]),
            slope=float(stored["slope"]),
            complement_slope=float(stored["complement_slope"]),
            intercept=float(stored["intercept"]),
            logit_shift=float(stored["logit_shift"]),
        )


def _inside(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(probability, LOWEST_PROBABILITY, 1.0 - LOWEST_PROBABILITY)
