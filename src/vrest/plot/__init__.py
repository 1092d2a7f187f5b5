"""Figures of results: for a lecture, and for print.

>>> import vrest
>>> figure = vrest.plot.figure(vrest.explain("mammalian_neuron"), style="paper")
>>> print(f"{25.4 * figure.get_figwidth():.0f} mm")
85 mm

`figure` draws any result that has a figure, `save` writes one whole or not at all, and inside `drawing` every
function of this module draws in one style. `X_figure` draws what `figure` draws; `X_axes` draws the main panel into
axes of yours. Names are loaded when first used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vrest.plot.look import drawing as drawing
from vrest.shown import Drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vrest.plot.answers import panel_figure as panel_figure
    from vrest.plot.balance import balance_axes as balance_axes
    from vrest.plot.balance import balance_figure as balance_figure
    from vrest.plot.bifurcation import bifurcation_axes as bifurcation_axes
    from vrest.plot.bifurcation import bifurcation_figure as bifurcation_figure
    from vrest.plot.current_voltage import iv_axes as iv_axes
    from vrest.plot.current_voltage import iv_figure as iv_figure
    from vrest.plot.curve import curve_axes as curve_axes
    from vrest.plot.curve import curve_figure as curve_figure
    from vrest.plot.dose_response import dose_axes as dose_axes
    from vrest.plot.dose_response import dose_figure as dose_figure
    from vrest.plot.explanation import explanation_axes as explanation_axes
    from vrest.plot.explanation import explanation_figure as explanation_figure
    from vrest.plot.firing import firing_axes as firing_axes
    from vrest.plot.firing import firing_figure as firing_figure
    from vrest.plot.fit import fit_axes as fit_axes
    from vrest.plot.fit import fit_figure as fit_figure
    from vrest.plot.junction import junction_axes as junction_axes
    from vrest.plot.junction import junction_figure as junction_figure
    from vrest.plot.ladder import ladder_axes as ladder_axes
    from vrest.plot.ladder import ladder_figure as ladder_figure
    from vrest.plot.ladder import rest_axes as rest_axes
    from vrest.plot.ladder import rest_figure as rest_figure
    from vrest.plot.perturb import comparison_axes as comparison_axes
    from vrest.plot.perturb import comparison_figure as comparison_figure
    from vrest.plot.perturb import perturbation_axes as perturbation_axes
    from vrest.plot.perturb import perturbation_figure as perturbation_figure
    from vrest.plot.population import population_axes as population_axes
    from vrest.plot.population import population_figure as population_figure
    from vrest.plot.saving import save as save
    from vrest.plot.sensitivity import sensitivity_axes as sensitivity_axes
    from vrest.plot.sensitivity import sensitivity_figure as sensitivity_figure
    from vrest.plot.timecourse import timecourse_axes as timecourse_axes
    from vrest.plot.timecourse import timecourse_figure as timecourse_figure
    from vrest.plot.two_clocks import two_clocks_axes as two_clocks_axes
    from vrest.plot.two_clocks import two_clocks_figure as two_clocks_figure

_HOMES = {
    "answers": "panel_figure",
    "balance": "balance_axes balance_figure",
    "bifurcation": "bifurcation_axes bifurcation_figure",
    "current_voltage": "iv_axes iv_figure",
    "curve": "curve_axes curve_figure",
    "dose_response": "dose_axes dose_figure",
    "explanation": "explanation_axes explanation_figure",
    "firing": "firing_axes firing_figure",
    "fit": "fit_axes fit_figure",
    "junction": "junction_axes junction_figure",
    "ladder": "ladder_axes ladder_figure rest_axes rest_figure",
    "parameter_map": "map_axes map_figure",
    "perturb": "comparison_axes comparison_figure perturbation_axes perturbation_figure",
    "population": "population_axes population_figure",
    "saving": "save",
    "sensitivity": "sensitivity_axes sensitivity_figure",
    "timecourse": "timecourse_axes timecourse_figure",
    "two_clocks": "two_clocks_axes two_clocks_figure",
}
_HOME = {name: f"vrest.plot.{module}" for module, names in _HOMES.items() for name in names.split()}

_DRAWN_BY = {
    "Bifurcation": "bifurcation_figure",
    "Comparison": "comparison_figure",
    "CurrentVoltage": "iv_figure",
    "Curve": "curve_figure",
    "DoseResponse": "dose_figure",
    "Explanation": "explanation_figure",
    "Fit": "fit_figure",
    "LJP": "junction_figure",
    "ParameterMap": "map_figure",
    "Perturbed": "perturbation_figure",
    "Population": "population_figure",
    "Rest": "rest_figure",
    "Run": "timecourse_figure",
    "Sensitivity": "sensitivity_figure",
    "TwoClocks": "two_clocks_figure",
}
"""The figure of each result that has more than its main panel."""

_BY_MEMBRANE = ("Explanation", "Rest")
"""Results whose figures can be of one membrane."""

__all__ = ["drawing", "figure", *sorted(_HOME)]  # pyright: ignore[reportUnsupportedDunderAll]


def figure(result: Any, *, style: str = "lecture", title: str | None = None, membrane: str | None = None) -> Figure:
    """The figure of a result.

    Parameters
    ----------
    result
        Anything that has `plot`: a `Rest`, an `Explanation`, a `Run`, a `Perturbed`, a `Fit` and so on.
    style
        `lecture`; `paper`, 85 mm wide, and `paper-wide`, 180 mm, with text of 7 to 8 pt.
    title
        The title. None: the figure's own in a lecture, none in a paper.
    membrane
        Of a `Rest` or an `Explanation`: the membrane to draw. None: all. A page has no room for the whole account of
        several; their ladders are drawn then.

    Raises
    ------
    InputError
        A result without a figure (code `no_figure`), another style (`unknown_style`) or another membrane
        (`unknown_membrane`), or a membrane of a result that is not drawn by membrane (`not_by_membrane`).

    >>> import vrest
    >>> figure(vrest.rest("mammalian_neuron"), title="A neuron").texts[1].get_text()
    'A neuron'
    """
    kind = type(result).__name__
    if kind not in _DRAWN_BY and not isinstance(result, Drawn):
        from vrest.errors import InputError

        raise InputError(
            f"There is no figure of a {kind}.",
            code="no_figure",
            hint="There is one of all that has 'plot': a Rest, an Explanation, a Run, ...",
        )
    if membrane is not None and kind not in _BY_MEMBRANE:
        from vrest.errors import InputError

        raise InputError(f"The figure of a {kind} is of all its membranes.", code="not_by_membrane")
    name = _DRAWN_BY.get(kind, "panel_figure")
    one = {} if membrane is None else {"membrane": membrane}
    with drawing(style, title):
        return getattr(import_module(_HOME[name]), name)(result, **one)


def seen_on_ground(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """What draws into axes, in colours that are seen there where their ground is dark.

    >>> seen_on_ground(lambda ax: ax).__name__
    '<lambda>'
    """

    @wraps(draw)
    def drawn(*given: Any, **named: Any) -> Axes:
        from vrest.plot.ground import on_ground

        return on_ground(draw(*given, **named))

    return drawn


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vrest.plot' has no attribute '{name}'")
    value = getattr(import_module(_HOME[name]), name)
    value = seen_on_ground(value) if name.endswith("_axes") else value
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
