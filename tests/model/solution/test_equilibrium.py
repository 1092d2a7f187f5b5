"""What is in a solution, against closed forms, a printed table, and an independent solution of the mass balance."""

from __future__ import annotations

import pytest

from vrest.model.solution.equilibrium import at_neutrality, at_pH

KD = {
    # pH: apparent Kd of Ca-EGTA in 100 mM KCl at 20 and 37 degC, nM: the manual of Molecular Probes' calcium
    # calibration buffers (Tsien and Pozzan 1989, Methods Enzymol. 172:230)
    6.50: (3728, 2646),
    6.60: (2354, 1672),
    6.70: (1487, 1057),
    6.75: (1182, 841),
    6.80: (940, 669),
    6.85: (747, 532),
    6.90: (594, 423),
    6.95: (472, 337),
    7.00: (376, 268),
    7.05: (299, 213),
    7.10: (238, 170.0),
    7.15: (189.1, 135.4),
    7.20: (150.5, 107.9),
    7.25: (119.8, 86.0),
    7.30: (95.4, 68.6),
    7.35: (76.0, 54.7),
    7.40: (60.5, 43.7),
    7.45: (48.2, 34.9),
    7.50: (38.5, 27.9),
    7.60: (24.5, 17.88),
    7.70: (15.61, 11.49),
    7.80: (9.99, 7.42),
    7.90: (6.41, 4.82),
    8.00: (4.13, 3.15),
    8.10: (2.68, 2.08),
    8.20: (1.75, 1.39),
}


@pytest.mark.parametrize("pH", KD)
@pytest.mark.parametrize("which", [0, 1])
def test_the_printed_affinity_of_egta_for_calcium(pH, which):
    egta = 1e-6
    here = at_pH({"K": 100.0, "Cl": 100.0, "EGTA": egta, "Ca": egta}, pH, (293.15, 310.15)[which])
    bound = sum(each.concentration for each in here.species if each.metal == "Ca")
    free_nM = here.free("Ca") * 1e6
    assert free_nM * (egta - bound) / bound == pytest.approx(KD[pH][which], rel=0.05)


def test_what_was_put_in_is_there():
    totals = {"K": 130.0, "Cl": 24.0, "gluconate": 110.0, "HEPES": 10.0, "EGTA": 1.0, "ATP": 2.0, "Ca": 0.01, "Mg": 2.0}
    here = at_neutrality(totals, 295.15)
    for name, amount in totals.items():
        assert here.total(name) == pytest.approx(amount, rel=1e-13)
    assert here.charge == pytest.approx(0.0, abs=1e-10)
