"""Published liquid junctions: what Henderson's and the stationary Nernst-Planck equations give, and what was printed.

The mobilities are those that LJPcalc looks up (github.com/swharden/LJPcalc at af971e5, src/LJPcalc.Core/IonLibrary.cs),
so that its numbers and those it tests itself against (src/LJPcalc.Test/LjpCalculationTest.cs) can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vrest.constants import ZERO_CELSIUS

CATIONS = {"K": 73.5, "Na": 50.11, "Cs": 77.3, "Li": 38.69, "H": 350.1, "Mg": 53.06, "Ca": 59.5, "Zn": 52.8}
EQUIVALENT = CATIONS | {"Cl": 76.31, "F": 55.4, "SO4": 80.0, "HCO3": 44.5, "H2PO4": 33.0, "HSO3": 50.0}
"""Conductivity of 1/|z| mol at 25 degC, S cm2/mol."""
RELATIVE = {"gluconate": 0.33, "methanesulfonate": 0.664, "HEPES": 0.3, "EGTA(-2)": 0.24, "ATP(-2)": 0.15}
RELATIVE |= {"TEA": 0.444, "Tris": 0.4, "4-AP(+2)": 0.29}
"""Mobility relative to that of K."""
CHARGED_TWICE = {"Mg": 2, "Ca": 2, "Zn": 2, "SO4": -2, "EGTA(-2)": -2, "ATP(-2)": -2, "4-AP(+2)": 2}
ANIONS = {"Cl", "F", "HCO3", "H2PO4", "HSO3", "gluconate", "HEPES", "methanesulfonate"}


def valence(ion: str) -> int:
    return CHARGED_TWICE.get(ion, -1 if ion in ANIONS else 1)


def mobility(ion: str) -> float:
    """Relative to that of K."""
    return RELATIVE[ion] if ion in RELATIVE else EQUIVALENT[ion] / EQUIVALENT["K"] / abs(valence(ion))


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A junction of ions, `K 145/2.8`: mM in pipette and bath. fill: the ion that takes up what charge a side has left.

    henderson, nernst_planck: mV, of these equations, computed by other programs: Newton's method on other unknowns, and
    shooting on the fluxes. published: mV, within tolerance.
    """

    name: str
    celsius: float
    ions: str
    fill: str = ""
    henderson: float
    nernst_planck: float
    published: float | None = None
    tolerance: float = 0.0
    source: str = ""

    def sides(self) -> dict[str, tuple[float, float]]:
        """Each ion's concentrations in pipette and bath, mM, without charge left over."""
        words = self.ions.split()
        sides = {ion: [float(c) for c in both.split("/")] for ion, both in zip(words[::2], words[1::2], strict=True)}
        if self.fill:
            for side in (0, 1):
                left = sum(valence(ion) * both[side] for ion, both in sides.items())
                sides[self.fill][side] -= left / valence(self.fill)
        return {ion: (pipette, bath) for ion, (pipette, bath) in sides.items()}

    def arguments(self) -> dict[str, Any]:
        """Of `henderson` and `nernst_planck`."""
        sides = self.sides()
        return {
            "valence": [valence(ion) for ion in sides],
            "mobility": [mobility(ion) for ion in sides],
            "pipette": [pipette for pipette, _ in sides.values()],
            "bath": [bath for _, bath in sides.values()],
            "temperature": self.celsius + ZERO_CELSIUS,
        }


NG_BARRY = "Ng & Barry 1995, table 2, doi:10.1016/0165-0270(94)00087-W"
HARPER = "Harper 1985, table I, doi:10.1021/j100255a022"
LJPCALC = "LJPcalc, KnownIonSets"
WALZ = (
    "HEPES 5/0 EGTA(-2) 1/0 Cl 24/133.8 Mg 2/1.5 Na 9/152.2 ATP(-2) 2/0 SO4 0/1.5 H2PO4 0/1.2 Ca 0/2.4 HCO3 0/25"
    # Patch-Clamp Analysis, 2nd edition, page 191, as LJPcalc has it; the pipette has 2 mM of negative charge too much
)
OWEN = (
    "K 50/3 gluconate 50/0 Cs 70/0 HSO3 70/0 TEA 10/10 Cl 12/131.6 Mg 5/1.3 HEPES 10/0 EGTA(-2) 0.3/0 Tris 10/0 "
    "ATP(-2) 4/0 Na 0.3/139.25 HCO3 0/26 H2PO4 0/1.25 Ca 0/2 4-AP(+2) 0/5"
)


def vector(name: str, celsius: float, ions: str, *mV: float, **more: Any) -> Vector:
    return Vector(name=name, celsius=celsius, ions=ions, henderson=mV[0], nernst_planck=mV[1], **more)


def printed(published: float, tolerance: float, source: str) -> dict[str, Any]:
    return {"published": published, "tolerance": tolerance, "source": source}


