"""Rings of membranes, gap junctions and electrodes against Kirchhoff's laws written again: nodes and their incidence.

The model here shares nothing with the package: node charges are states, potentials solve B C B^T phi = q, and SciPy's
Radau integrates. Structures have random numbers.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest
from vrest.errors import InputError
from vrest.model.notices import notices

F, R, T = 96485.33212, 8.31446261815324, 310.15
PHI = R * T / F
Z = {"K": 1, "Na": 1, "Cl": -1}
IONS = tuple(Z)


class Circuit:
    """Nodes: (a volume or None, contents). Edges: (name, inside, outside, area, capacitance, P by ion, pump)."""

    def __init__(self, nodes, edges, start, junction=None):
        self.nodes, self.edges, self.start, self.junction = nodes, edges, start, junction
        self.names = list(nodes)
        self.incidence = np.zeros((len(nodes), len(edges)))
        for e, (_, inside, outside, *_) in enumerate(edges):
            self.incidence[self.names.index(inside), e] = 1
            self.incidence[self.names.index(outside), e] = -1
        self.capacity = np.array([edge[3] * edge[4] for edge in edges])
        self.finite = [n for n in self.names if nodes[n][0]]

    def toml(self):
        text = 'name = "circuit"\n'
        for name, (volume, ions) in self.nodes.items():
            table = ", ".join(f'{i} = "{float(c)!r} mM"' for i, c in ions.items())
            size = f'kind = "fixed"\nvolume = "{volume * 1e18!r} um3"' if volume else 'kind = "dialysed"'
            text += f"[compartments.{name}]\n{size}\nions = {{ {table} }}\n"
            if volume:
                text += 'impermeant = { concentration = "50 mM", valence = "solve" }\n'
        for (name, inside, outside, area, c, leaks, pump), v in zip(self.edges, self.start, strict=True):
            text += f'[membranes.{name}]\ninside = "{inside}"\noutside = "{outside}"\narea = "{area * 1e12!r} um2"\n'
            text += f'capacitance = "{100 * c!r} uF/cm2"\npotential = "{1e3 * v!r} mV"\n'
            text += f"[membranes.{name}.transports]\n"
            for ion, p in leaks.items():
                text += f'{ion} = {{ law = "ghk_leak", ion = "{ion}", permeability = "{100 * p!r} cm/s" }}\n'
            if pump:
                text += f'pump = {{ law = "pump_hill", max_rate = "{1e8 * pump!r} pmol/cm2/s" }}\n'
        if self.junction:
            kind, inside, outside, p = self.junction
            text += f'[exchanges.gap]\nkind = "{kind}"\ninside = "{inside}"\noutside = "{outside}"\n'
            if kind == "gap_junction_ghk":
                text += f'ions = ["K", "Na", "Cl"]\npermeability = "{p * 1e18!r} um3/s"\n'
            else:
                table = ", ".join(f'{ion} = "{p[ion] * 1e12!r} um2/s"' for ion in IONS)
                text += f'diffusivity = {{ {table} }}\ncross_section = "1 um2"\nlength = "1 um"\n'
        return text

    def state(self):
        amounts = [c * self.nodes[n][0] for n in self.finite for c in self.nodes[n][1].values()]
        return np.array([*amounts, *(self.incidence @ (self.capacity * self.start))[:-1]])

    def read(self, y):
        """Concentrations by node, and V of every edge."""
        content, k = {}, 0
        for n in self.names:
            content[n] = dict(self.nodes[n][1])
            for ion in self.nodes[n][1] if n in self.finite else ():
                content[n][ion] = y[k] / self.nodes[n][0]
                k += 1
        b = self.incidence[:-1]  # the last node is the ground
        phi = np.append(np.linalg.solve(b @ np.diag(self.capacity) @ b.T, y[k:]), 0.0)
        return content, self.incidence.T @ phi, phi

    def slope(self, _, y):
        content, v, phi = self.read(y)
        gain = {n: dict.fromkeys(IONS, 0.0) for n in self.names}

        def move(ion, flux, inside, outside):
            gain[inside][ion] -= flux
            gain[outside][ion] += flux

        def ghk(p, ion, inside, outside, drop):
            u = Z[ion] * drop / PHI
            factor = u / np.expm1(u) if abs(u) > 1e-9 else 1 - u / 2
            return p * factor * (content[inside][ion] * np.exp(u) - content[outside][ion])

        for (_, inside, outside, area, _, leaks, pump), drop in zip(self.edges, v, strict=True):
            for ion, p in leaks.items():
                move(ion, area * ghk(p, ion, inside, outside, drop), inside, outside)
            if pump:
                na, k = content[inside]["Na"], content[outside]["K"]
                turn = area * pump * (na / (na + 10)) ** 3 * (k / (k + 2)) ** 2
                move("Na", 3 * turn, inside, outside)
                move("K", -2 * turn, inside, outside)
        if self.junction:
            kind, inside, outside, p = self.junction
            drop = phi[self.names.index(inside)] - phi[self.names.index(outside)]
            for ion in IONS:
                a, b = content[inside][ion], content[outside][ion]
                drift = Z[ion] * (a + b) / 2 * drop / PHI
                through = (
                    ghk(p, ion, inside, outside, drop)
                    if kind == "gap_junction_ghk"
                    else p[ion] * 1e-6 * (a - b + drift)
                )
                move(ion, through, inside, outside)
        amounts = [gain[n][ion] for n in self.finite for ion in self.nodes[n][1]]
        charges = [F * sum(Z[i] * g for i, g in gain[n].items()) for n in self.names[:-1]]
        return np.array([*amounts, *charges])


def drawn(rng):
    def near(value, spread=0.3):
        return value * float(np.exp(rng.normal(0, spread)))

    inner = lambda: {"K": near(130, 0.05), "Na": near(12, 0.2), "Cl": near(10, 0.2)}  # noqa: E731
    outer = lambda: {"K": near(4, 0.2), "Na": near(140, 0.02), "Cl": near(140, 0.02)}  # noqa: E731
    leak = lambda k=1.0: {"K": k * near(1e-8), "Na": k * near(5e-10), "Cl": k * near(2e-9)}  # noqa: E731
    return near, inner, outer, leak


def epithelium(rng):
    near, inner, outer, leak = drawn(rng)
    nodes = {"cell": (1e-15, inner()), "pond": (None, outer()), "blood": (None, outer())}
    apical = {"Na": near(2e-9), "Cl": near(1e-9)}
    shunt = {ion: near(2e-9) for ion in IONS}
    edges = [
        ("apical", "cell", "pond", 1e-10, 0.01, apical, 0.0),
        ("basal", "cell", "blood", 5e-10, 0.01, leak(), near(4e-7)),
        ("shunt", "pond", "blood", 1e-10, 0.0, shunt, 0.0),
    ]
    return Circuit(nodes, edges, [-0.03, -0.08, -0.05])


def tubule(rng):
    near, inner, outer, leak = drawn(rng)
    out = outer()
    nodes = {"fibre": (5e-14, inner()), "tubule": (1.5e-16, dict(out)), "bath": (None, out)}
    mouth = {ion: near(5e-5) for ion in IONS}
    edges = [
        ("surface", "fibre", "bath", 4e-9, 0.01, leak(), near(2e-7)),
        ("wall", "fibre", "tubule", 2e-8, 0.01, leak(), near(2e-7)),
        ("mouth", "tubule", "bath", 1e-11, 0.0, mouth, 0.0),
    ]
    return Circuit(nodes, edges, [-0.085, -0.083, -0.002])


def pair(rng):
    near, inner, outer, leak = drawn(rng)
    nodes = {"one": (1e-15, inner()), "two": (2e-15, inner()), "bath": (None, outer())}
    edges = [
        ("one", "one", "bath", 5e-10, 0.01, leak(), near(2e-7)),
        ("two", "two", "bath", 8e-10, 0.01, leak(0.5), near(2e-7)),
    ]
    return Circuit(nodes, edges, [-0.07, -0.04], ("gap_junction_ghk", "one", "two", near(5e-18)))


def open_mouth(rng):
    """The tubule's mouth is a path along which ions drift and diffuse."""
    near, *_ = drawn(rng)
    made = tubule(rng)
    mouth = {ion: near(5e-10) for ion in IONS}  # times 1 um2 over 1 um
    return Circuit(made.nodes, made.edges[:2], made.start[:2], ("electrodiffusion", "tubule", "bath", mouth))


