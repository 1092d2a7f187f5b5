"""A cell as its own equations: amounts, volumes, charges of compartments and gates, written apart from the package.

The state holds every ion of every finite compartment, every osmotic volume, the charge (C) of every compartment but one
of each electrically joined group, and every gate; nothing is eliminated. Potentials are those of the compartments, from
their charges and the membranes' capacitances, so that a loop of membranes needs no rule of its own. States are kept in
units of the start: mol/m3 of the start volume, start volumes, volts at the start area.
"""

import copy
import math
from functools import cached_property

import numpy as np

from . import laws
from .units import si

F, R = laws.F, laws.R
N_A = 6.02214076e23

VALENCE = {
    "K": 1,
    "Na": 1,
    "Cl": -1,
    "HCO3": -1,
    "H": 1,
    "Li": 1,
    "Rb": 1,
    "Cs": 1,
    "NH4": 1,
    "Ca": 2,
    "Mg": 2,
    "O2": 0,
}

STEP = 1e-30
"""Of the complex step: its square is nothing, so there is no cancellation."""


class Place:
    """Where the things that a transport sees stand in the lists of concentrations and states."""

    def __init__(self, model, inside, outside, gates=None):
        self.model, self._in, self._out, self.gates = model, inside, outside, gates or {}
        self.phi = model.phi
        self.osmolarity_inside, self.osmolarity_outside = model.osm_at[inside], model.osm_at[outside]

    def inside(self, ion):
        return self.model.c_at[self._in, ion]

    def outside(self, ion):
        return self.model.c_at[self._out, ion]

    def valence(self, ion):
        return self.model.z[ion]