VECTORS = [
    vector("V1", 20, "Na 10/145 Cl 10/145 Cs 135/0 F 135/0", 8.7479, 8.8354, **printed(8.74, 0.5, "JPCalcWin, page 7")),
    vector("V2", 20, "Cs 145/0 Na 0/145 F 125/0 Cl 20/145", 8.7227, 8.8073, **printed(8.71, 0.5, "JPCalcWin, page 10")),
    vector(
        *("V3", 20, "K 145/2.8 Na 13/145 Cl 10/148.8 gluconate 145/0 Mg 1/2 Ca 0/1 HEPES 5/5", 15.6075, 16.0509),
        **printed(15.6, 0.5, "Figl et al. 2003, AxoBits 39, page 8: Henderson's"),
    ),
    vector(
        *("V4", 25, "Zn 9/0.0284 K 0/3 Cl 18/3.062", -19.8585, -20.8140),
        **printed(-20.82, 0.01, "the test of JLJP, github.com/swharden/JLJP"),
        fill="Cl",
    ),
    vector(
        *("V5", 25, "Zn 9/0.0284 K 0/3 Cl 18/3.0568", -19.8585, -20.8140),
        **printed(-20.79558643, 0.02, "LJPcalc, which stops when concentrations are within 1 %"),
    ),
    vector("V6", 25, "Na 50/0 K 0/50 Cl 50/50", -4.3615, -4.3615, **printed(-4.3, 0.5, NG_BARRY)),
    vector("V7", 25, "Na 150/0 K 0/150 Cl 150/150", -4.3615, -4.3615, **printed(-4.3, 0.5, NG_BARRY)),
    vector("V8", 25, "Na 50/0 Cs 0/50 Cl 50/50", -5.0051, -5.0051, **printed(-4.9, 0.5, NG_BARRY)),
    vector("V9", 25, "Na 100/0 Mg 0/100 Cl 100/200", 10.2020, 10.2804, **printed(10.0, 0.5, NG_BARRY)),
    vector("V10", 25, "Ca 100/0 Mg 0/100 Cl 200/200", 0.6241, 0.6241, **printed(0.6, 0.5, NG_BARRY)),
    vector("V11", 25, "Ca 2/2 K 100/0 Li 0/100 Cl 104/104", 6.5233, 6.5233, **printed(6.4, 0.5, NG_BARRY)),
    vector("V12", 25, "Ca 50/0 Cl 200/100 Mg 50/0 Li 0/100", -8.3930, -8.4060, **printed(-8.2, 0.5, NG_BARRY)),
    vector("V13", 25, "Na 0.0995/0.00499 Cl 0.0995/0.00499", -15.9353, -15.9353, **printed(-15.6, 0.5, HARPER)),
    vector("V14", 25, "H 0.1/0.00345 Cl 0.1/0.00345", 55.5411, 55.5411, **printed(55.5, 0.5, HARPER)),
    vector("V15", 25, "Ca 0.29/0.00545 Cl 0.58/0.0109", -35.0063, -35.0063, **printed(-35.0, 0.5, HARPER)),
    vector("V16", 25, "Zn 0.4/0.0186 SO4 0.4/0.0186", -8.0732, -8.0732, **printed(-8.1, 0.5, HARPER)),
    vector("V18", 33, OWEN, 11.7809, 11.9405, fill="Cl", **printed(11.8, 0.5, "Owen et al. 2013, as LJPcalc tests it")),
    vector(
        "V19", 25, f"Cs 130/3 gluconate 110/0 {WALZ}", 13.7063, 14.0061, fill="Na", **printed(14.0141, 0.5, LJPCALC)
    ),
    vector("V20", 25, f"K 130/3 gluconate 110/0 {WALZ}", 13.2096, 13.459, fill="Na", **printed(13.4691, 0.1, LJPCALC)),
    vector("V20 filled by K", 25, f"K 130/3 gluconate 110/0 {WALZ}", 13.2594, 13.513, fill="K"),
    vector("V20 filled by Cl", 25, f"K 130/3 gluconate 110/0 {WALZ}", 13.3947, 13.652, fill="Cl"),
    vector(
        *("V21", 25, f"K 130/3 methanesulfonate 110/0 {WALZ}", 8.5121, 8.5886),
        **printed(8.5941, 0.1, LJPCALC),
        fill="Na",
    ),
]


@dataclass(frozen=True)
class Dilution:
    """One salt of Cl in pipette and bath, mM, at 22 degC: mV in concentrations and with Davies' activities."""

    cation_mobility: float
    pipette: float
    bath: float
    ideal: float
    davies: float

    def arguments(self) -> dict[str, Any]:
        """Of `henderson` and `nernst_planck`."""
        return {
            "valence": [1, -1],
            "mobility": [self.cation_mobility, 1.0382],
            "pipette": [self.pipette] * 2,
            "bath": [self.bath] * 2,
            "temperature": 22.0 + ZERO_CELSIUS,
        }


DILUTIONS = [
    Dilution(0.682, 145.0, 75.0, -3.472, -3.226),
    Dilution(0.682, 145.0, 37.5, -7.123, -6.621),
    Dilution(1.0, 145.0, 75.0, -0.314, -0.292),
    Dilution(1.0, 145.0, 37.5, -0.645, -0.599),
]
