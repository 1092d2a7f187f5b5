"""Styles: of one thread alone, said in one place, refused by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import vrest
from vrest.errors import InputError
from vrest.plot.look import LECTURE, PAPER, drawing, look
from vrest.study.explain.explain import Explanation


@pytest.fixture(scope="module")
def story() -> Explanation:
    return vrest.explain("mammalian_neuron")


def said(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


@pytest.mark.parametrize(("style", "mm"), [("paper", 85.0), ("paper-wide", 180.0)])
def test_paper_is_so_wide_and_has_no_title_unless_asked(story: Explanation, style: str, mm: float) -> None:
    bare, titled = vrest.plot.figure(story, style=style), vrest.plot.figure(story, style=style, title="A neuron")
    for figure in (bare, titled):
        assert 25.4 * figure.get_figwidth() == pytest.approx(mm, rel=1e-12)
    assert said(bare) == []
    assert said(titled) == ["A neuron"]


def test_a_lecture_has_its_own_title_or_yours(story: Explanation) -> None:
    own, given, none = (vrest.plot.figure(story, title=title) for title in (None, "A neuron", ""))
    assert any("−70.00 mV" in text for text in said(own))
    assert "A neuron" in said(given)
    assert len(said(own)) == len(said(given)) == 1 + len(said(none))


def test_a_style_is_that_of_its_thread_and_ends() -> None:
    with drawing("paper"):
        assert look() == PAPER
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(look).result() == LECTURE
        with pytest.raises(ZeroDivisionError), drawing("paper-wide"):
            _ = 1 / 0
        assert look() == PAPER
    assert look() == LECTURE


def test_an_unknown_style_is_refused(story: Explanation) -> None:
    with pytest.raises(InputError, match="papr") as error:
        vrest.plot.figure(story, style="papr")
    assert error.value.code == "unknown_style"
    assert "'paper'" in str(error.value.hint)


def test_what_has_no_figure_is_refused() -> None:
    with pytest.raises(InputError) as error:
        vrest.plot.figure(vrest.load("mammalian_neuron"))
    assert error.value.code == "no_figure"
    assert "Explanation" in str(error.value.hint)


def test_every_name_of_plot_is_there_and_vrest_lists_it() -> None:
    assert "plot" in dir(vrest)
    for name in vrest.plot.__all__:
        drawn: Callable[..., object] = getattr(vrest.plot, name)
        assert callable(drawn), name
    code = "import vrest, sys; vrest.plot; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_save_is_offered_too(tmp_path: Path, story: Explanation) -> None:
    target = vrest.plot.save(vrest.plot.figure(story, style="paper"), tmp_path / "a.pdf")
    assert target.read_bytes().startswith(b"%PDF")