class Model:
    """The equations of a described cell (a dict as `tomllib` reads it).

    `start` is the state it describes. `rhs(t, x)` and `jacobian(t, x)` are in units of the states per second.
    """

    def __init__(self, described, kept=None):
        """`kept` are the impermeants of finite compartments (mol and valence), where they were fixed before."""
        self.described = d = described
        self.z = {**VALENCE, **d.get("valences", {})}
        self.temperature = si(d.get("temperature", "37 degC"))
        self.phi = R * self.temperature / F
        self.spaces = {n: _space(n, c) for n, c in d["compartments"].items()}
        self.membranes = {n: _membrane(n, m, self.spaces) for n, m in d["membranes"].items()}
        self.exchanges = d.get("exchanges", {})
        self._solve_charges()
        if kept:
            for name, x in kept.items():
                self.spaces[name]["x"] = x
        self._lay_out()
        self._make_movers()
        self.start = self._start()

    # --- what is described ---------------------------------------------------------------------------------

    def _solve_charges(self):
        """Fill in what the charge of each finite compartment leaves open."""
        for name, s in self.spaces.items():
            if not s["finite"]:
                continue
            charge = 0.0
            for m in self.membranes.values():
                side = (m["inside"] == name) - (m["outside"] == name)
                charge += side * m["capacitance"] * m["area"] * m["potential"]
            wanted = charge / (F * s["volume"])
            c, zx = s["x"]
            known = [self.z[i] * v for i, v in s["ions"].items() if v != "solve"]
            if "solve" not in (c, zx):
                known.append(c * zx)
            rest = wanted - math.fsum(known)
            if c == "solve":
                c = rest / zx
            elif zx == "solve":
                zx = rest / c
            for ion, v in s["ions"].items():
                if v == "solve":
                    s["ions"][ion] = rest / self.z[ion]
            s["x"] = (c, zx)
            if c < 0 or min(s["ions"].values()) < 0:
                raise ValueError(f"nothing balances the charge of {name}")

    def _lay_out(self):
        """Where every state, concentration and osmolarity stands."""
        self.names, self.units = [], []
        self.c_at, fixed = {}, []
        for name, s in self.spaces.items():
            if s["finite"]:
                for ion in s["ions"]:
                    self.c_at[name, ion] = len(self.names)
                    self.names.append(("amount", name, ion))
                    self.units.append(s["volume"])
        self.n_amounts = len(self.names)
        for name, s in self.spaces.items():
            if not s["finite"]:
                for ion, v in s["ions"].items():
                    self.c_at[name, ion] = self.n_amounts + len(fixed)
                    fixed.append(v)
        self.fixed = fixed
        base = self.n_amounts + len(fixed)
        self.osm_at = {name: base + k for k, name in enumerate(self.spaces)}
        self.w_at = {}
        for name, s in self.spaces.items():
            if s["kind"] == "osmotic":
                self.w_at[name] = len(self.names)
                self.names.append(("volume", name, ""))
                self.units.append(s["volume"])
        self._electrical()
        self.gates = []
        for name, m in self.membranes.items():
            for label, t in m["transports"].items():
                m["gates"][label] = {}
                for gate, (on, off) in laws.GATINGS[t["gating"]][0].items() if "gating" in t else ():
                    k = len(self.names)
                    m["gates"][label][gate] = k
                    self.gates.append((k, name, on, off))
                    self.names.append(("gate", name, f"{label}.{gate}"))
                    self.units.append(1.0)
        self.units = np.array(self.units)
        self.n = len(self.names)
        self.kinds = np.array([kind for kind, _, _ in self.names])

    def _electrical(self):
        """Groups of compartments that membranes join; one of each group is its ground, the others have a charge."""
        insides = {m["inside"] for m in self.membranes.values()}
        order = sorted(self.spaces, key=lambda n: (self.spaces[n]["kind"] != "bath", n in insides))
        self.group = {}
        for ground in order:
            if ground in self.group:
                continue
            self.group[ground], reached = ground, [ground]
            for here in reached:
                for m in self.membranes.values():
                    for a, b in ((m["inside"], m["outside"]), (m["outside"], m["inside"])):
                        if a == here and b not in self.group:
                            self.group[b] = ground
                            reached.append(b)
        self.nodes = [n for n in self.spaces if self.group[n] != n]
        self.q_at = {}
        self.farads = dict.fromkeys(self.nodes, 0.0)
        for m in self.membranes.values():
            for side in (m["inside"], m["outside"]):
                if side in self.farads:
                    self.farads[side] += m["capacitance"] * m["area"]
        for n in self.nodes:
            self.q_at[n] = len(self.names)
            self.names.append(("charge", n, ""))
            self.units.append(self.farads[n])
        index = {n: k for k, n in enumerate(self.nodes)}
        self.walls = []
        for name, m in self.membranes.items():
            ends = index.get(m["inside"], -1), index.get(m["outside"], -1)
            volume = self.w_at.get(m["inside"], -1) if m["exponent"] else -1
            self.walls.append((name, *ends, m["capacitance"] * m["area"], volume, m["exponent"]))
        self.stretches = any(w[4] >= 0 for w in self.walls)
        if not self.stretches:
            self._inverse = np.linalg.inv(self._capacitance([])).tolist() if self.nodes else []

    def _capacitance(self, x):
        """C of the compartments against each other (F), per unit of their charge states."""
        size = len(self.nodes)
        matrix = [[0.0] * size for _ in range(size)]
        for _, i, o, c, w, e in self.walls:
            c = c * x[w] ** e if w >= 0 else c
            for a, b, s in ((i, i, c), (o, o, c), (i, o, -c), (o, i, -c)):
                if a >= 0 and b >= 0:
                    matrix[a][b] = matrix[a][b] + s / self.farads[self.nodes[a]]
        return matrix

    # --- what moves ----------------------------------------------------------------------------------------

    def _make_movers(self):
        """Each transport as (rate, membrane number, [(state, what a turnover per area adds to it)])."""
        self.movers, self.stoichiometry, self.labels = [], [], []
        for k, (name, m) in enumerate(self.membranes.items()):
            for label, t in m["transports"].items():
                maker, moved, defaults, strength = laws.LAWS[t["law"]]
                p = {**defaults, **t}
                if p[strength] == 0.0:
                    continue  # what is off moves nothing, and what it alone moved is conserved
                place = Place(self, m["inside"], m["outside"], m["gates"][label])
                adds = self._adds(moved(p), m["inside"], m["outside"], not t.get("counter_charge"))
                if t["law"] == "water":
                    for side, sign in ((m["inside"], -1.0), (m["outside"], 1.0)):
                        if side in self.w_at:
                            adds[self.w_at[side]] = adds.get(self.w_at[side], 0.0) + sign / self.spaces[side]["volume"]
                self._tie(adds)
                self.stoichiometry.append(adds)
                self.labels.append(f"{name}.{label}")
                self.movers.append((maker(p, place), k, [(s, a * m["area"]) for s, a in adds.items() if a]))
        self.salts, self.paths, self.plain = [], [], []
        for label, e in self.exchanges.items():
            self._make_exchange(label, {key: si(v, key) for key, v in e.items()})

    def _adds(self, moved, inside, outside, charged=True):
        """What a turnover of 1 mol adds to each state."""
        adds = {}
        for ion, count in moved.items():
            for side, sign in ((inside, -1.0), (outside, 1.0)):
                s = self.spaces[side]
                if s["finite"] and ion in s["ions"]:
                    k = self.c_at[side, ion]
                    adds[k] = adds.get(k, 0.0) + sign * count / s["volume"]
                if charged and side in self.q_at and self.z[ion]:
                    k = self.q_at[side]
                    adds[k] = adds.get(k, 0.0) + sign * count * self.z[ion] * F / self.farads[side]
        return adds

    def _tie(self, adds):
        """Published closures: an amount follows others in place of what crosses the membrane."""
        for tied, terms in self.described.get("closures", {}).items():
            space, ion = tied.split(".")
            k = self.c_at[space, ion]
            change = 0.0
            for other, factor in terms.items():
                a, b = other.split(".")
                j = self.c_at[a, b]
                change += factor * adds.get(j, 0.0) * self.units[j] / self.units[k]
            adds.pop(k, None)
            if change:
                adds[k] = change

    def _make_exchange(self, label, e):
        inside, outside = e["inside"], e["outside"]
        if e["kind"] == "untracked_diffusion":
            ion, k = e["ion"], e["clearance"]
            i, o = self.c_at[inside, ion], self.c_at[outside, ion]
            adds = self._adds({ion: 1.0}, inside, outside, charged=False)
            self._tie(adds)
            self.stoichiometry.append(adds)
            self.labels.append(label)
            self.plain.append((lambda c: k * (c[i] - c[o]), list(adds.items())))
        elif e["kind"] == "salt_diffusion":
            ions = [(self.z[ion], self.c_at[inside, ion], self.c_at[outside, ion]) for ion in e["ions"]]
            moves = [self._adds({ion: 1.0}, inside, outside, charged=False) for ion in e["ions"]]
            last = self.z[e["ions"][-1]]
            for ion, adds in zip(e["ions"][:-1], moves, strict=False):
                pair = dict(adds)
                for k, a in moves[-1].items():
                    pair[k] = pair.get(k, 0.0) - a * self.z[ion] / last
                self.stoichiometry.append(pair)
                self.labels.append(f"{label}.{ion}")
            self.salts.append((e["clearance"], ions, [list(adds.items()) for adds in moves]))
        elif e["kind"] == "electrodiffusion":
            k = e["cross_section"] / (e.get("tortuosity", 1.0) ** 2 * e["length"])
            diffusivity = {ion: si(v) for ion, v in e["diffusivity"].items()}
            ions = [(k * D, self.z[i], self.c_at[inside, i], self.c_at[outside, i]) for i, D in diffusivity.items()]
            moves = [self._adds({ion: 1.0}, inside, outside) for ion in diffusivity]
            self.stoichiometry += moves
            self.labels += [f"{label}.{ion}" for ion in diffusivity]
            groups = self.group[inside], self.group[outside]
            for path in self.paths:
                if path[0] in (groups, groups[::-1]):
                    sign = 1.0 if path[0] == groups else -1.0
                    path[1].append((sign, inside, outside, ions, [list(a.items()) for a in moves]))
                    return
            self.paths.append((groups, [(1.0, inside, outside, ions, [list(a.items()) for a in moves])]))
        else:
            raise ValueError(f"exchange {e['kind']}")

    # --- the equations -------------------------------------------------------------------------------------

    def _start(self):
        x = np.zeros(self.n)
        for k, (kind, name, what) in enumerate(self.names):
            if kind == "amount":
                x[k] = self.spaces[name]["ions"][what]
            elif kind == "volume":
                x[k] = 1.0
        charge = dict.fromkeys(self.nodes, 0.0)
        for m in self.membranes.values():
            for side, sign in ((m["inside"], 1.0), (m["outside"], -1.0)):
                if side in charge:
                    charge[side] += sign * m["capacitance"] * m["area"] * m["potential"]
        for n in self.nodes:
            x[self.q_at[n]] = charge[n] / self.farads[n]
        v = self.potentials(x)
        for name, m in self.membranes.items():
            if abs(v[name] - m["potential"]) > 1e-9:
                raise ValueError(f"the potentials round a loop do not add up at {name}")
        for k, membrane, on, off in self.gates:
            u = 1e3 * v[membrane]
            x[k] = on(u) / (on(u) + off(u))
        return x

    def _heights(self, x):
        """Potentials of the compartments that have a charge, V."""
        q = [x[self.q_at[n]] for n in self.nodes]
        if not self.stretches:
            return [sum(a * b for a, b in zip(row, q, strict=True)) for row in self._inverse]
        matrix = self._capacitance(x)
        if len(q) == 1:
            return [q[0] / matrix[0][0]]
        return _solve(matrix, q)

    def potentials(self, x):
        """V of every membrane, V."""
        x = list(x)
        h = [*self._heights(x), 0.0]
        return {name: h[i] - h[o] for name, i, o, *_ in self.walls}

    def contents(self, x):
        """Concentrations by compartment and ion, mol/m3."""
        c = self._concentrations(list(x))
        table = {}
        for (space, ion), k in self.c_at.items():
            table.setdefault(space, {})[ion] = c[k]
        return table

    def _concentrations(self, x):
        """The list that laws read: of ions in finite compartments and baths, then osmolarities."""
        c = list(x[: self.n_amounts])
        for first, last, w in self._swelling:
            v = x[w]
            c[first:last] = [a / v for a in c[first:last]]
        c += self.fixed
        if self._wet:
            for ions, impermeant, w in self._solutes:
                c.append(sum([c[i] for i in ions]) + (impermeant / x[w] if w >= 0 else impermeant))
        return c

    @cached_property
    def _wet(self):
        return bool(self.w_at)

    @cached_property
    def _swelling(self):
        spans = []
        for name, w in self.w_at.items():
            at = [k for (space, _), k in self.c_at.items() if space == name]
            spans.append((min(at), max(at) + 1, w))
        return spans

    @cached_property
    def _solutes(self):
        return [
            (
                [k for (space, ion), k in self.c_at.items() if space == name and self.z[ion]],
                s["x"][0],
                self.w_at.get(name, -1),
            )
            for name, s in self.spaces.items()
        ]

    def _rates(self, x):
        """x' as a list, of floats or of complex numbers."""
        h = self._heights(x)
        h.append(0.0)
        v = [h[i] - h[o] for _, i, o, *_ in self.walls]
        c = self._concentrations(x)
        d = [0.0] * self.n
        size = [x[w] ** e if w >= 0 else 1.0 for *_, w, e in self.walls] if self.stretches else None
        for rate, m, adds in self.movers:
            r = rate(v[m], c, x)
            if size is not None:
                r = r * size[m]
            for k, a in adds:
                d[k] += a * r
        for k, on, off, m in self._kinetics:
            u = 1e3 * v[m]
            d[k] = 1e3 * (on(u) * (1 - x[k]) - off(u) * x[k])
        for flow, adds in self.plain:
            r = flow(c)
            for k, a in adds:
                d[k] += a * r
        for salt in self.salts:
            self._mix(salt, c, d)
        for path in self.paths:
            self._conduct(path, h, c, d)
        return d

    @cached_property
    def _kinetics(self):
        number = {name: k for k, (name, *_) in enumerate(self.walls)}
        return [(k, on, off, number[m]) for k, m, on, off in self.gates]

    @staticmethod
    def _mix(salt, c, d):
        """Ions of equal mobility diffuse across a junction whose potential lets no net charge through."""
        clearance, ions, moves = salt
        drive = sum([z * (c[i] - c[o]) for z, i, o in ions])
        screen = sum([z * z * 0.5 * (c[i] + c[o]) for z, i, o in ions])
        for (z, i, o), adds in zip(ions, moves, strict=True):
            r = clearance * (c[i] - c[o] - z * 0.5 * (c[i] + c[o]) * drive / screen)
            for k, a in adds:
                d[k] += a * r

    def _conduct(self, link, h, c, d):
        """Nernst-Planck along all paths between two groups, whose common drop lets no net current through."""
        _, paths = link
        number = {n: k for k, n in enumerate(self.nodes)}
        current = conductance = 0.0
        drops = []
        for sign, inside, outside, ions, _ in paths:
            drop = (h[number.get(inside, -1)] - h[number.get(outside, -1)]) / self.phi
            drops.append(drop)
            for k, z, i, o in ions:
                mean = 0.5 * (c[i] + c[o])
                current += sign * k * z * (c[i] - c[o] + z * mean * drop)
                conductance += k * z * z * mean
        common = -current / conductance
        for (sign, _, _, ions, moves), drop in zip(paths, drops, strict=True):
            drop = drop + sign * common
            for (k, z, i, o), adds in zip(ions, moves, strict=True):
                r = k * (c[i] - c[o] + z * 0.5 * (c[i] + c[o]) * drop)
                for s, a in adds:
                    d[s] += a * r

    def rhs(self, t, x):
        """x' (states' units per second)."""
        return np.array(self._rates(x.tolist()))

    def jacobian(self, t, x):
        """d x'/d x by complex steps."""
        plain = x.tolist()
        columns = []
        for k, value in enumerate(plain):
            moved = list(plain)
            moved[k] = complex(value, STEP)
            columns.append([r.imag for r in self._rates(moved)])
        return np.array(columns).T / STEP

    # --- totals --------------------------------------------------------------------------------------------

    @cached_property
    def table(self):
        """What a turnover of each mover adds to each state but gates: (states, movers); gates are rows of zeros."""
        table = np.zeros((self.n, max(len(self.stoichiometry), 1)))
        for j, adds in enumerate(self.stoichiometry):
            for k, a in adds.items():
                table[k, j] = a
        if self.paths:  # a path's current is balanced by the others: only moves without net current are free
            table = self._balanced(table)
        return table

    def _balanced(self, table):
        columns = [table[:, j] for j, label in enumerate(self.labels) if not self._of_path(label)]
        for groups, _ in self.paths:
            mine = [j for j, label in enumerate(self.labels) if self._of_path(label) == groups]
            charges = np.array([self._carried(self.labels[j], groups) for j in mine])
            _, _, vt = np.linalg.svd(charges[None, :])
            columns += [table[:, mine] @ row for row in vt[1:]]
        return np.array(columns).T

    def _of_path(self, label):
        e = self.exchanges.get(label.split(".")[0])
        if e is None or e["kind"] != "electrodiffusion":
            return None
        groups = self.group[e["inside"]], self.group[e["outside"]]
        return groups if any(groups == path[0] for path in self.paths) else groups[::-1]

    def _carried(self, label, groups):
        name, ion = label.split(".")
        e = self.exchanges[name]
        return self.z[ion] * (1.0 if (self.group[e["inside"]], self.group[e["outside"]]) == groups else -1.0)

    def reachable(self, scale):
        """Orthonormal directions (scaled) in which the motion can go: the span of the table, and each gate."""
        rows = self.table / scale[:, None]
        norm = np.linalg.norm(rows, axis=0)
        rows = rows[:, norm > 0] / norm[norm > 0]
        if rows.size:
            u, s, _ = np.linalg.svd(rows, full_matrices=False)
            u = u[:, s > 1e-11 * s[0]]
        else:
            u = np.zeros((self.n, 0))
        gates = [k for k, *_ in self.gates]
        return np.hstack([u, np.eye(self.n)[:, gates]])

    def totals(self):
        """Conserved totals: rows that vanish on every move (natural units: mol, m3, C), states without gates."""
        rows = [k for k in range(self.n) if self.kinds[k] != "gate"]
        natural = self.table[rows] * self.units[rows, None]
        size = np.abs(natural).max(axis=1)
        size[size == 0] = 1.0
        u, s, _ = np.linalg.svd(natural / size[:, None], full_matrices=True)
        rank = int((s > 1e-9 * s[0]).sum())
        full = np.zeros((len(rows) - rank, self.n))
        full[:, rows] = u[:, rank:].T / size * self.units[rows]
        return full

    # --- other numbers -------------------------------------------------------------------------------------

    def kept(self):
        """The impermeants of finite compartments, to make the same cell under other conditions."""
        return {n: s["x"] for n, s in self.spaces.items() if s["finite"]}

    def changed(self, values):
        """The same cell with other numbers, `{path: value}`; what the charge determined at the start stays."""
        described = copy.deepcopy(self.described)
        for path, value in values.items():
            *way, last = path.split(".")
            table = described
            for key in way:
                table = table[key]
            table[last] = value
        return Model(described, self.kept())


