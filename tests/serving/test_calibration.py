"""The calibration applied at prediction time."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from tiercast.serving.calibration import BrokenCalibration, Calibration

MAPS = {
    "identity": Calibration("identity"),
    "shifted": Calibration("identity", logit_shift=-0.4),
    "isotonic": Calibration("isotonic", knots_probability=(0.1, 0.5, 0.8), knots_calibrated=(0.0, 0.3, 1.0)),
    "platt": Calibration("platt", slope=0.6, complement_slope=0.6, intercept=-0.5),
    "beta": Calibration("beta", slope=0.2, complement_slope=1.4, intercept=0.3, logit_shift=0.2),
}
raw = st.lists(st.one_of(st.floats(-0.5, 1.5), st.just(float("nan"))), max_size=40)


@pytest.mark.parametrize("name", sorted(MAPS))
@given(said=raw)
def test_a_map_never_turns_the_order_and_keeps_missing_missing(name, said):
    mapped = MAPS[name].calibrate(said)
    given_probability = np.array(said, dtype=float)
    assert mapped.dtype == np.float64
    assert (np.isnan(mapped) == np.isnan(given_probability)).all()
    known = np.sort(given_probability[~np.isnan(given_probability)])
    rising = MAPS[name].calibrate(known)
    assert (np.diff(rising) >= -1e-12).all()
    assert ((rising >= 1e-6) & (rising <= 1 - 1e-6)).all()


@pytest.mark.parametrize("name", sorted(MAPS))
def test_a_map_survives_its_json(name):
    stored = json.loads(json.dumps(MAPS[name].to_json(), allow_nan=False))
    assert stored["type"] == "calibration"
    again = Calibration.from_json(stored)
    assert again == MAPS[name]
    assert (again.calibrate(np.linspace(0, 1, 50)) == MAPS[name].calibrate(np.linspace(0, 1, 50))).all()


def test_platt_and_beta_are_their_formulas():
    said = np.array([0.05, 0.4, 0.9])
    assert MAPS["platt"].calibrate(said) == pytest.approx(expit(0.6 * logit(said) - 0.5), rel=1e-12)
    beta = expit(0.2 * np.log(said) - 1.4 * np.log(1 - said) + 0.3 + 0.2)
    assert MAPS["beta"].calibrate(said) == pytest.approx(beta, rel=1e-9)


def test_identity_changes_nothing_within_its_bounds():
    assert Calibration("identity").calibrate([0.0, 0.123456789, 1.0]).tolist() == [
        1e-6,
        0.123456789,
        1 - 1e-6,
    ]


def test_one_customer_alone_is_calibrated_as_in_the_crowd():
    crowd = np.linspace(0, 1, 999)
    together = MAPS["beta"].calibrate(crowd)
    assert all(MAPS["beta"].calibrate([one])[0] == many for one, many in zip(crowd, together, strict=True))


def test_the_given_column_is_left_unchanged():
    said = np.array([0.0, np.nan, 1.0])
    MAPS["isotonic"].calibrate(said)
    assert said[0] == 0.0
    assert said[2] == 1.0


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "spline"},
        {"kind": "isotonic"},
        {"kind": "isotonic", "knots_probability": (0.1, 0.2), "knots_calibrated": (0.5,)},
        {"kind": "isotonic", "knots_probability": (0.1, 0.1), "knots_calibrated": (0.5, 0.6)},
        {"kind": "isotonic", "knots_probability": (0.1, 0.2), "knots_calibrated": (0.6, 0.5)},
        {"kind": "isotonic", "knots_probability": (0.1, 1.2), "knots_calibrated": (0.5, 0.6)},
        {"kind": "isotonic", "knots_probability": (0.1, float("nan")), "knots_calibrated": (0.5, 0.6)},
        {"kind": "platt", "slope": -1.0, "complement_slope": -1.0},
        {"kind": "beta", "slope": 0.0, "complement_slope": 0.0},
        {"kind": "platt", "intercept": float("inf")},
    ],
)
def test_a_map_that_does_not_rise_is_refused_with_a_code(broken):
    with pytest.raises(BrokenCalibration) as refused:
        Calibration(**broken)
    assert refused.value.body()["error_code"] == "BROKEN_CALIBRATION"
    assert pickle.loads(pickle.dumps(refused.value)).code == "BROKEN_CALIBRATION"
