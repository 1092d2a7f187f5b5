"""Random cells over wide physical ranges: a structure is a choice of compartments and laws, numbers vary within it.

`structure(kind, seed)` draws the choices, `cell(plan, seed)` draws the numbers, and `to_toml` writes what both the
package and the independent model read. Cells of one structure share compiled code in the package.
"""

import math
from dataclasses import dataclass

import numpy as np

from .model import VALENCE

KINDS = ("bath", "closed", "gated", "cotransport", "water", "kir", "two", "glia", "lacking", "loop")

GATES = {
    # Na channel, K channel, a third one, and typical full conductances (mS/cm2)
    "dijkstra": ("dijkstra_na", "dijkstra_k", "dijkstra_cl", 60.0, 30.0),
    "hodgkin_huxley": ("hodgkin_huxley_na", "hodgkin_huxley_k", None, 120.0, 36.0),
    "pyramidal": ("pyramidal_na", "pyramidal_k", "pyramidal_m", 56.0, 6.0),
    "fast_spiking": ("fast_spiking_na", "fast_spiking_k", None, 58.0, 3.9),
    "wei": ("wei_na", "wei_k", None, 30.0, 25.0),
    "edpr": ("edpr_na", "edpr_k", None, 30.0, 15.0),
    "cressman": ("cressman_na", "cressman_k", None, 100.0, 40.0),
}

PUMPS = ("pump_constant", "pump_hill", "pump_exponential", "pump_hamada", "pump_luo_rudy_core")


@dataclass(frozen=True)
class Plan:
    """The choices of one structure."""

    kind: str
    name: str
    outside: str = "bath"
    inside: str = "fixed"
    shape: str = "volume"
    follows: bool = False
    extra: tuple = ()
    lacks: str = ""
    leaks: tuple = ("ghk", "ghk", "ghk")
    pump: str = "pump_hill"
    sodium: int = 3
    kcc: str = ""
    nkcc: str = ""
    kir: str = ""
    gates: str = ""
    gated_as: str = "ghk"
    water: bool = False
    exchange: str = ""


