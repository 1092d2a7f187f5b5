"""Water: osmosis through the membrane."""

from __future__ import annotations

from vrest.constants import R
from vrest.physics.namespace import Array


def osmotic_flux(
    hydraulic_permeability: Array, *, osmolarity_inside: Array, osmolarity_outside: Array, temperature: Array
) -> Array:
    """Volume flux of water, outward, in m/s: positive shrinks the cell.

    J_w = L_p R T (osm_outside - osm_inside): water goes to the more concentrated side.

    hydraulic_permeability: L_p, m/(s Pa); an osmotic permeability P_f in m/s gives L_p = P_f v_w/(R T), with v_w the
    molar volume of water. osmolarity_inside, osmolarity_outside: mol/m3 of all solutes. temperature: K. All broadcast.

    Kedem and Katchalsky 1958, Biochim. Biophys. Acta 27:229, doi:10.1016/0006-3002(58)90330-5.

    >>> flux = osmotic_flux(1e-13, osmolarity_inside=300.0, osmolarity_outside=290.0, temperature=310.15)
    >>> round(1e9 * flux, 3)  # a cell in a dilute bath takes up water
    -2.579
    """
    return hydraulic_permeability * R * temperature * (osmolarity_outside - osmolarity_inside)
