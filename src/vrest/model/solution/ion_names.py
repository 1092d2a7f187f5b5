"""Ions as people write them: strong ions, one form of an acid or base, or an acid or base whose forms the pH says."""

from __future__ import annotations

import re

from vrest.errors import InputError, near_miss
from vrest.ions import VALENCE, lookup, unknown
from vrest.model.solution.constants import CONSTANTS, METALS, Component, Constants
from vrest.model.solution.species import Species

_FORM = re.compile(r"(.+?) ?\(([+-]?[0-9])\)")


def ion_named(text: str) -> str:
    """The name of an ion (`K`, `HCO3`), of an acid or base of any charge (`HEPES`), or of one form of it (`HEPES(-1)`).

    Raises
    ------
    InputError
        `unknown_ion`; `known_ion`: a charge that the ion does not have.

    >>> ion_named("K+"), ion_named("Gluc"), ion_named("ATP(-4)"), ion_named("MgATP(-2)"), ion_named("HEPES")
    ('K', 'gluconate', 'ATP(-4)', 'MgATP(-2)', 'HEPES')
    """
    plain = text.strip().replace("−", "-")
    folded = {name.casefold(): name for name in CONSTANTS.components}
    if plain.casefold() in folded:
        return folded[plain.casefold()]
    if any(plain in component.names for component in CONSTANTS.components.values()):
        return plain
    if form := _FORM.fullmatch(plain):
        return _form_named(form[1], int(form[2]))
    if found := lookup(plain):
        if found.symbol == "TrisH":  # which speciation has under another name
            return "Tris(+1)"
        if found.valence:
            return found.symbol
    hint = unknown(text)
    if not hint.startswith("Did"):
        near = near_miss(text[:64], [*CONSTANTS.components])
        hint = near if near.startswith("Did") else hint
    raise InputError(f"'{text[:64]}' is no ion that is known.", code="unknown_ion", hint=hint)


def _form_named(base: str, charge: int) -> str:
    metal, component = _parts(base)
    if component is None:
        name = ion_named(base)
        if VALENCE.get(name) == charge:
            return name
        hint = f"Write {name}." if VALENCE.get(name) else "Write its name alone."
        raise InputError(f"{base} has no form of charge {charge:+d}.", code="known_ion", hint=hint)
    forms = {component.charge_of(k, metal): k for k in range(len(component.pK) + 1)}
    if charge not in forms:
        allowed = ", ".join(component.form(k, metal) for k in forms.values())
        raise InputError(f"{base} has no form of charge {charge:+d}.", code="known_ion", hint=f"Allowed: {allowed}.")
    return component.form(forms[charge], metal)


def _parts(base: str) -> tuple[str, Component | None]:
    """A metal, or none, and the component that a name is of."""
    folded = {name.casefold(): each for name, each in CONSTANTS.components.items()}
    for metal in ("", *METALS):
        rest = base[len(metal) :].lstrip("-")
        if base.startswith(metal) and rest.casefold() in folded:
            return metal, folded[rest.casefold()]
    return "", None


def as_written(name: str, concentration: float, constants: Constants) -> Species | None:
    """What a name of `ion_named` says by itself, as a species; None of an acid or base whose forms the pH says.

    An acid that has one charge near pH 7.3 in `vrest.ions` is no such form here: `EGTA` is all of it. One that is named
    after a form, such as `gluconate`, is that form.
    """
    for component in constants.components.values():
        if name == component.name and name not in component.names:
            return None
        for metal in ("", *METALS):
            for protons in range(len(component.pK) + 1):
                if component.form(protons, metal) == name:
                    charge = component.charge_of(protons, metal)
                    return Species(
                        name=name, charge=charge, concentration=concentration, component=component.name, metal=metal
                    )
    return Species(name=name, charge=VALENCE[name], concentration=concentration, component=name)


def usual_form(component: Component) -> str:
    """The form of an acid that most of it is near pH 7.3, where `vrest.ions` knows one; else empty.

    >>> usual_form(CONSTANTS.components["EGTA"]), usual_form(CONSTANTS.components["HEPES"])
    ('EGTA(-2)', '')
    """
    valence = VALENCE.get(component.name)
    protons = None if valence is None else valence - component.charge
    return "" if protons is None or not 0 <= protons <= len(component.pK) else component.form(protons)