def structure(kind, seed):
    """A random structure of one kind."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])

    def pick(*options):
        return options[int(rng.integers(len(options)))]

    def chance(share):
        return bool(rng.random() < share)

    c = {
        "outside": pick("bath", "bath", "fixed", "osmotic"),
        "inside": pick("fixed", "osmotic"),
        "shape": pick("volume", "sphere", "cylinder"),
        "leaks": tuple(pick("ghk", "ghk", "ohmic", "none" if k == 1 and chance(0.2) else "ghk") for k in range(3)),
        "pump": pick("pump_hill", *PUMPS),
        "sodium": 2 if chance(0.05) else 3,
        "kcc": pick("", "", "kcc2", "kcc2_product"),
        "nkcc": pick("", "", "nkcc1", "nkcc1_gated"),
        "kir": pick("", "", "kir", "kir_halnes"),
        "gates": pick("", "", *GATES),
        "gated_as": pick("ghk", "ohmic"),
        "extra": pick((), (), ("HCO3",), ("Ca",)),
    }
    if kind == "bath":
        c["outside"] = "bath"
    elif kind == "closed":
        c["outside"] = pick("fixed", "osmotic")
    elif kind == "gated":
        c["gates"] = pick(*GATES)
    elif kind == "cotransport":
        c["kcc"], c["nkcc"] = pick("kcc2", "kcc2_product", ""), pick("nkcc1", "nkcc1_gated")
    elif kind == "water":
        c["inside"], c["shape"] = "osmotic", pick("sphere", "cylinder")
    elif kind == "kir":
        c["kir"] = pick("kir", "kir_halnes")
        c["gates"] = ""
    elif kind == "two":
        c |= {"outside": "fixed", "inside": "fixed", "shape": "volume", "extra": (), "gates": pick("", "edpr", "wei")}
    elif kind == "glia":
        c |= {"outside": pick("fixed", "osmotic"), "extra": (), "exchange": pick("", "salt", "salt")}
    elif kind == "lacking":
        # laws that take a logarithm of what is not there say nothing: the others are left
        c |= {"outside": "bath", "lacks": pick("Na", "Na", "K"), "leaks": ("ghk", "ghk", "ghk"), "kir": ""}
        c |= {"kcc": pick("", "kcc2_product"), "nkcc": "", "gated_as": "ghk", "gates": pick("", "", "dijkstra")}
        c["pump"] = pick("pump_hill", "pump_hamada", "pump_luo_rudy_core", "pump_exponential")
    elif kind == "loop":
        c |= {"outside": "bath", "inside": "fixed", "shape": "volume", "gates": "", "kir": "", "extra": ()}
    c["water"] = "osmotic" in (c["inside"], c["outside"])
    c["follows"] = c["inside"] == "osmotic" and c["shape"] != "volume" and chance(0.4)
    if c["pump"] == "pump_constant" and kind == "lacking":
        c["pump"] = "pump_hill"
    return Plan(kind=kind, name=f"{kind}_{seed}", **c)


def cell(plan, seed):
    """A cell of a structure, as the dict that its TOML says."""
    rng = np.random.default_rng([seed, 977])
    for _ in range(200):
        found = _cell(plan, rng)
        if found is not None:
            return found
    raise ValueError(f"no cell of {plan.name} balances")


def cells(n, seed=0, kinds=KINDS, per_structure=25):
    """n random cells as (plan, seed, dict), kind after kind, `per_structure` to each structure."""
    made = 0
    k = 0
    while made < n:
        kind = kinds[k % len(kinds)]
        plan = structure(kind, seed * 1000 + k // len(kinds))
        for j in range(min(per_structure, n - made)):
            number = (seed * 100_003 + k) * 1009 + j
            yield plan, number, cell(plan, number)
            made += 1
        k += 1


# --- numbers ------------------------------------------------------------------------------------------------


def _log(rng, low, high):
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def _contents(plan, rng):
    """Concentrations (mM) of an outside and of an inside of the same osmolarity, with their impermeants."""
    marine = rng.random() < 0.08
    k_out = _log(rng, 1.5, 8.0) if rng.random() < 0.7 else _log(rng, 1.5, 40.0)
    na_out = rng.uniform(350, 450) if marine else rng.uniform(75, 155)
    out = {"K": k_out, "Na": na_out}
    inside = {"K": rng.uniform(200, 400) if marine else rng.uniform(60, 150), "Na": rng.uniform(4, 45)}
    if plan.lacks:
        out[plan.lacks] = 0.0
    if plan.lacks == "Na":
        out["Li"] = na_out
        inside["Li"] = _log(rng, 0.5, 10.0)
    elif plan.lacks == "K":
        out["Na"] += k_out
    cations = sum(out.values())
    out["Cl"] = cations * rng.uniform(0.5, 0.98)
    inside["Cl"] = _log(rng, 2.0, 60.0)
    if "HCO3" in plan.extra:
        out["HCO3"] = min(rng.uniform(15, 30), 0.9 * (cations - out["Cl"]))
        inside["HCO3"] = rng.uniform(8, 25)
    if "Ca" in plan.extra:
        out["Ca"] = rng.uniform(0.8, 2.5)
        inside["Ca"] = _log(rng, 1e-5, 5e-4)
    rest = sum(VALENCE[s] * c for s, c in out.items())
    return out, inside, rest


def _cell(plan, rng):
    out, inside, rest = _contents(plan, rng)
    if rest < 0.5:
        return None
    radius = _log(rng, 1.0, 35.0)
    sizes, volume, area = _size(plan, rng, radius)
    potential = rng.uniform(-90, 0)
    d = {"name": plan.name, "temperature": f"{rng.uniform(10, 39)!r} degC"}
    if plan.kind == "loop":
        return d | _loop(plan, rng, out, inside, rest, volume, area)
    if plan.kind == "two":
        return d | _two(plan, rng, out, inside, rest, volume, area)
    osm_out = sum(out.values()) + rest
    x = osm_out - sum(inside.values())
    charge = sum(VALENCE[s] * c for s, c in inside.items())
    outer = {"kind": plan.outside, "ions": _mm(out)}
    if plan.outside == "bath":
        outer["impermeant"] = {"concentration": f"{rest!r} mM", "valence": -1.0}
    else:
        outer["volume"] = f"{volume * _log(rng, 0.1, 5.0)!r} um3"
        outer["impermeant"] = {"concentration": f"{rest!r} mM", "valence": "solve"}
    inner = {"kind": plan.inside, **sizes, "ions": _mm(inside)}
    inner["impermeant"] = _impermeant(x, charge, rng)
    if inner["impermeant"] is None:
        return None
    membrane = _membrane(plan, rng, area, potential)
    d["compartments"] = {"outside": outer, "inside": inner}
    d["membranes"] = {"m": {"inside": "inside", "outside": "outside", **membrane}}
    if plan.kind == "glia":
        _with_glia(d, plan, rng, out, rest, osm_out, volume, area)
    return d


def _impermeant(x, charge, rng):
    """What makes the inside as concentrated as the outside, if it can; else what makes it neutral."""
    if x > 5 and rng.random() < 0.7:
        return {"concentration": f"{x!r} mM", "valence": "solve"}
    if charge < 5:
        return None
    return {"concentration": "solve", "valence": rng.uniform(-2.0, -0.5)}


def _size(plan, rng, radius):
    """Size of the inside: its description, volume (um3) and area (um2)."""
    if plan.shape == "sphere":
        return {"shape": "sphere", "radius": f"{radius!r} um"}, 4 / 3 * math.pi * radius**3, 4 * math.pi * radius**2
    length = radius * rng.uniform(3, 20)
    volume, area = math.pi * radius**2 * length, 2 * math.pi * radius * length
    if plan.shape == "cylinder":
        return {"shape": "cylinder", "radius": f"{radius!r} um", "length": f"{length!r} um"}, volume, area
    return {"volume": f"{volume!r} um3"}, volume, area * rng.uniform(0.8, 2.5)


def _mm(ions):
    return {s: f"{c!r} mM" for s, c in ions.items()}


def _membrane(plan, rng, area, potential):
    m = {"potential": f"{potential!r} mV", "capacitance": f"{rng.uniform(0.5, 1.5)!r} uF/cm2"}
    if plan.shape == "volume":
        m["area"] = f"{area!r} um2"
    if plan.follows:
        m["area_follows_volume"] = True
    m["transports"] = _transports(plan, rng)
    return m


def _transports(plan, rng):
    t = {}
    p_k = _log(rng, 5e-8, 5e-6)
    strength = {"K": p_k, "Na": p_k * _log(rng, 1e-3, 0.3), "Cl": p_k * _log(rng, 1e-3, 1.0)}
    for ion, how in zip(("K", "Na", "Cl"), plan.leaks, strict=True):
        if how == "ghk" or plan.lacks == ion:
            t[f"{ion}_leak"] = {"law": "ghk_leak", "ion": ion, "permeability": f"{strength[ion]!r} cm/s"}
        elif how == "ohmic":
            # 1e-6 cm/s is about 0.06 mS/cm2 for K+, and more for what is more abundant
            g = strength[ion] * 6e4 * (1.0 if ion == "K" else 4.0)
            t[f"{ion}_leak"] = {"law": "ohmic_leak", "ion": ion, "conductance": f"{g!r} mS/cm2"}
    for ion in (*plan.extra, *(("Li",) if plan.lacks == "Na" else ())):
        p = p_k * _log(rng, 1e-4, 0.1)
        t[f"{ion}_leak"] = {"law": "ghk_leak", "ion": ion, "permeability": f"{p!r} cm/s"}
    # what a leak of Na+ asks for is about P x 145 mM x 3 / 3, in pmol/cm2/s; half of the cells have something like it
    asked = 1e6 * strength["Na"] * 145
    relative = {"pump_constant": 1.0, "pump_hill": 15.0, "pump_exponential": 20.0, "pump_hamada": 2.0}
    rate = asked * relative.get(plan.pump, 2.5) * _log(rng, 0.5, 6.0) if rng.random() < 0.6 else _log(rng, 0.01, 150.0)
    pump = {"law": plan.pump, "max_rate": f"{rate!r} pmol/cm2/s"}
    if plan.sodium != 3:
        pump["sodium"] = plan.sodium
    if plan.pump == "pump_exponential" and rng.random() < 0.99:
        pump["k_half"] = f"{rng.uniform(1.5, 5.5)!r} mM"
        pump["na_half"] = f"{rng.uniform(10, 25)!r} mM"
    t["pump"] = pump
    if plan.kcc == "kcc2":
        t["kcc"] = {"law": "kcc2", "turnover": f"{_log(rng, 0.01, 30.0)!r} pmol/cm2/s"}
    elif plan.kcc:
        t["kcc"] = {"law": "kcc2_product", "strength_per_product": f"{_log(rng, 1e-12, 5e-10)!r} mol/m2/s/mM2"}
    if plan.nkcc:
        t["nkcc"] = {"law": plan.nkcc, "turnover": f"{_log(rng, 0.01, 20.0)!r} pmol/cm2/s"}
        if plan.nkcc == "nkcc1_gated":
            t["nkcc"]["k_half"] = f"{rng.uniform(4, 16)!r} mM"
    if plan.kir == "kir":
        t["kir"] = {
            "law": "kir",
            "conductance": f"{_log(rng, 0.01, 1.0)!r} mS/cm2",
            "v_half": f"{rng.uniform(-20, 10)!r} mV",
            "v_slope": f"{rng.uniform(5, 40)!r} mV",
        }
    elif plan.kir:
        t["kir"] = {"law": "kir_halnes", "conductance": f"{_log(rng, 0.01, 1.0)!r} mS/cm2"}
    if plan.gates:
        na, k, third, g_na, g_k = GATES[plan.gates]
        t["gna"] = _gated(plan, na, "Na", g_na * _log(rng, 0.3, 3.0))
        t["gk"] = _gated(plan, k, "K", g_k * _log(rng, 0.1, 3.0))
        if third == "dijkstra_cl":
            p = _log(rng, 1e-7, 1e-5)
            t["gcl"] = {"law": "gated_ghk", "ion": "Cl", "gating": third, "permeability": f"{p!r} cm/s"}
        elif third:
            t["gm"] = _gated(plan, third, "K", _log(rng, 0.02, 0.3))
    if plan.water:
        t["water"] = {"law": "water", "hydraulic_permeability": f"{_log(rng, 1e-14, 2e-12)!r} m/(Pa s)"}
    return t


def _gated(plan, gating, ion, g):
    if plan.gated_as == "ohmic":
        return {"law": "gated_ohmic", "ion": ion, "gating": gating, "conductance": f"{g!r} mS/cm2"}
    p = g * (4e-7 if ion == "Na" else 1e-6)
    return {"law": "gated_ghk", "ion": ion, "gating": gating, "permeability": f"{p!r} cm/s"}


def _with_glia(d, plan, rng, out, rest, osm_out, volume, area):
    """A glial cell beside the neuron, in the same space; often the space exchanges salt with a bath."""
    ions = {"K": rng.uniform(80, 130), "Na": rng.uniform(8, 25), "Cl": _log(rng, 4.0, 40.0)}
    x = osm_out - sum(ions.values())
    own = volume * rng.uniform(0.5, 2.0)
    d["compartments"]["glia"] = {
        "kind": plan.inside,
        "volume": f"{own!r} um3",
        "ions": _mm(ions),
        "impermeant": {"concentration": f"{max(x, 20.0)!r} mM", "valence": "solve"},
    }
    d["compartments"]["outside"]["volume"] = f"{(volume + own) * rng.uniform(0.15, 0.6)!r} um3"
    bare = Plan(
        kind="glia",
        name="",
        leaks=("ghk", "ohmic", "ghk"),
        pump="pump_luo_rudy_core",
        kir="kir_halnes",
        nkcc=plan.nkcc,
        water=plan.water,
    )
    membrane = _membrane(bare, rng, area * rng.uniform(0.7, 2.0), rng.uniform(-90, -60))
    d["membranes"]["g"] = {"inside": "glia", "outside": "outside", **membrane}
    if plan.exchange:
        d["compartments"]["far"] = {
            "kind": "bath",
            "ions": _mm(out),
            "impermeant": {"concentration": f"{rest!r} mM", "valence": -1.0},
        }
        k = (volume + own) * _log(rng, 1e-3, 1.0)
        d["exchanges"] = {
            "flow": {
                "kind": "salt_diffusion",
                "inside": "outside",
                "outside": "far",
                "ions": ["K", "Na", "Cl"],
                "clearance": f"{k!r} um3/s",
            }
        }


def _two(plan, rng, out, inside, rest, volume, area):
    """Soma and dendrite, each in its own space, joined inside and outside by paths for ions."""
    compartments, membranes = {}, {}
    for name in ("soma", "dend"):
        own = volume * rng.uniform(0.5, 1.5)
        near = {s: c * rng.uniform(0.98, 1.02) for s, c in inside.items()}
        compartments[name] = {
            "kind": "fixed",
            "volume": f"{own!r} um3",
            "ions": _mm(near),
            "impermeant": {"concentration": "150 mM", "valence": "solve"},
        }
        compartments[f"out_{name}"] = {
            "kind": "fixed",
            "volume": f"{own * rng.uniform(0.3, 1.0)!r} um3",
            "ions": _mm(out),
            "impermeant": {"concentration": f"{rest!r} mM", "valence": "solve"},
        }
        part = plan if name == "soma" else Plan(**{**vars(plan), "gates": ""})
        membrane = _membrane(part, rng, area * rng.uniform(0.7, 1.5), rng.uniform(-90, -40))
        membranes[name] = {"inside": name, "outside": f"out_{name}", **membrane}
    cross = area * rng.uniform(0.02, 0.5)
    path = {"kind": "electrodiffusion", "length": f"{rng.uniform(100, 700)!r} um"}
    path["diffusivity"] = {"K": "1960 um2/s", "Na": "1330 um2/s", "Cl": "2030 um2/s"}
    exchanges = {
        "within": path | {"inside": "soma", "outside": "dend", "cross_section": f"{cross!r} um2", "tortuosity": 3.2},
        "around": path
        | {"inside": "out_soma", "outside": "out_dend", "cross_section": f"{cross / 2!r} um2", "tortuosity": 1.6},
    }
    return {"compartments": compartments, "membranes": membranes, "exchanges": exchanges}


def _loop(plan, rng, out, inside, rest, volume, area):
    """An epithelium: a cell between pond and blood, which a leaky junction joins."""
    v_apical, v_basal = rng.uniform(-70, -10), rng.uniform(-90, -40)
    pond = {s: c * rng.uniform(0.3, 1.0) for s, c in out.items()}
    spare = sum(VALENCE[s] * c for s, c in pond.items())
    pond["Cl"] += min(spare, 0.0)
    spare = max(spare, 0.0)
    d = {
        "compartments": {
            "pond": {
                "kind": "dialysed",
                "ions": _mm(pond),
                "impermeant": {"concentration": f"{spare!r} mM", "valence": -1.0},
            },
            "blood": {
                "kind": "bath",
                "ions": _mm(out),
                "impermeant": {"concentration": f"{rest!r} mM", "valence": -1.0},
            },
            "cell": {
                "kind": "fixed",
                "volume": f"{volume!r} um3",
                "ions": _mm(inside),
                "impermeant": {"concentration": f"{rng.uniform(70, 130)!r} mM", "valence": "solve"},
            },
        }
    }
    basal = _membrane(plan, rng, area, v_basal)
    p = _log(rng, 1e-8, 1e-6)
    apical = {
        "potential": f"{v_apical!r} mV",
        "area": f"{area * rng.uniform(0.1, 0.5)!r} um2",
        "transports": {"Na_a": {"law": "ghk_leak", "ion": "Na", "permeability": f"{p!r} cm/s"}},
    }
    if plan.leaks[2] == "ghk":
        share = _log(rng, 0.01, 1.0)
        apical["transports"]["Cl_a"] = {"law": "ghk_leak", "ion": "Cl", "permeability": f"{p * share!r} cm/s"}
    q = _log(rng, 1e-8, 1e-6)
    between = {
        "potential": f"{v_basal - v_apical!r} mV",
        "area": f"{area * rng.uniform(0.05, 0.3)!r} um2",
        "transports": {
            f"{ion}_p": {
                "law": "ghk_leak",
                "ion": ion,
                "permeability": f"{q * rng.uniform(0.2, 1.0)!r} cm/s",
            }
            for ion in ("Na", "K", "Cl")
        },
    }
    d["membranes"] = {
        "apical": {"inside": "cell", "outside": "pond", **apical},
        "basolateral": {"inside": "cell", "outside": "blood", **basal},
        "paracellular": {"inside": "pond", "outside": "blood", **between},
    }
    return d


# --- protocols ----------------------------------------------------------------------------------------------


def protocol(described, seed):
    """Random events: for the package [(s, change)], for the model [(s, {path: value})]; and the end (s).

    The pump stops for a while and K+ in the bath steps with a companion that keeps it neutral, in some order.
    """
    rng = np.random.default_rng([seed, 31])
    membranes = described["membranes"]
    until = _log(rng, 2.0, 600.0)
    spans = sorted(rng.uniform(0.05, 0.9, size=4) * until)
    mine, theirs = [], []
    pump = next(n for n in membranes if "pump" in membranes[n]["transports"])
    path = f"membranes.{pump}.transports.pump.max_rate"
    usual = membranes[pump]["transports"]["pump"]["max_rate"]
    share = float(rng.choice([0.0, 0.3, 2.0]))
    number, unit = usual.split(" ", 1)
    theirs += [(spans[0], f"{path}*={share!r}"), (spans[2], f"{path}=restore")]
    mine += [(spans[0], {path: f"{float(number) * share!r} {unit}"}), (spans[2], {path: usual})]
    outside = described["compartments"].get("outside", {"kind": ""})
    if outside["kind"] == "bath":
        k, na = (float(outside["ions"][s].split()[0]) for s in ("K", "Na"))
        new = min(k + rng.uniform(0.5, 20.0), k + 0.5 * na)
        theirs += [(spans[1], f"outside.K={new!r} mM swap Na"), (spans[3], "outside.K=restore")]
        ions = "compartments.outside.ions."
        mine += [
            (spans[1], {ions + "K": f"{new!r} mM", ions + "Na": f"{na - (new - k)!r} mM"}),
            (spans[3], {ions + "K": outside["ions"]["K"], ions + "Na": outside["ions"]["Na"]}),
        ]
    return sorted(theirs), sorted(mine, key=lambda event: event[0]), until


# --- text ---------------------------------------------------------------------------------------------------


def to_toml(described):
    """The TOML of a described cell."""
    lines = []

    def write(table, name):
        plain = {k: v for k, v in table.items() if not _section(v)}
        if name and (plain or not table):
            lines.append(f"[{name}]")
        lines.extend(f"{k} = {_value(v)}" for k, v in plain.items())
        for k, v in table.items():
            if _section(v):
                write(v, f"{name}.{k}" if name else k)

    write(described, "")
    return "\n".join(lines) + "\n"


def _section(v):
    return isinstance(v, dict) and any(isinstance(u, dict) for u in v.values())


def _value(v):
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{k} = {_value(u)}" for k, u in v.items()) + " }"
    if isinstance(v, list):
        return "[" + ", ".join(_value(u) for u in v) + "]"
    if isinstance(v, bool):
        return "true" if v else "false"
    return f'"{v}"' if isinstance(v, str) else repr(v)