def two_cells(rng):
    """Two kinds of cell between the same two baths, beside a tight junction: two rings that share a membrane."""
    near, inner, outer, leak = drawn(rng)
    nodes = {"one": (1e-15, inner()), "two": (5e-16, inner()), "pond": (None, outer()), "blood": (None, outer())}
    edges = [
        ("one_apical", "one", "pond", 1e-10, 0.01, {"Na": near(2e-9), "Cl": near(1e-9)}, 0.0),
        ("one_basal", "one", "blood", 5e-10, 0.01, leak(), near(4e-7)),
        ("two_apical", "two", "pond", 1e-10, 0.01, {"Na": near(2e-10), "Cl": near(3e-9)}, 0.0),
        ("two_basal", "two", "blood", 3e-10, 0.0, leak(2.0), near(4e-7)),
        ("shunt", "pond", "blood", 1e-10, 0.0, {ion: near(2e-9) for ion in IONS}, 0.0),
    ]
    return Circuit(nodes, edges, [-0.03, -0.08, -0.02, -0.07, -0.05])


KINDS = [epithelium, tubule, pair, open_mouth, two_cells]


@pytest.fixture(
    scope="module",
    params=[(kind, seed) for kind in KINDS for seed in range(3)],
    ids=lambda p: f"{p[0].__name__}_{p[1]}",
)
def circuit(request):
    kind, seed = request.param
    made = kind(np.random.default_rng(seed))
    return made, vrest.parse_cell(made.toml())


