"""`--style` and `--title`: of every figure that a command saves."""

import re

import pytest


def size_mm(svg: str) -> float:
    return 25.4 / 72 * float(re.search(r'<svg [^>]*?width="([\d.]+)pt"', svg, re.DOTALL).group(1))


@pytest.mark.parametrize(("style", "mm"), [("paper", 85), ("paper-wide", 180)])
def test_a_figure_in_a_style(vrest, tmp_path, style, mm):
    target = tmp_path / "ladder.svg"
    arguments = ("rest", "mammalian_neuron", "--plot", str(target), "--style", style, "--title", "A neuron")
    assert vrest(*arguments).code == 0
    drawn = target.read_text()
    assert size_mm(drawn) == pytest.approx(mm, abs=0.01)
    assert "A neuron" in drawn
    assert "mammalian_neuron" not in drawn


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [(["--style", "paper"], 2, "usage"), (["--plot", "a.png", "--style", "papr"], 3, "unknown_style")],
)
def test_a_style_that_cannot_be_is_refused_before_anything_is_computed(vrest, monkeypatch, arguments, exit_code, code):
    def refuse(*_, **__):
        raise AssertionError("computed")

    monkeypatch.setattr("vrest.verbs.rest.rest", refuse)
    answer = vrest("rest", "mammalian_neuron", *arguments, "--json")
    assert (answer.code, answer.error) == (exit_code, code)
