"""The JSON envelope."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.errors import NoRestError
from vrest.io.report import door, failure, report, to_json, units_like
from vrest.model.notice import Notice
from vrest.units import DIMENSIONS, to_si


def test_every_digit_survives_and_no_nan_appears():
    body = report(
        {
            "v": np.float64(-70.00000000000001),
            "t": np.array([0.1, np.nan]),
            "n": np.int64(3),
            "z": np.inf,
            "ok": np.True_,
        },
        {"v": "mV", "t": "s"},
        {"cell": "x"},
        warnings=[Notice("code", "text")],
        error=NoRestError("None.", code="neutral"),
    )
    read = json.loads(to_json(body), parse_constant=lambda text: pytest.fail(text))
    assert read["result"] == {"v": -70.00000000000001, "t": [0.1, None], "n": 3, "z": None, "ok": True}
    assert read["units"] == {"v": "mV", "t": "s", "n": "", "z": "", "ok": ""}
    assert read["warnings"] == [{"code": "code", "message": "text"}]
    assert read["error"] == failure(NoRestError("None.", code="neutral"))["error"]


def test_units_follow_the_shape():
    result = {"ions": ({"E": 1.0}, {"E": 2.0, "g": 1.0}), "inner": {"E": {"K": 1.0}}, "empty": []}
    assert units_like(result, {"E": "mV"}) == {"ions": {"E": "mV", "g": ""}, "inner": {"E": "mV"}, "empty": ""}


def test_what_json_does_not_know_is_a_bug():
    with pytest.raises(TypeError):
        to_json({"x": object()})


@given(st.sampled_from(sorted(DIMENSIONS)), st.floats(1e-6, 300, allow_subnormal=False))
def test_door_numbers_mean_the_same_float(dimension, number):
    si = to_si(number, dimension) if dimension != "temperature" else 240.0 + number / 3
    assert to_si(door(si, dimension), dimension) == pytest.approx(si, rel=1e-15)
