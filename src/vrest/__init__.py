"""The neuron's resting membrane potential: make it, certify it, explain it, run it down.

>>> import vrest
>>> r = vrest.rest("mammalian_neuron")
>>> print(f"{r.v_rest:.2f} mV, {r.outcome.name}")
-70.00 mV, rests

Names are loaded when first used, so that a calculator never waits for a solver.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vrest import plot as plot
    from vrest.errors import InputError as InputError
    from vrest.errors import NoRestError as NoRestError
    from vrest.errors import VrestError as VrestError
    from vrest.io.measurements import read_measurements as read_measurements
    from vrest.io.neuron import neuron_cell as neuron_cell
    from vrest.io.neuron import read_description as read_description
    from vrest.io.samples import read_samples as read_samples
    from vrest.io.zarr_store import zarr_store as zarr_store
    from vrest.model.bare import bare_membrane as bare_membrane
    from vrest.model.cell import Cell as Cell
    from vrest.model.cellfile import library as library
    from vrest.model.cellfile import load as load
    from vrest.model.cellfile import parse_cell as parse_cell
    from vrest.model.cellfile import write_cell as write_cell
    from vrest.model.change import apply as apply
    from vrest.model.compartment import Compartment as Compartment
    from vrest.model.compartment import Impermeant as Impermeant
    from vrest.model.exchange import SaltDiffusion as SaltDiffusion
    from vrest.model.junctions import Electrode as Electrode
    from vrest.model.junctions import GapJunction as GapJunction
    from vrest.model.junctions import GapJunctionGHK as GapJunctionGHK
    from vrest.model.junctions import Wire as Wire
    from vrest.model.membrane import Membrane as Membrane
    from vrest.model.notice import Notice as Notice
    from vrest.model.notices import notices as notices
    from vrest.model.quantity import quantity as quantity
    from vrest.model.solution.recipe import Recipe as Recipe
    from vrest.model.solution.recipe import read_recipe as read_recipe
    from vrest.model.solution.solution import Solution as Solution
    from vrest.model.solution.solution import solution as solution
    from vrest.model.transport import Surroundings as Surroundings
    from vrest.model.transport import Transport as Transport
    from vrest.model.transport import transport as transport
    from vrest.page.page import Page as Page
    from vrest.page.page import page as page
    from vrest.study.bifurcation.bifurcation import bifurcation as bifurcation
    from vrest.study.calculator import ghk as ghk
    from vrest.study.calculator import mullins_noda as mullins_noda
    from vrest.study.calculator import nernst as nernst
    from vrest.study.check.check import Check as Check
    from vrest.study.check.check import check as check
    from vrest.study.current_voltage import current_voltage as current_voltage
    from vrest.study.curve.curve import curve as curve
    from vrest.study.design.design import Design as Design
    from vrest.study.design.design import design as design
    from vrest.study.excitability import Excitability as Excitability
    from vrest.study.excitability import Firing as Firing
    from vrest.study.excitability import excitability as excitability
    from vrest.study.excitability import firing as firing
    from vrest.study.explain.explain import Explanation as Explanation
    from vrest.study.explain.explain import explain as explain
    from vrest.study.fit.estimate import Estimate as Estimate
    from vrest.study.fit.fit import fit as fit
    from vrest.study.fit.identify import Candidate as Candidate
    from vrest.study.fit.identify import next_measurement as next_measurement
    from vrest.study.fit.model_choice import ModelChoice as ModelChoice
    from vrest.study.fit.model_choice import compare_models as compare_models
    from vrest.study.fit.posterior import posterior as posterior
    from vrest.study.fit.result import Fit as Fit
    from vrest.study.junction.ljp import ljp as ljp
    from vrest.study.junction.result import LJP as LJP
    from vrest.study.parameter_map.parameter_map import ParameterMap as ParameterMap
    from vrest.study.parameter_map.parameter_map import parameter_map as parameter_map
    from vrest.study.perturb.compare import Comparison as Comparison
    from vrest.study.perturb.compare import compare as compare
    from vrest.study.perturb.dose_response import dose_response as dose_response
    from vrest.study.perturb.library import perturbations as perturbations
    from vrest.study.perturb.perturb import applicable as applicable
    from vrest.study.perturb.perturb import perturb as perturb
    from vrest.study.perturb.perturbation import Perturbation as Perturbation
    from vrest.study.perturb.perturbed import Perturbed as Perturbed
    from vrest.study.sensitivity.sensitivity import Sensitivity as Sensitivity
    from vrest.study.sensitivity.sensitivity import sensitivity as sensitivity
    from vrest.study.sensitivity.sobol import sobol_indices as sobol_indices
    from vrest.study.solutions_compared import SolutionsCompared as SolutionsCompared
    from vrest.study.solutions_compared import compare_solutions as compare_solutions
    from vrest.verbs.go_on import go_on as go_on
    from vrest.verbs.instant import instant as instant
    from vrest.verbs.instant import settled as settled
    from vrest.verbs.outcome import Outcome as Outcome
    from vrest.verbs.population import population as population
    from vrest.verbs.population_result import Population as Population
    from vrest.verbs.prepared import Prepared as Prepared
    from vrest.verbs.prepared import prepare as prepare
    from vrest.verbs.rest import Rest as Rest
    from vrest.verbs.rest import rest as rest
    from vrest.verbs.rest_all import rest_all as rest_all
    from vrest.verbs.rest_function import rest_function as rest_function
    from vrest.verbs.rest_many import rest_many as rest_many
    from vrest.verbs.run import simulate as simulate
    from vrest.verbs.run_function import run_function as run_function
    from vrest.verbs.run_result import Run as Run
    from vrest.verbs.run_result import StuckError as StuckError

_HOMES = {
    "vrest.errors": "InputError NoRestError VrestError",
    "vrest.io.measurements": "read_measurements",
    "vrest.io.neuron": "neuron_cell read_description",
    "vrest.io.samples": "read_samples",
    "vrest.io.zarr_store": "zarr_store",
    "vrest.model.bare": "bare_membrane",
    "vrest.model.cell": "Cell",
    "vrest.model.cellfile": "library load parse_cell write_cell",
    "vrest.model.change": "apply",
    "vrest.model.compartment": "Compartment Impermeant",
    "vrest.model.exchange": "SaltDiffusion",
    "vrest.model.junctions": "Electrode GapJunction GapJunctionGHK Wire",
    "vrest.model.membrane": "Membrane",
    "vrest.model.notice": "Notice",
    "vrest.model.notices": "notices",
    "vrest.model.quantity": "quantity",
    "vrest.model.solution.recipe": "Recipe read_recipe",
    "vrest.model.solution.solution": "Solution solution",
    "vrest.model.transport": "Surroundings Transport transport",
    "vrest.page.page": "Page page",
    "vrest.verbs.go_on": "go_on",
    "vrest.verbs.instant": "instant settled",
    "vrest.verbs.outcome": "Outcome",
    "vrest.verbs.population": "population",
    "vrest.verbs.population_result": "Population",
    "vrest.verbs.prepared": "Prepared prepare",
    "vrest.verbs.rest": "Rest rest",
    "vrest.verbs.rest_all": "rest_all",
    "vrest.verbs.rest_function": "rest_function",
    "vrest.verbs.rest_many": "rest_many",
    "vrest.verbs.run": "simulate",
    "vrest.verbs.run_result": "Run StuckError",
    "vrest.verbs.run_function": "run_function",
    "vrest.study.bifurcation.bifurcation": "bifurcation",
    "vrest.study.calculator": "ghk mullins_noda nernst",
    "vrest.study.check.check": "Check check",
    "vrest.study.parameter_map.parameter_map": "ParameterMap parameter_map",
    "vrest.study.perturb.compare": "Comparison compare",
    "vrest.study.perturb.dose_response": "dose_response",
    "vrest.study.perturb.perturb": "applicable perturb",
    "vrest.study.perturb.perturbed": "Perturbed",
    "vrest.study.perturb.library": "perturbations",
    "vrest.study.perturb.perturbation": "Perturbation",
    "vrest.study.current_voltage": "current_voltage",
    "vrest.study.curve.curve": "curve",
    "vrest.study.design.design": "Design design",
    "vrest.study.excitability": "Excitability Firing excitability firing",
    "vrest.study.explain.explain": "Explanation explain",
    "vrest.study.fit.fit": "fit",
    "vrest.study.fit.estimate": "Estimate",
    "vrest.study.fit.result": "Fit",
    "vrest.study.junction.ljp": "ljp",
    "vrest.study.junction.result": "LJP",
    "vrest.study.fit.identify": "Candidate next_measurement",
    "vrest.study.fit.model_choice": "ModelChoice compare_models",
    "vrest.study.fit.posterior": "posterior",
    "vrest.study.sensitivity.sensitivity": "Sensitivity sensitivity",
    "vrest.study.sensitivity.sobol": "sobol_indices",
    "vrest.study.solutions_compared": "SolutionsCompared compare_solutions",
}
_HOMES["vrest.version"] = "__version__"
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted([*_HOME, "plot"])  # pyright: ignore[reportUnsupportedDunderAll]


class _Package(ModuleType):
    """Keeps `vrest.page` the verb: Python would bind the folder of that name to it once a module in there is loaded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "page" or not isinstance(value, ModuleType):
            ModuleType.__setattr__(self, name, value)


sys.modules[__name__].__class__ = _Package

_IMPORTED = time.time_ns()
"""When this process began to read the package: what is changed later is not what it runs."""


def __getattr__(name: str) -> Any:
    if name == "plot":
        return import_module("vrest.plot")
    if name not in _HOME:
        raise AttributeError(f"module 'vrest' has no attribute '{name}'")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