def ring_sum(circuit, v):
    """What the potentials around the rings add up to; those without capacitance close them."""
    tree, closing = circuit.capacity > 0, circuit.capacity == 0
    b = circuit.incidence[:-1]
    around = np.linalg.solve(b[:, tree], b[:, closing])
    return np.append(0.0, np.asarray(v)[..., closing] - np.asarray(v)[..., tree] @ around)


def test_runs_are_those_of_kirchhoffs_laws(circuit):
    made, cell = circuit
    times = np.array([0.0, 1e-4, 1e-2, 1.0, 60.0, 600.0])
    run = vrest.simulate(cell, until=600.0, times=times)
    y0 = made.state()
    scale = np.abs(y0) + 1e-16
    answer = solve_ivp(
        lambda t, u: made.slope(t, u * scale) / scale, (0, 600), y0 / scale, "Radau", times, rtol=1e-9, atol=1e-12
    )
    assert answer.success
    for k, u in enumerate(answer.y.T):
        content, v, _ = made.read(u * scale)
        assert run.v[k] == pytest.approx(1e3 * v, abs=2e-4)
        for name in made.finite:
            for ion in IONS:
                got = run.system.concentrations(run.states[k], run.parameters[k], name)[ion]
                assert got == pytest.approx(content[name][ion], rel=1e-5)
    assert np.abs(ring_sum(made, run.v)).max() < 1e-12
    for account in run.ledger:
        assert account.drift <= account.floor, account


def charges_held(made, cell, state):
    """Net charge of each finite compartment, by its contents and by its membranes, C."""
    system, p = state.system, state.parameters
    for n in made.finite:
        volume = made.nodes[n][0]
        content = system.concentrations(state.state, p, n)
        x, z = cell.impermeant(n)
        held = F * volume * (sum(Z[ion] * c for ion, c in content.items()) + z * x)
        v = [1e-3 * state.v_rest[edge[0]] for edge in made.edges]
        row = made.incidence[made.names.index(n)]
        yield held, float(row @ (made.capacity * v)), F * volume * sum(abs(c) for c in content.values())


