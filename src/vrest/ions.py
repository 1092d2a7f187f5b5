"""Ions by their names: valence, formula and molar mass, and how people spell them. One table.

A valence is that of the species itself. Where a molecule is a mixture of species at physiological pH (a buffer, or
phosphate), it has no entry of one valence but a remark that says what holds near pH 7.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from vrest.errors import InputError, near_miss

WEIGHTS = MappingProxyType(
    {
        "H": 1.008, "Li": 6.94, "Be": 9.0122, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998,
        "Na": 22.990, "Mg": 24.305, "Al": 26.982, "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098, "Ca": 40.078,
        "Sc": 44.956, "Cr": 51.996, "Mn": 54.938, "Fe": 55.845, "Ni": 58.693, "Co": 58.933, "Cu": 63.546, "Zn": 65.38,
        "Se": 78.971, "Br": 79.904, "Rb": 85.468, "Sr": 87.62, "Y": 88.906, "Mo": 95.95, "Ag": 107.87, "Cd": 112.41,
        "I": 126.90, "Cs": 132.91, "Ba": 137.33, "La": 138.91, "Ce": 140.12, "Pr": 140.91, "Nd": 144.24, "Sm": 150.36,
        "Eu": 151.96, "Gd": 157.25, "Dy": 162.50, "Ho": 164.93, "Er": 167.26, "Tm": 168.93, "Yb": 173.05, "W": 183.84,
        "Re": 186.21, "Au": 196.97, "Hg": 200.59, "Tl": 204.38, "Pb": 207.2,
    }
)  # fmt: skip
"""Standard atomic weights, g/mol (IUPAC 2021, abridged; doi 10.1515/pac-2019-0603)."""


@dataclass(frozen=True)
class Ion:
    """One species, or a mixture of them that has a name.

    Parameters
    ----------
    symbol
        Its name here, as it stands in cell files.
    valence
        Its charge; None where its species differ in charge and several are there near pH 7.3.
    formula
        Of the species itself, without its charge.
    spellings
        What else people write, in any case.
    remark
        What to know before counting its charge: what holds near pH 7.3.

    >>> lookup("Gluc").symbol, lookup("gluconate").valence, round(lookup("Cl-").mass, 2)
    ('gluconate', -1, 35.45)
    """

    symbol: str
    valence: int | None
    formula: str
    spellings: tuple[str, ...] = ()
    remark: str = ""

    @property
    def mass(self) -> float:
        """Molar mass, g/mol."""
        return sum(WEIGHTS[atom] * int(count or 1) for atom, count in re.findall(r"([A-Z][a-z]?)(\d*)", self.formula))


_IONS = """
K 1 K potassium, kalium | Na 1 Na sodium, natrium | Cl -1 Cl chloride | HCO3 -1 HCO3 bicarbonate, hydrogencarbonate
H 1 H proton | Li 1 Li lithium | Rb 1 Rb rubidium | Cs 1 Cs cesium, caesium | NH4 1 NH4 ammonium
Ca 2 Ca calcium | Mg 2 Mg magnesium | O2 0 O2 oxygen
Ag 1 Ag silver | Tl 1 Tl thallium | Ba 2 Ba barium | Sr 2 Sr strontium | Mn 2 Mn manganese | Co 2 Co cobalt
Ni 2 Ni nickel | Cu 2 Cu copper | Zn 2 Zn zinc | Cd 2 Cd cadmium | La 3 La lanthanum | Gd 3 Gd gadolinium
Be 2 Be beryllium | Hg 2 Hg mercury | Pb 2 Pb lead | Al 3 Al aluminium, aluminum | Ce 3 Ce cerium | Y 3 Y yttrium
Sc 3 Sc scandium | Cr 3 Cr chromium | Pr 3 Pr praseodymium | Nd 3 Nd neodymium | Sm 3 Sm samarium | Eu 3 Eu europium
Dy 3 Dy dysprosium | Ho 3 Ho holmium | Er 3 Er erbium | Tm 3 Tm thulium | Yb 3 Yb ytterbium
ferrous 2 Fe FeII, Fe(II), iron(II) | ferric 3 Fe FeIII, Fe(III), iron(III)
F -1 F fluoride | Br -1 Br bromide | I -1 I iodide | OH -1 OH hydroxide | NO3 -1 NO3 nitrate | NO2 -1 NO2 nitrite
SCN -1 SCN thiocyanate | OCN -1 OCN cyanate | CN -1 CN cyanide | N3 -1 N3 azide | ClO3 -1 ClO3 chlorate
ClO4 -1 ClO4 perchlorate | BrO3 -1 BrO3 bromate | IO3 -1 IO3 iodate | PF6 -1 PF6 hexafluorophosphate
HSO3 -1 HSO3 bisulfite, hydrogensulfite | SO3 -2 SO3 sulfite, sulphite | HSO4 -1 HSO4 bisulfate, hydrogensulfate
SeCN -1 SeCN selenocyanate | dicyanamide -1 C2N3 N(CN)2 | dicyanoaurate -1 AuC2N2 Au(CN)2 | IO4 -1 IO4 periodate
MnO4 -1 MnO4 permanganate | ReO4 -1 ReO4 perrhenate | HS -1 HS hydrosulfide | tetraphenylborate -1 BC24H20 B(C6H5)4
CrO4 -2 CrO4 chromate | MoO4 -2 MoO4 molybdate | SeO4 -2 SeO4 selenate | WO4 -2 WO4 tungstate | S2O8 -2 S2O8 persulfate
ferrocyanide -4 FeC6N6 Fe(CN)6 IIII | ferricyanide -3 FeC6N6 Fe(CN)6 III
SO4 -2 SO4 sulfate, sulphate | CO3 -2 CO3 carbonate
S2O3 -2 S2O3 thiosulfate, thiosulphate
H2PO4 -1 H2PO4 dihydrogenphosphate, dihydrogen phosphate | HPO4 -2 HPO4 hydrogenphosphate, hydrogen phosphate
gluconate -1 C6H11O7 Gluc, D-gluconate | glucuronate -1 C6H9O7 | lactobionate -1 C12H21O12
methanesulfonate -1 CH3SO3 MeSO3, CH3SO3, mesylate, methanesulphonate, methylsulfonate, methylsulphonate
methylsulfate -1 CH3SO4 MeSO4, CH3SO4, methylsulphate | isethionate -1 C2H5SO4 isethionic
ethanesulfonate -1 C2H5SO3 esylate, ethanesulphonate, ethylsulfonate
formate -1 CHO2 HCOO, methanoate
acetate -1 C2H3O2 OAc, CH3COO, C2H3O2 | propionate -1 C3H5O2 propanoate | butyrate -1 C4H7O2 butanoate
lactate -1 C3H5O3 Lac, L-lactate | pyruvate -1 C3H3O3 Pyr | salicylate -1 C7H5O3
iodoacetate -1 C2H2IO2 | fluoroacetate -1 C2H2FO2 | dichloroacetate -1 C2HCl2O2 | trichloroacetate -1 C2Cl3O2
picrate -1 C6H2N3O7
benzoate -1 C7H5O2 | ascorbate -1 C6H7O6 L-ascorbate | kynurenate -1 C10H6NO3 | cAMP -1 C10H11N5O6P cyclic AMP
glutathione -1 C10H16N3O6S GSH, L-glutathione | acetylcysteinate -1 C5H8NO3S N-acetylcysteinate
aspartate -1 C4H6NO4 Asp, L-aspartate | glutamate -1 C5H8NO4 L-glutamate
succinate -2 C4H4O4 | malonate -2 C3H2O4 | maleate -2 C4H2O4
fumarate -2 C4H2O4 | malate -2 C4H4O5 L-malate | oxalate -2 C2O4 | tartrate -2 C4H4O6
citrate -3 C6H5O7 | phosphocreatine -2 C4H8N3O5P creatine phosphate, PCr
choline 1 C5H14NO | NMDG 1 C7H18NO5 N-methyl-D-glucamine, NMG, meglumine | TEA 1 C8H20N tetraethylammonium
TMA 1 C4H12N tetramethylammonium | TPA 1 C12H28N tetrapropylammonium | TBA 1 C16H36N tetrabutylammonium
guanidinium 1 CH6N3 guanidine | methylammonium 1 CH6N
dimethylammonium 1 C2H8N | trimethylammonium 1 C3H10N | ethylammonium 1 C2H8N | diethylammonium 1 C4H12N
piperidinium 1 C5H12N | propylammonium 1 C3H10N | ethyltrimethylammonium 1 C5H14N | triethylammonium 1 C6H16N
ethanolammonium 1 C2H8NO monoethanolammonium | QX314 1 C16H27N2O QX-314, lidocaine N-ethyl
aminopyridine 1 C5H7N2 4-AP, 4AP, 4-aminopyridine | spermine 4 C10H30N4 | spermidine 3 C7H22N3
neurobiotin 1 C12H23N4O2S | lysine 1 C6H15N2O2 Lys, L-lysine
arginine 1 C6H15N4O2 Arg, L-arginine
TrisH 1 C4H12NO3 Tris+ | EGTA -2 C14H22N2O10 | BAPTA -4 C22H20N2O10 | EDTA -3 C10H13N2O8
"""
"""`symbol valence formula spellings`, divided by `|` or line ends. Charges of acids and bases are those of the species
that more than nine tenths of them are at pH 7.3 by their pK (CRC Handbook of Chemistry and Physics, dissociation
constants of organic acids and bases; Martell and Smith, Critical Stability Constants, for citrate, EGTA and EDTA; Tsien
1980, doi 10.1021/bi00552a018, for BAPTA); those of HCO3, CO3, H2PO4, HPO4 and TrisH are of the species they name."""

_REMARKS = {
    "H2PO4": "its share of phosphate depends on pH: about a quarter at pH 7.3",
    "HPO4": "its share of phosphate depends on pH: about three quarters at pH 7.3",
    "EGTA": "free of Ca2+ its mean charge is -2.0 near pH 7.3, as is that of Ca-EGTA",
    "BAPTA": "free of Ca2+ its mean charge is -3.9 near pH 7.3; that of Ca-BAPTA is -2",
    "EDTA": "free of Ca2+ and Mg2+ its mean charge is -2.9 near pH 7.3",
    "citrate": "its mean charge is -2.9 to -3.0 near pH 7.3",
    "spermine": "its mean charge is +3.8 near pH 7.3",
    "TrisH": "the charged form of Tris: about 86 % of it at pH 7.3 and 25 degC, 73 % at 37 degC",
}

_MIXED = """
Tris | C4H11NO3 | trizma, tromethamine, THAM | Tris (pK 8.1 at 25 degC, 7.7 at 37 degC) carries +1 to 86 % at pH 7.3 \
and 25 degC, to 73 % at 37 degC: write that part as TrisH (+1); the rest is neutral and belongs to the impermeants
HEPES | C8H18N2O4S | | HEPES (pK 7.5 at 25 degC) carries -1 to 40 % at pH 7.3, up to half at 37 degC, the rest no net \
charge: declare that part by [valences] HEPES = -1, and the rest as impermeants
MOPS | C7H15NO4S | | MOPS (pK 7.1 at 25 degC) carries -1 to 60 % at pH 7.3, the rest no net charge: declare that part \
by [valences] MOPS = -1, and the rest as impermeants
PIPES | C8H18N2O6S2 | | PIPES (pK 6.8 at 25 degC) has a mean charge of -1.8 at pH 7.3: declare its ion by [valences]
MES | C6H13NO4S | | 'MES' is a buffer (pK 6.1) to some and methanesulfonate to others: write methanesulfonate (-1), or \
declare [valences] MES
phosphate | PO4 | PO4, Pi | phosphate is about 3/4 HPO4 (-2) and 1/4 H2PO4 (-1) at pH 7.3: write these
Fe | Fe | iron | iron is Fe(II) (+2) or Fe(III) (+3): write ferrous or ferric
Glu | | | 'Glu' is glutamate (-1) to some and glucose to others: write glutamate; glucose is neutral and belongs to \
the impermeants
GTP | | MgATP, Na2ATP, MgGTP, NaGTP | nucleotides bind Mg2+: MgATP and MgGTP are -2 near pH 7.3, without Mg2+ \
they are about -3.8; give them among the impermeants, or declare [valences]
ADP | | MgADP, NaADP | ADP binds Mg2+: MgADP is -1 near pH 7.3, without Mg2+ it is about -2.8; give it among the \
impermeants, or declare [valences]
"""
_NEUTRAL = """
glucose C6H12O6 dextrose, D-glucose, Glc | sucrose C12H22O11 | mannitol C6H14O6 D-mannitol | sorbitol C6H14O6
urea CH4N2O | taurine C2H7NO3S | creatine C4H9N3O2 | glycine C2H5NO2 Gly | glutamine C5H10N2O3 Gln | CO2 CO2
"""
"""Names that people write where an ion is due, and that no single charge belongs to. The pK of buffers are those of
Goldberg, Kishore and Lennen 2002 (doi 10.1063/1.1416902) at an ionic strength of about 0.15 M."""


def _entries(text: str) -> Iterator[list[str]]:
    return (entry.split(maxsplit=3) for entry in re.split(r"[|\n]", text.strip()))


def _spellings(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _table() -> Iterator[Ion]:
    for symbol, valence, formula, *rest in _entries(_IONS):
        yield Ion(symbol, int(valence), formula, _spellings(*rest) if rest else (), _REMARKS.get(symbol, ""))


def _mixtures() -> Iterator[Ion]:
    for line in _MIXED.strip().split("\n"):
        symbol, formula, spellings, remark = (part.strip() for part in line.split("|"))
        yield Ion(symbol, None, formula, _spellings(spellings), remark)
    for name, formula, *rest in _entries(_NEUTRAL):
        remark = f"{name} has no net charge near pH 7.3: it belongs to the impermeants"
        yield Ion(name, None, formula, _spellings(" ".join(rest)), remark)


IONS = MappingProxyType({ion.symbol: ion for ion in _table()})
"""Every ion with one valence, by symbol."""

VALENCE = MappingProxyType({symbol: ion.valence for symbol, ion in IONS.items() if ion.valence is not None})
"""Valences of the ions every cell knows; a cell may name more. O2 has none: a dissolved gas, no osmolyte."""

_BY_SPELLING = {
    spelling.casefold(): ion for ion in (*_mixtures(), *IONS.values()) for spelling in (ion.symbol, *ion.spellings)
}
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉−", "0123456789+-0123456789-")
_CHARGED = (r"(.+?) ?\^?([1-9])([+-])", r"(.+?) ?\^?()([+]+|-+)", r"(.+?) ?\^?()([+-])([1-9])")


def lookup(text: str) -> Ion | None:
    """The ion that a text names, with or without its charge (`K+`, `Ca2+`, `SO4--`), or None.

    Raises
    ------
    InputError
        `known_ion`: a charge that is not the ion's.

    >>> [lookup(text).symbol for text in ("K+", "Ca2+", "HCO₃⁻", "SO4 2-", "MeSO3", "CHOLINE")]
    ['K', 'Ca', 'HCO3', 'SO4', 'methanesulfonate', 'choline']
    """
    if text in IONS:
        return IONS[text]
    plain = text.strip().translate(_PLAIN)
    if found := _BY_SPELLING.get(plain.casefold()):
        return found
    charged = []
    for pattern in _CHARGED:
        if match := re.fullmatch(pattern, plain):
            base, digit, signs, *after = match.groups()
            charge = int(digit or (after[0] if after else len(signs))) * (1 if signs[0] == "+" else -1)
            if found := _BY_SPELLING.get(base.casefold()):
                charged.append((found, charge))
    for found, charge in charged:
        if found.valence in (None, charge):
            return found
    if charged:
        found, charge = charged[0]
        raise InputError(
            f"'{text}' says a charge of {charge:+d}; that of {found.symbol} is {found.valence or 0:+d}.",
            code="known_ion",
            hint=f"Write {found.symbol}.",
        )
    return None


def unknown(text: str) -> str:
    """The next step where a text names no ion of one valence: what is to know of it, or a near miss.

    >>> unknown("Phosphate")
    'Phosphate is about 3/4 HPO4 (-2) and 1/4 H2PO4 (-1) at pH 7.3: write these.'
    >>> unknown("gluconat")
    "Did you mean 'gluconate'?"
    """
    found = lookup(text)
    if found is not None and found.remark:
        return f"{found.remark[0].upper()}{found.remark[1:]}."
    near = near_miss(text, list(dict.fromkeys((*IONS, *(name for ion in IONS.values() for name in ion.spellings)))))
    few = list(IONS)[:8]
    return near if near.startswith("Did") else f"Known are {', '.join(few)} and {len(IONS) - len(few)} more."
