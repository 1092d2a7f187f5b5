"""What the units lack that people give a concentration in: a valence, a molar mass, a density or a solubility."""

from __future__ import annotations

from typing import Any

from vrest.dimensions import DIMENSIONS, LACKING
from vrest.ions import IONS, WEIGHTS
from vrest.spellings import pint_factor, pint_unit
from vrest.tables import number

MOLAR = DIMENSIONS["concentration"].units["mol/L"]
"""mM in one mol/L."""


def lacking(spelling: str, reading: Any, ion: str) -> tuple[str, str] | None:
    """What a unit lacks that people give a concentration in, and what to write in its place; None of any other unit."""
    name, factor = next(
        ((name, lack.units[spelling]) for name, lack in LACKING.items() if spelling in lack.units), ("", 0)
    )
    if not name and (parsed := pint_unit(spelling)) is not None:
        kinds = ((name, pint_factor(parsed, lack)) for name, lack in LACKING.items())
        name, factor = next(((kind, size) for kind, size in kinds if size and kind != "charge_equivalents"), ("", 0))
    if not (name and factor):
        return None
    given = reading * float(factor) if isinstance(reading, float) else None
    known = IONS.get(ion)
    if name == "charge_equivalents":
        if given is not None and known is not None and known.valence:
            amount = f"{number(given / abs(known.valence), 6)} mM"
            return "it counts charges, |z| for each ion", f"Of {ion} (valence {known.valence:+d}) it is '{amount}'."
        return "it counts charges, |z| for each ion", "Divide by the ion's |z|: 5 mEq/L of Ca is '2.5 mM', of K '5 mM'."
    if name == "mass_concentration":
        lacks, salt = "it lacks the molar mass", "0.9 % (9 g/L) of NaCl, 58.44 g/mol, is '154 mM'"
        if given is not None and known is not None:
            weighed = given * float(MOLAR)  # g/L; by g/mol it is mM
            hint = f"Of {ion} itself ({number(known.mass)} g/mol) it is '{number(weighed / known.mass)} mM'."
            if ion in ("HPO4", "H2PO4"):
                amount = number(weighed / WEIGHTS["P"])  # what clinical tables call phosphate, in mg/dL
                hint += f" Laboratories weigh its phosphorus ({number(WEIGHTS['P'])} g/mol): '{amount} mM'."
            return lacks, f"{hint} Of a salt divide by the salt's: {salt}."
        return lacks, f"Divide by the molar mass of what was weighed: {salt}."
    if name == "molality":
        return (
            "it is per kg of water",
            "Multiply by the kg of water in a litre: 0.99 in saline at 37 degC, 0.93 in plasma. Then write mM.",
        )
    return "a pressure lacks the gas's solubility", "In plasma at 37 degC 1 mmHg of O2 is about '1.3 uM'."
