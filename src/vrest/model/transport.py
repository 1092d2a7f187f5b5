"""Everything that moves ions across a membrane: a stoichiometry times a rate.

A mechanism is a class with two methods::

    @transport("h_exchange", strength="max_rate")
    class NaHExchange(Transport):
        '''Na/H exchange with a linear rate.'''
        max_rate: float = quantity("turnover")

        def stoichiometry(self):
            return {"H": 1, "Na": -1}

        def rate(self, here):
            return self.max_rate * (here.inside["H"] / here.outside["H"] - here.inside["Na"] / here.outside["Na"])

What it moves (`stoichiometry`, per turnover, outward positive) and how fast it turns (`rate`, mol/(m2 s)) is
all the package needs: currents, concentrations, charge, osmosis, the ATP bill and the explanation follow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform

from vrest.errors import InputError, near_miss
from vrest.model.quantity import Described, quantity, quantity_fields

ATP = "ATP"
WATER = "water"
CHARGE = "charge"
"""Names that stand in a stoichiometry beside ions: ATP spent inside, water in m3 per turnover, charge of no ion."""


@dataclass(frozen=True)
class Surroundings:
    """What a transport sees: SI values (or arrays of them) on both sides of its membrane.

    >>> from vrest.model.channels import GHKLeak
    >>> here = Surroundings(potential=-0.070, temperature=310.15, inside={"K": 140.0}, outside={"K": 5.0},
    ...                     osmolarity_inside=290.0, osmolarity_outside=290.0, valence={"K": 1}, gates={})
    >>> round(1e6 * float(GHKLeak(ion="K", permeability="1e-6 cm/s").rate(here)), 4)  # umol/(m2 s), outward
    0.1469
    """

    potential: Any
    """V of the membrane, inside minus outside, V."""
    temperature: Any
    """K."""
    inside: Mapping[str, Any]
    """Concentrations by symbol, mol/m3, without what buffers bind."""
    outside: Mapping[str, Any]
    """The same of the other side."""
    osmolarity_inside: Any
    """All ions, bound or not, and the impermeants, mol/m3."""
    osmolarity_outside: Any
    """The same of the other side."""
    valence: Mapping[str, int]
    """Of every ion, by symbol."""
    gates: Mapping[str, Any]
    """Open probabilities: those that the transport declares by their names, those of the membrane's other transports as
    `label.gate`."""
    ions_inside: Any = None
    """Sum of all ions, bound or not, mol/m3."""
    ions_outside: Any = None
    """The same of the other side."""
    area: Any = None
    """Of the membrane, m2."""
    volume_inside: Any = None
    """m3; None for what has none."""
    volume_outside: Any = None
    """The same of the other side."""


@dataclass(frozen=True, kw_only=True)
class Transport(Described, ABC):
    """Abstract base of all transports. Subclasses are final: decorate them with `@transport`.

    `counter_charge` is for published models that leave a current out of the voltage: it names what carries the
    opposite charge unseen, so that nothing is put on the membrane, and the certificate says so.

    With `o2_half` and `o2_slope` (mM) it needs O2: its rate is multiplied by
    1/(1 + exp((o2_half - [O2]outside)/o2_slope)).

    >>> from vrest.model.channels import GHKLeak
    >>> leak = GHKLeak(ion="K", permeability="1e-6 cm/s")
    >>> isinstance(leak, Transport), leak.stoichiometry(), leak.is_channel, leak.is_off
    (True, {'K': 1}, True, False)
    """

    counter_charge: str = ""
    o2_half: float | None = quantity("concentration", None, doc="[O2] outside at half of the rate without that need")
    o2_slope: float | None = quantity("concentration", None, exclusive=True, doc="how steeply it rises there")

    monotone: ClassVar[bool] = False
    """Whether its outward current never falls as V rises: a membrane that has only such finds one potential, and the
    search for its rest may take large steps from the start. False costs time, a wrong True may cost the right basin."""
    law: ClassVar[str]
    strength: ClassVar[str | None]
    """The parameter that multiplies the whole rate; at zero the transport is off."""
    cites: ClassVar[tuple[str, ...]] = ()
    """Keys of `references.bib`: where the law comes from."""

    @abstractmethod
    def stoichiometry(self) -> dict[str, float]:
        """What one turnover moves from inside to outside: ions, `water` (m3), `charge` of no ion, and `ATP` spent."""

    @abstractmethod
    def rate(self, here: Surroundings) -> Any:
        """Turnovers per membrane area, mol/(m2 s), outward positive, in the surroundings `here` (SI)."""

    def gates(self) -> tuple[str, ...]:
        """Names of the gating variables that belong to this transport."""
        return ()

    def gate_kinetics(self, here: Surroundings) -> Mapping[str, tuple[Any, Any]]:
        """For each gate its opening and closing rate (1/s) in the surroundings `here` (SI)."""
        return {}

    @property
    def moved_ions(self) -> dict[str, float]:
        """The ions of the stoichiometry, without water, ATP and charge of no ion."""
        return {s: n for s, n in self.stoichiometry().items() if s not in (ATP, WATER, CHARGE) and n != 0}

    @property
    def is_channel(self) -> bool:
        """One ion and no ATP: it votes for that ion's Nernst potential."""
        moved = self.stoichiometry()
        return len(self.moved_ions) == 1 and not moved.get(ATP)

    @property
    def is_off(self) -> bool:
        """Whether its strength is exactly zero, so that it moves nothing whatever the state."""
        return self.strength is not None and float(getattr(self, self.strength)) == 0.0


TRANSPORTS: dict[str, type[Transport]] = {}
"""Every law a cell may name, by the name it has in files."""


T = TypeVar("T", bound=Transport)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(quantity,))
def transport(law: str, *, strength: str | None = None) -> Callable[[type[T]], type[T]]:
    """Make a class a transport that cells and files can name.

    Parameters
    ----------
    law
        The name used in files (`law = "..."`).
    strength
        The quantity that multiplies the whole rate. Where it is zero the transport is off, and what it alone
        moved becomes a conserved total.

    Raises
    ------
    InputError
        `strength` is no quantity of the class, or the name is taken by another class.

    >>> @transport("k_gradient_pump", strength="max_rate")
    ... class GradientPump(Transport):
    ...     max_rate: float = quantity("turnover")
    ...     def stoichiometry(self):
    ...         return {"K": -1.0, "ATP": 1.0}
    ...     def rate(self, here):
    ...         return self.max_rate * here.outside["K"] / here.inside["K"]
    >>> GradientPump(max_rate="10 pmol/cm2/s").law
    'k_gradient_pump'
    >>> _ = TRANSPORTS.pop("k_gradient_pump")  # what an example registers, it takes back
    """

    def register(cls: type[T]) -> type[T]:
        final = dataclass(frozen=True, kw_only=True)(cls)
        names = [name for name, _ in quantity_fields(final)]
        if strength is not None and strength not in names:
            raise InputError(
                f"Transport '{law}': strength '{strength}' is not one of its quantities.",
                code="unknown_name",
                hint=near_miss(strength, names),
            )
        known = TRANSPORTS.get(law)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise InputError(
                f"The transport name '{law}' is taken by {known.__name__}.",
                code="name_taken",
                hint="Choose another name.",
            )
        final.law = law
        final.strength = strength
        TRANSPORTS[law] = final
        return final

    return register