def _space(name, table):
    kind = table["kind"]
    s = {"kind": kind, "finite": kind in ("fixed", "osmotic")}
    s["ions"] = {ion: si(v) for ion, v in table["ions"].items()}
    x = table.get("impermeant")
    s["x"] = (si(x["concentration"]), si(x["valence"])) if x else (0.0, 0.0)
    s["shape"] = table.get("shape")
    radius, length = si(table.get("radius")), si(table.get("length"))
    s["surface"] = None
    if s["shape"] == "sphere":
        s["volume"], s["surface"] = 4 / 3 * math.pi * radius**3, 4 * math.pi * radius**2
    elif s["shape"] == "cylinder":
        s["volume"], s["surface"] = math.pi * radius**2 * length, 2 * math.pi * radius * length
    else:
        s["volume"] = si(table.get("volume"))
    return s


def _membrane(name, table, spaces):
    inside = spaces[table["inside"]]
    m = {"inside": table["inside"], "outside": table["outside"], "gates": {}}
    m["capacitance"] = si(table.get("capacitance", "1 uF/cm2"))
    m["potential"] = si(table.get("potential", "-70 mV"))
    m["area"] = si(table["area"]) if "area" in table else inside["surface"]
    follows = table.get("area_follows_volume", False)
    m["exponent"] = {"sphere": 2 / 3, "cylinder": 1 / 2}[inside["shape"]] if follows else 0.0
    m["transports"] = {
        label: {key: si(v, key) for key, v in t.items()} for label, t in table.get("transports", {}).items()
    }
    return m


def _solve(matrix, right):
    """Gauss elimination on lists, for complex numbers too; the matrices are diagonally dominant."""
    a = [[*row, r] for row, r in zip(matrix, right, strict=True)]
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            f = a[i][k] / a[k][k]
            if f:
                a[i] = [u - f * v for u, v in zip(a[i], a[k], strict=True)]
    x = [0.0] * n
    for k in reversed(range(n)):
        x[k] = (a[k][n] - sum(a[k][j] * x[j] for j in range(k + 1, n))) / a[k][k]
    return x