def test_rests_have_no_net_current_and_hold_their_charge(circuit):
    made, cell = circuit
    found = vrest.rest(cell)
    assert found.outcome.is_rest, found.reason
    v = [1e-3 * found.v_rest[edge[0]] for edge in made.edges]
    amounts = [found.concentrations[n][ion] * made.nodes[n][0] for n in made.finite for ion in IONS]
    y = np.array([*amounts, *(made.incidence @ (made.capacity * v))[:-1]])
    gross = np.abs(made.slope(0.0, made.state())).max()
    assert np.abs(made.slope(0.0, y))[: len(amounts)].max() < 1e-6 * gross
    assert np.abs(ring_sum(made, 1e3 * np.array(v))).max() < 1e-12
    found = list(charges_held(made, cell, found))
    rounding = 2e-15 * sum(whole for _, _, whole in found)
    for held, seen, _ in found:
        assert held == pytest.approx(seen, abs=rounding, rel=1e-9)


def test_at_once_all_potentials_are_those_without_net_current(circuit):
    made, cell = circuit
    answer = vrest.instant(cell)
    v = [1e-3 * answer.v[edge[0]] for edge in made.edges]
    y = made.state()
    count = len(IONS) * len(made.finite)
    y[count:] = (made.incidence @ (made.capacity * v))[:-1]
    currents = made.slope(0.0, y)[count:]
    started = made.slope(0.0, made.state())[count:]
    assert np.abs(currents).max() < 1e-9 * np.abs(started).max()
    assert np.abs(ring_sum(made, 1e3 * np.array(v))).max() < 1e-10


# --- the frog's skin with its tight junctions ------------------------------------------------------------------------

SKIN = """
name = "frog_skin"
temperature = "20 degC"
[compartments.pond]
kind = "dialysed"
ions = { K = "2 mM", Na = "110 mM", Cl = "112 mM" }
[compartments.blood]
kind = "bath"
ions = { K = "2.5 mM", Na = "110 mM", Cl = "112.5 mM" }
[compartments.cell]
kind = "fixed"
volume = "1000 um3"
ions = { K = "110 mM", Na = "10 mM", Cl = "30 mM" }
impermeant = { concentration = "90 mM", valence = "solve" }
[membranes.apical]
inside = "cell"
outside = "pond"
area = "100 um2"
potential = "-20 mV"
[membranes.apical.transports]
Na = { law = "ghk_leak", ion = "Na", permeability = "1e-7 cm/s" }
[membranes.basolateral]
inside = "cell"
outside = "blood"
area = "500 um2"
potential = "-80 mV"
[membranes.basolateral.transports]
K = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
pump = { law = "pump_hill", max_rate = "20 pmol/cm2/s" }
[membranes.paracellular]
inside = "pond"
outside = "blood"
area = "100 um2"
potential = "-60 mV"
[membranes.paracellular.transports]
Na_p = { law = "ghk_leak", ion = "Na", permeability = "1e-7 cm/s" }
Cl_p = { law = "ghk_leak", ion = "Cl", permeability = "1e-7 cm/s" }
K_p = { law = "ghk_leak", ion = "K", permeability = "1e-7 cm/s" }
[exchanges.clamp]
kind = "electrode"
inside = "pond"
outside = "blood"
"""


@pytest.fixture(scope="module")
def skin():
    return vrest.parse_cell(SKIN)


@pytest.mark.parametrize(
    ("change", "apical", "basolateral", "sodium", "current"),
    [
        ((), -54.976, -84.755, 19.301, 0.0),
        ("clamp.current=1 pA", -62.277, -83.416, 21.277, 1.0),
        ("clamp.conductance=1 mS", -79.806, -79.806, 26.939, 3.465),
    ],
)
def test_the_skin_in_open_and_short_circuit_and_under_a_current(skin, change, apical, basolateral, sodium, current):
    """Values of a separate model (SciPy, charges of nodes); the short-circuit current is that of Na+."""
    found = vrest.rest(skin, change)
    assert found.outcome.is_rest
    assert found.v_rest["apical"] == pytest.approx(apical, abs=6e-4)
    assert found.v_rest["basolateral"] == pytest.approx(basolateral, abs=6e-4)
    assert found.v_rest["paracellular"] == pytest.approx(basolateral - apical, abs=1.1e-3)
    assert found.concentrations["cell"]["Na"] == pytest.approx(sodium, abs=6e-4)
    assert found.exchange_currents["clamp"] == pytest.approx(current, abs=6e-4)


