"""`vrest sensitivity`."""

import pytest

OVER = ("--over", "K_leak.permeability ~ lognormal(0.2)", "--over", "outside.K ~ uniform(3 mM, 8 mM) swap Na")


def test_json_and_figure(vrest, tmp_path):
    figure = tmp_path / "sobol.png"
    answer = vrest("sensitivity", "mammalian_neuron", "--of", "V", *OVER, "-n", "64", "--plot", str(figure), "--json")
    assert (answer.code, answer.err) == (0, "")
    assert figure.stat().st_size > 10_000
    result = answer.json["result"]
    assert [e["name"] for e in result["effects"]] == ["K_leak.permeability", "outside.K swap Na"]
    assert result["effects"][0]["on"]["V"] == pytest.approx(-0.1325, abs=1e-4)
    assert result["verdicts"]["moves"] == ["K_leak.permeability", "outside.K swap Na"]
    assert (result["sobol"]["cells"], result["sobol"]["outcomes"]) == (64 * 6, {"rests": 64 * 6})
    (shares,) = result["sobol"]["of"]
    assert sum(row["total"] for row in shares["indices"]) == pytest.approx(1, abs=0.1)
    assert answer.json["units"]["effects"]["on"]["V"] == "mV"


def test_for_people(vrest):
    over = ("--over", "K_leak.permeability", "--over", "neuron.capacitance", "--over", "temperature")
    answer = vrest("sensitivity", "mammalian_neuron", *over)
    assert answer.code == 0
    assert "Sensitivity of 'mammalian_neuron' at 37 degC" in answer.out
    assert "1 % more of" in answer.out
    assert "temperature (1 K)" in answer.out
    assert "changes how fast the cell moves, not where it rests: neuron.capacitance" in answer.out
    assert "Sobol" not in answer.out
    wide = vrest("sensitivity", "mammalian_neuron", *over, "--of", "V", "--global", "-n", "16")
    assert "128 cells over these distributions (base 16, seed 0)" in wide.out
    assert "normal(37 degC, 1)" in wide.out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("--over", "outside.Kx"), 3, "unknown_path"),
        (("--over", "outside.K ~ gauss(1)"), 3, "unknown_distribution"),
        (("--over", "outside.K", "--over", "outside.K ~ lognormal(0.1)"), 3, "varies_twice"),
        (("--of", "Vm"), 3, "unknown_quantity"),
        (("-n", "1000"), 3, "out_of_range"),
        (("--seed", "3"), 2, "usage"),
        (("--plot", "tornado.jpg"), 3, "unknown_suffix"),
        (("--set", "K_leak.permeability*=0"), 4, "swells_without_limit"),
    ],
)
def test_slips(vrest, arguments, code, error):
    answer = vrest("sensitivity", "mammalian_neuron", *arguments, "--json")
    assert (answer.code, answer.error) == (code, error)
