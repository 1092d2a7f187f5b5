"""Liquid junctions against closed forms and against themselves."""

import numpy as np
import pytest

from vrest.constants import F, R
from vrest.physics.junction import henderson, nernst_planck

T = 298.15


def test_one_salt_has_a_closed_form():
    z, u, near, far = [2, -1], [0.361, 1.038], 9.0, 0.0284
    expected = -R * T / F * (u[0] - u[1]) / (2 * u[0] + u[1]) * np.log(far / near)
    ions = {"valence": z, "mobility": u, "pipette": [near, 2 * near], "bath": [far, 2 * far], "temperature": T}
    assert nernst_planck(**ions).potential == pytest.approx(expected, abs=1e-12)
    assert henderson(**ions) == pytest.approx(expected, abs=1e-12)