def test_a_clamp_leaves_its_current_over_its_conductance(skin):
    found = vrest.rest(skin, ["clamp.conductance=10 nS", "clamp.potential=10 mV"])
    left = 10.0 - found.v_rest["paracellular"]
    assert found.exchange_currents["clamp"] == pytest.approx(10.0 * left, rel=1e-9)  # nS mV is pA


def test_an_electrode_can_be_switched_while_it_runs(skin):
    run = vrest.simulate(skin, [("10 min", "clamp.conductance=1 mS")], "20 h", points=5)
    current = run.dataset.exchange_current.sel(exchange="clamp")
    assert float(current[0]) == 0.0
    assert float(current[-1]) == pytest.approx(3.4652, abs=1e-3)
    assert current.attrs["units"] == "pA"


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('potential = "-60 mV"', 'potential = "-50 mV"', "ring_does_not_add_up", "add up to 10 mV"),
        ('potential = "-60 mV"', 'capacitance = "1 uF/cm2"', "ring_of_membranes", "ring with .*'basolateral'"),
        ('area = "500 um2"', 'area = "500 um2"\ncapacitance = "0 uF/cm2"', "out_of_range", "closes no ring"),
    ],
)
def test_a_ring_that_does_not_add_up_is_refused(old, new, code, said):
    text = SKIN.replace(old, new)
    if code == "out_of_range":
        text = text.replace('[exchanges.clamp]\nkind = "electrode"\ninside = "pond"\noutside = "blood"\n', "")
        text = text[: text.index("[membranes.paracellular]")]
    with pytest.raises(InputError, match=said) as error:
        vrest.parse_cell(text)
    assert error.value.code == code


def test_a_membrane_that_closes_a_ring_has_neither_capacitance_nor_start(skin):
    """Nor has its description: what would do nothing is no parameter, and a written cell reads as the same."""
    from vrest.model.cellfile import write_cell
    from vrest.model.paths import parameters

    assert "membranes.apical.capacitance" in parameters(skin)
    assert not {f"membranes.paracellular.{key}" for key in ("capacitance", "potential")} & set(parameters(skin))
    assert 1e3 * skin.potential("paracellular") == pytest.approx(-60.0, abs=1e-12)
    again = vrest.parse_cell(write_cell(skin))
    assert write_cell(again) == write_cell(skin)
    for key in ("capacitance", "potential"):
        with pytest.raises(InputError, match="closes a ring"):
            vrest.rest(skin, f"paracellular.{key}=1")
    first = SKIN.replace("[membranes.paracellular]", '[membranes.paracellular]\ncapacitance = "0 uF/cm2"')
    assert vrest.rest(vrest.parse_cell(first)).v_rest == vrest.rest(skin).v_rest


# --- paths and junctions --------------------------------------------------------------------------------------------


def cable(inner):
    """Two cells, each in a closed space of its own; the spaces are joined by a path."""
    place = """
[compartments.{n}]
kind = "fixed"
volume = "1000 um3"
ions = {{ K = "140 mM", Na = "12 mM", Cl = "7 mM" }}
impermeant = {{ concentration = "145 mM", valence = "solve" }}
[compartments.{n}_out]
kind = "fixed"
volume = "500 um3"
ions = {{ K = "4 mM", Na = "145 mM", Cl = "130 mM" }}
impermeant = {{ concentration = "19 mM", valence = "solve" }}
[membranes.{n}]
inside = "{n}"
outside = "{n}_out"
area = "600 um2"
potential = "{v} mV"
transports = {{}}
"""
    text = 'name = "cable"' + place.format(n="a", v=-60) + place.format(n="b", v=-70)
    text += '[exchanges.between]\nkind = "electrodiffusion"\ninside = "b_out"\noutside = "a_out"\nlength = "100 um"\n'
    text += 'diffusivity = { Na = "1330 um2/s", K = "1960 um2/s", Cl = "2030 um2/s" }\ncross_section = "1 um2"\n'
    return text + inner


