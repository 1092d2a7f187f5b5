"""Every result says what it is in a few lines, is a table, and can be drawn."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import vrest
from vrest.shown import LINES, ROWS, Shown
from vrest.tables import Column, Table


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


def test_a_result_is_drawn_into_the_axes_given_and_else_into_a_figure_of_its_own():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    found = vrest.instant("mammalian_neuron", "pump.max_rate*=0")
    assert found.plot(ax=left) is left
    assert left.has_data()
    assert not right.has_data()
    pyplot = pytest.importorskip("matplotlib.pyplot")
    own = found.plot()
    assert isinstance(own, Axes)
    assert own.figure is pyplot.gcf()
    pyplot.close("all")
