"""Every result says what it is in a few lines, is a table, can be drawn and cited; a public name is not forgotten."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import bibtexparser
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import vrest
from vrest.layout import WIDTH
from vrest.model.citations import of_cell
from vrest.shown import LINES, ROWS, Drawn, Shown, Told
from vrest.study.perturb.library import find
from vrest.tables import Column, Table

EXAMPLES = Path(__file__).parents[1] / "examples"
CELL = "mammalian_neuron"
CODES = "|".join(outcome.name for outcome in vrest.Outcome if "_" in outcome.name)
KO = {"Ko": [2.5, 5.0, 10.0, 30.0, 100.0], "Vm": [-91.9, -77.5, -61.6, -35.3, -5.2]}


@cache
def fitted():
    return vrest.fit("frog_muscle", KO, "P_Na/P_K", "mullins_noda")


@cache
def prepared():
    return vrest.prepare(CELL, ["outside.K", "pump.max_rate"])


@cache
def settled():
    return prepared().rest({"outside.K": [3.0, 5.0, 8.0]})


MAKERS: dict[str, Callable[[], Any]] = {
    "apply": lambda: vrest.apply(CELL, "outside.K=8 mM"),
    "bare_membrane": lambda: vrest.bare_membrane("axobits_internal", "axobits_external"),
    "bifurcation": lambda: vrest.bifurcation("kir_muscle", "outside.K", 1.0, 6.0),
    "check": lambda: vrest.check(vrest.apply(CELL, "pump.max_rate*=0.8")),
    "compare": lambda: vrest.compare([CELL, "skeletal_muscle"], "pump_loss"),
    "compare_models": lambda: vrest.compare_models("frog_muscle", KO, "P_Na/P_K", ["ghk", "mullins_noda"]),
    "compare_solutions": lambda: vrest.compare_solutions(
        {"ions": {"K": 140, "Cl": 140}}, {"ions": {"K": 3, "Na": 145, "Cl": 148}}, celsius=25, measured=-60
    ),
    "curve": lambda: vrest.curve(CELL, "outside.K", [2.5, 5.0, 10.0]),
    "current_voltage": lambda: vrest.current_voltage(CELL),
    "design": lambda: vrest.design(CELL, v_rest=-75),
    "dose_response": lambda: vrest.dose_response(CELL, "ouabain", "10 nM, 1 uM"),
    "excitability": lambda: vrest.excitability("hodgkin_huxley_1952"),
    "explain": lambda: vrest.explain(CELL),
    "firing": lambda: vrest.firing("hodgkin_huxley_1952", 10),
    "fit": fitted,
    "ghk": lambda: vrest.ghk([("K", 140, 5, 1), ("Na", 15, 145, 0.04), ("Cl", 7, 110, 0.45)]),
    "go_on": lambda: vrest.go_on(vrest.simulate(CELL, until="1 min", points=3), until="2 min"),
    "instant": lambda: vrest.instant(CELL, "pump.max_rate*=0"),
    "ljp": lambda: vrest.ljp(
        {"ions": {"K": 140, "Cl": 140}}, {"ions": {"Na": 145, "Cl": 145}}, celsius=25, measured=-60
    ),
    "load": lambda: vrest.load(CELL),
    "neuron_cell": lambda: vrest.read_description(CELL)[1],
    "next_measurement": lambda: vrest.next_measurement(fitted(), "outside.K=1 mM")[0],
    "notices": lambda: vrest.notices(vrest.load("cressman_2009"))[0],
    "parameter_map": lambda: vrest.parameter_map(CELL, ("outside.K", "2:8"), ("pump.max_rate", ["0x", "1x"])),
    "parse_cell": lambda: vrest.parse_cell(vrest.write_cell(vrest.load("frog_skin"))),
    "perturb": lambda: vrest.perturb(CELL, "ouabain"),
    "population": lambda: vrest.population(CELL, {"outside.K": [3.0, 5.0, 8.0]}),
    "prepare": prepared,
    "read_description": lambda: vrest.read_description(CELL)[0],
    "rest": lambda: vrest.rest(CELL),
    "rest_all": lambda: vrest.rest_all(CELL)[0],
    "rest_function": lambda: vrest.rest_function(CELL, "outside.K"),
    "rest_many": lambda: vrest.rest_many(CELL, {"outside.K": [3.0, 5.0, 8.0]}),
    "run_function": lambda: vrest.run_function(CELL, "outside.K", times="1 min"),
    "sensitivity": lambda: vrest.sensitivity(CELL, ["outside.K", "pump.max_rate"]),
    "settled": lambda: vrest.settled(CELL, "outside.K=8 mM"),
    "solution": lambda: vrest.solution("tyrode"),
    "simulate": lambda: vrest.simulate(CELL, [("5 min", "pump.max_rate*=0")], "10 min", points=20),
    "sobol_indices": lambda: vrest.sobol_indices(lambda u: u[:, 0] + 2 * u[:, 1], 2, 64),
    # what classes give
    "Fit.estimates": lambda: fitted().estimates[0],
    "Perturbation": lambda: find("ouabain").dosed("1 uM"),
    "Prepared.gradient": lambda: prepared().gradient(),
    "Prepared.read": lambda: prepared().read(),
    "Prepared.rest": settled,
    "Prepared.run": lambda: prepared().run(None, [("5 min", "pump.max_rate*=0")], ["5 min", "30 min"]),
    "Rest without a state": lambda: vrest.rest("kay_2017", "pump.max_rate*=0"),
    "Rest of several membranes": lambda: vrest.rest("frog_skin"),
    "Run of several membranes": lambda: vrest.simulate("astrocyte_pair", until="1 min", points=3),
}
"""One of each: by the public name that makes it."""

OTHERWISE = {
    "applicable": "names",
    "library": "names",
    "mullins_noda": "a number",
    "nernst": "a number",
    "page": "a file that shows itself and says what to cite, tested in tests/page",
    "perturbations": "names",
    "plot": "a module",
    "posterior": "arrays by name",
    "quantity": "declares a field",
    "read_measurements": "columns by name",
    "read_recipe": "a recipe, whose answer is a solution",
    "read_samples": "columns by name",
    "transport": "declares a law",
    "write_cell": "text",
    "zarr_store": "a place on disk",
    "__version__": "text",
}
"""Public functions whose answer is no result, and what it is."""

PICTURELESS = {
    "Cell": "a description: its rest is drawn",
    "Change": "a line of text",
    "Claims": "a line of text",
    "Excitability": "five numbers of four units",
    "Notice": "a sentence",
    "Perturbation": "a recipe: what it does to a cell is drawn",
    "Prepared": "a question: its answers are drawn",
    "Readings": "everything at once: what to draw is the reader's",
    "RestFunction": "a function",
    "RunFunction": "a function",
    "Solution": "a list of what is in it: its junction with another is drawn",
    "SolutionsCompared": "a table: its junction is drawn by ljp",
}
"""Results without a picture, and why."""

BARE = {"Change", "Claims", "Notice"}
"""Parts that are a line of text and no table."""

INSIDE = {
    "Account",
    "AtOnce",
    "Column",
    "Effect",
    "Free",
    "InputError",
    "Law",
    "Mobility",
    "Noise",
    "Outcome",
    "Species",
    "System",
    "Table",
    "Why",
    "ZarrStore",
}
"""Classes of what is read off results: records, arrays and equations, which have a repr of their fields."""

SMALL = [name for name in MAKERS if name not in ("neuron_cell", "notices")]


@pytest.fixture(scope="module")
def made():
    return cache(lambda name: MAKERS[name]())


def test_no_public_function_is_forgotten():
    functions = {n for n in vrest.__all__ if not inspect.isclass(getattr(vrest, n))}
    assert functions == {n for n in MAKERS if n in functions} | set(OTHERWISE)


def test_no_class_of_results_is_forgotten(made):
    """Whatever class a public function, or a method of a result, says that it returns."""
    classes = {}
    for module in pkgutil.walk_packages(vrest.__path__, "vrest."):
        if not module.name.startswith(("vrest.cli", "vrest.numerics", "vrest.page", "vrest.plot")):
            for kind in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(kind) and kind.__module__ == module.name:
                    known = classes.setdefault(kind.__name__, kind)  # of two of one name, the result
                    classes[kind.__name__] = kind if issubclass(kind, Told) else known
    named, asked = set(), [getattr(vrest, n) for n in vrest.__all__]
    seen = set()
    while asked:
        thing = asked.pop()
        if inspect.isclass(thing):
            members = [m for n, m in inspect.getmembers_static(thing) if not n.startswith("_")]
            functions = [getattr(m, "fget", None) or getattr(m, "func", None) or m for m in members]
        else:
            functions = [inspect.unwrap(thing)] if callable(thing) else []
        for function in filter(inspect.isfunction, functions):
            said = set(re.findall(r"\w+", str(function.__annotations__.get("return", ""))))
            new = {n for n in said if n in classes and n not in seen}
            seen |= new
            named |= new
            asked += [classes[n] for n in new if issubclass(classes[n], Told)]
    made_of = {type(made(name)).__name__ for name in MAKERS}
    assert {n for n in named if issubclass(classes[n], Shown)} - made_of - {"Shown", "Drawn"} == set()
    bare = {n for n in named if not issubclass(classes[n], Told)}
    assert bare == INSIDE


@pytest.mark.parametrize("name", MAKERS)
def test_it_says_what_it_is_in_a_few_lines_of_door_units(made, name):
    told = repr(made(name))
    assert isinstance(made(name), Told)
    assert 0 < len(told) < 1000
    assert max(map(len, told.splitlines())) <= WIDTH
    assert len(told.splitlines()) <= LINES
    assert not re.search(r"(?<![\d.])-0\.0[5-9]", told)  # -70 mV in V
    assert not re.search(r"e-(0\d|1\d)\b|array\(|object at|dataclass", told)
    assert not re.search(rf"\b({CODES})\b|\b1 (steps|cells|runs|ways)\b|\b0 (ways|ATP/s)", f"{told}\n{made(name)}")


@pytest.mark.parametrize("name", ["Cell", "Compartment", "Membrane", "Transport", "Exchange", "Impermeant"])
def test_a_part_of_any_cell_of_the_library_says_so_too(name):
    for cell in map(vrest.load, vrest.library()):
        spaces, walls = cell.compartments.values(), cell.membranes.values()
        parts = {
            "Cell": [cell],
            "Compartment": spaces,
            "Membrane": walls,
            "Transport": [t for m in walls for t in m.transports.values()],
            "Exchange": cell.exchanges.values(),
            "Impermeant": [c.impermeant for c in spaces if c.impermeant],
        }[name]
        for part in parts:
            told = repr(part)
            assert len(told) < 1000, told
            assert max(map(len, told.splitlines())) <= WIDTH, told
            assert not re.search(r"=-?\d", told) or name != "Transport" or "_turnover" in told, told  # no unit: SI


def test_a_part_says_its_paths_and_its_numbers(made):
    cell = made("load")
    assert "inside.K = 140 mM" in repr(cell.compartments["inside"])
    assert "pump.max_rate = 66.67 pmol/cm2/s" in repr(cell.membranes["neuron"])
    assert repr(cell.membranes["neuron"].transports["K_leak"]) == "GHKLeak(ion='K', permeability='1e-6 cm/s')"
    assert repr(vrest.load("edneg_2021")).count("\n") < LINES


@pytest.mark.parametrize("name", SMALL)
def test_its_table_is_a_data_frame(made, name):
    found = made(name)
    frame = found.to_dataframe()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame.columns) == len(set(frame.columns)) > 1
    assert frame.columns.tolist() == [c.label for c in found.tables()[0].columns]


def flat(value: Any) -> list[float]:
    """Every number of nested dictionaries and lists."""
    if isinstance(value, dict):
        return [x for part in value.values() for x in flat(part)]
    if isinstance(value, list | tuple | np.ndarray):
        return [x for part in value for x in flat(part)]
    return [float(value)] if isinstance(value, float | int | np.number) and not isinstance(value, bool) else []


DICTIONARIES = ["check", "compare_models", "design", "excitability", "explain", "fit", "perturb", "sensitivity"]


@pytest.mark.parametrize("name", DICTIONARIES)
def test_it_has_the_numbers_of_the_dictionary_with_all_their_digits(made, name):
    frame, told = made(name).to_dataframe(), set(flat(made(name).as_dict()))
    if name == "perturb":  # the dictionary has volumes, the table what they are of those at rest
        frame = frame[frame["moment"] != "rest"].drop(columns=frame.columns[["volume" in c for c in frame.columns]])
    if name == "fit":  # the table has what the cell had too
        told |= {each.own for each in fitted().free}
    numbers = frame.select_dtypes("number")
    assert numbers.size > 0
    assert (numbers.isna() | numbers.isin(told)).all(axis=None)


def test_it_has_the_numbers_of_its_fields(made):
    rest, run = made("rest"), made("simulate")
    assert rest.to_dataframe()["E (mV)"].tolist() == list(rest.E.values())
    assert run.to_dataframe()["V (mV)"].tolist() == run.v.tolist()
    inside = run.system.concentrations(run.states, run.parameters, "inside")
    assert run.to_dataframe()["K inside (mM)"].tolist() == inside["K"].tolist()
    both = made("Rest of several membranes").to_dataframe()
    assert set(both["membrane"]) == {"apical", "basolateral", "junction"}
    many = made("rest_many")
    assert many.to_dataframe()["V (mV)"].tolist() == many.v_rest.tolist()
    firing = made("firing")
    assert firing.to_dataframe()["V (mV)"].tolist() == firing.v.tolist()
    found = made("Prepared.gradient")
    assert found.to_dataframe()["dV (mV)"].tolist() == found.v[:, 0].tolist()
    cell = made("load").to_dataframe().set_index("path")
    assert cell.loc["compartments.outside.ions.K", "value"] == 5.0
    assert cell["unit"]["membranes.neuron.transports.pump.max_rate"] == "pmol/cm2/s"


class Nested(HTMLParser):
    """Refuses what is not closed in the order in which it was opened."""

    def __init__(self):
        HTMLParser.__init__(self)
        self.open, self.heads = [], []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "th":
            self.heads.append(data)


@pytest.mark.parametrize("name", SMALL)
def test_a_notebook_shows_it(made, name):
    found = made(name)
    page = Nested()
    page.feed(found._repr_html_())
    page.close()
    assert page.open == []
    for column in found.tables()[0].columns:
        assert (column.name if column.form else column.label) in page.heads or not column.name
    assert len(found._repr_html_()) < 60_000


def test_a_cell_offers_its_live_page(made):
    assert "vrest.page(" in made("load")._repr_html_()


@pytest.mark.parametrize("name", MAKERS)
def test_it_is_drawn_into_the_axes_given_and_nowhere_else(made, name):
    found = made(name)
    kind = type(found).__name__
    assert isinstance(found, Drawn) != (kind in PICTURELESS)
    if kind in PICTURELESS:
        return
    figure = Figure(figsize=(11, 5))
    axes, other = figure.subplots(1, 2)
    if name == "Rest without a state":
        with pytest.raises(vrest.NoRestError):
            found.plot(ax=axes)
        return
    before = len(other.get_children())
    assert found.plot(ax=axes) is axes
    assert axes.has_data()
    assert axes.get_ylabel() or axes.get_xlabel()
    assert not other.has_data()
    assert len(other.get_children()) == before
    assert pyplot.get_fignums() == []
    figure.savefig("/dev/null", format="png")  # a warning is an error


@pytest.mark.parametrize("name", SMALL)
def test_it_says_what_to_cite(made, name):
    found = made(name)
    library = bibtexparser.parse_string(found.cite())
    assert library.failed_blocks == []
    keys = {entry.key for entry in library.entries}
    wanted = {key for cell in found._cells() for key in of_cell(cell)} | set(found._methods()) | {"vrest"}
    assert wanted <= keys
    assert len(keys) == len(library.entries)


def test_a_result_cites_the_sources_of_its_cell_and_its_method(made):
    entries = bibtexparser.parse_string(made("rest").cite()).entries
    assert {"Hille2001", "Kager2000", "Sandu1997"} <= {entry.key for entry in entries}
    assert "Hodgkin1952" in made("firing").cite()
    assert "Steinebach2023" in made("simulate").cite()
    assert "Hurvich1989" in made("fit").cite()


class Long(Shown):
    def _brief(self):
        return ["A result", *(f"  line {k}" for k in range(2 * LINES))]

    def _cells(self):
        return ()

    def tables(self):
        return (Table([Column("k", "s", [float(k) for k in range(1000)])], "Many"),)

    def _said(self):
        return ("a < b",)


def test_what_is_long_is_shortened_where_it_is_read_and_whole_as_a_data_frame():
    told = repr(Long()).splitlines()
    assert (len(told), told[-1].strip()) == (LINES, "...")
    assert str(Long()).count("\n") < ROWS + LINES + 10
    assert "of 1,000 rows" in str(Long())
    assert "of 1,000 rows" in Long()._repr_html_()
    assert len(Long().to_dataframe()) == 1000


def test_what_is_said_is_escaped_in_a_notebook():
    assert "a &lt; b" in Long()._repr_html_()


def test_without_axes_it_is_drawn_into_a_figure_of_its_own(made):
    own = made("instant").plot()
    assert isinstance(own, Axes)
    assert own.figure is pyplot.gcf()
    pyplot.close("all")