JUNCTION = '[exchanges.gap]\nkind = "gap_junction"\ninside = "a"\noutside = "b"\nions = ["K", "Na", "Cl"]\n'


def test_a_gap_junction_and_the_space_outside_carry_the_same_current():
    """Between equal contents the junction is a resistor of its conductance, in series with the path outside."""
    cell = vrest.parse_cell(cable(JUNCTION + 'conductance = "5 nS"\n'))
    run = vrest.simulate(cell, until=1e-9, times=[0.0, 1e-9])
    current = run.dataset.exchange_current
    outside = F / PHI * sum(d * c for d, c in ((1330e-12, 145), (1960e-12, 4), (2030e-12, 130))) * 1e-12 / 100e-6
    expected = 1e12 * 0.010 / (1 / 5e-9 + 1 / outside)
    assert float(current.sel(exchange="gap")[0]) == pytest.approx(expected, rel=1e-9)
    assert float(current.sel(exchange="between")[0]) == pytest.approx(expected, rel=1e-9)  # back, from b to a
    assert run.ledger[0].drift <= run.ledger[0].floor


def test_what_cannot_return_its_current_is_refused():
    """A permeability has no conductance that a condition could be solved for; an electrode has no circuit."""
    ghk = JUNCTION.replace("gap_junction", "gap_junction_ghk") + 'permeability = "5 um3/s"\n'
    with pytest.raises(InputError, match="no way back") as error:
        vrest.rest(vrest.parse_cell(cable(ghk)))
    assert error.value.code == "no_way_back"


WIRE = '[exchanges.short]\nkind = "wire"\ninside = "pond"\noutside = "blood"\n'


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (WIRE.replace("pond", "cell"), "not_a_bath"),
        (WIRE.replace("wire", "electrode").replace("pond", "cell"), "not_a_bath"),
        (WIRE + WIRE.replace("short", "again"), "ring_of_wires"),
    ],
)
def test_charge_alone_moves_between_baths_and_wires_short_nothing_twice(more, code):
    with pytest.raises(InputError) as error:
        vrest.parse_cell(SKIN + more)
    assert error.value.code == code


def test_a_wire_between_both_baths_is_a_short_circuit(skin):
    """The tree is then one membrane; the other two follow, at one potential and at none."""
    bare = SKIN[: SKIN.index("[exchanges.clamp]")].replace('potential = "-60 mV"', "")
    wired = bare.replace('potential = "-20 mV"', 'capacitance = "1 uF/cm2"\npotential = "-80 mV"')
    wired = wired.replace('area = "500 um2"\npotential = "-80 mV"', 'area = "500 um2"')
    found = vrest.rest(vrest.parse_cell(wired + WIRE))
    clamped = vrest.rest(skin, "clamp.conductance=1 mS")
    assert found.v_rest["paracellular"] == 0.0
    assert found.v_rest["apical"] == found.v_rest["basolateral"]
    assert found.v_rest["apical"] == pytest.approx(clamped.v_rest["apical"], abs=1e-2)


def test_salt_diffusion_beside_membranes_is_remarked_on(skin):
    assert notices(skin) == []
    salt = '[exchanges.salt]\nkind = "salt_diffusion"\ninside = "pond"\noutside = "blood"\nclearance = "1 um3/s"\n'
    (notice,) = notices(vrest.parse_cell(SKIN + salt + 'ions = ["K", "Na", "Cl"]\n'))
    assert notice.code == "salt_beside_membranes"
    for name in vrest.library():
        assert "salt_beside_membranes" not in [n.code for n in notices(vrest.load(name))]


def test_currents_are_in_populations_and_differentiable_functions(skin):
    many = vrest.population(skin, {"clamp.conductance": [0.0, 1e6], "clamp.current": [1.0, 0.0]})
    assert many.dataset.exchange_current.values[:, 0] == pytest.approx([1.0, 3.4652], abs=1e-4)
    state = vrest.rest_function(skin, ["clamp.current"], output="state")(np.array([1.0]))
    assert float(state["exchange_currents"]["clamp"]) == pytest.approx(1.0, abs=1e-12)
    assert state["v"] == pytest.approx([-62.2775, -83.4156, -21.1382], abs=1e-3)
