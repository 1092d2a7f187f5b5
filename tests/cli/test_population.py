"""`vrest population`."""

import pytest

POPULATION = (
    "population",
    "mammalian_neuron",
    "--vary",
    "outside.K ~ uniform(3 mM, 8 mM) swap Na",
    "-n",
    "16",
    "--design",
    "latin-hypercube",
)


def test_json_store_and_figure(vrest, tmp_path):
    store, figure = tmp_path / "pop.zarr", tmp_path / "pop.png"
    arguments = (*POPULATION, "--rest", "--seed", "3", "-o", str(store), "--plot", str(figure), "--json")
    answer = vrest(*arguments)
    assert (answer.code, answer.err) == (0, "")
    assert figure.stat().st_size > 10_000
    body = answer.json
    result = body["result"]
    assert (result["cells"], result["computed"], result["without_rest"]) == (16, 16, 0.0)
    (varied,) = result["varied"]
    assert varied["path"] == "compartments.outside.ions.K"
    assert 3 <= varied["min"] < varied["max"] <= 8
    (outcome,) = result["outcomes"]
    assert (outcome["outcome"], outcome["share"]) == ("rests", 1.0)
    assert -75 < result["v"]["q05"] < result["v"]["median"] < result["v"]["q95"] < -63
    assert result["rank_correlation"]["v"]["outside.K"] == pytest.approx(1.0)
    assert (body["units"]["v"], body["inputs"]["seed"]) == ("mV", 3)
    again = vrest(*arguments)
    assert again.json["result"]["computed"] == 0
    other = vrest(*POPULATION, "--seed", "4", "-o", str(store), "--json")
    assert (other.code, other.error) == (3, "another_population")


def test_for_people(vrest, tmp_path):
    store = tmp_path / "pop.zarr"
    arguments = (
        "population",
        "mammalian_neuron",
        "--vary",
        "outside.K ∼ discrete(5 mM, 200 mM) swap Na",
        "-n",
        "16",
        "--design",
        "latin-hypercube",
    )
    answer = vrest(*arguments, "-o", str(store))
    assert answer.code == 0
    told = " ".join(answer.out.split())
    assert "16 resting states of 'mammalian_neuron', latin_hypercube, seed 0: rests 50 %, impossible 50 %" in told
    assert "outside.K ~ discrete(5 mM, 200 mM) swap Na" in answer.out
    assert "impossible" in answer.out
    assert "50  These numbers describe no cell" in answer.out
    assert "without a resting state: 0 %" in answer.out
    assert "16 cells in " in answer.out
    again = " ".join(vrest(*arguments, "-o", str(store)).out.split())
    assert "was finished: nothing had to be computed" in again


def test_runs_of_a_table(vrest, tmp_path):
    table = tmp_path / "posterior.csv"
    table.write_text("outside.K swap Na (mM); Na_leak.permeability\n4,5;5e-8\n5;0,6e-7\n")
    protocol = ("--at", "1 s", "pump.max_rate*=0", "--until", "10 s", "--times", "0, 10 s", "--from-rest")
    answer = vrest("population", "mammalian_neuron", "--table", str(table), *protocol, "--json")
    assert (answer.code, answer.err) == (0, "")
    result = answer.json["result"]
    assert [v["distribution"] for v in result["varied"]] == ["table", "table"]
    assert [v["max"] for v in result["varied"]] == pytest.approx([5.0, 6e-8])
    assert (result["what"], result["unfinished"], result["depolarised"], result["recovered"]) == (
        "v_end",
        0.0,
        0.0,
        0.0,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ((), 2, "missing_argument"),
        (("--vary", "outside.K"), 3, "bad_distribution"),
        (("--vary", "outside.K ~ uniform(8, 3)"), 3, "bad_distribution"),
        (("--vary", "outside.K ~ uniform(3, 8)", "--vary", "outside.K ~ uniform(3, 8)"), 3, "varies_twice"),
        (("--vary", "outside.K ~ uniform(3, 8)", "-n", "1e3.5"), 3, "not_a_number"),
        (("--vary", "outside.K ~ uniform(3, 8)", "--design", "halton"), 3, "unknown_design"),
        (("--vary", "outside.K ~ uniform(3, 8)", "--rest", "--until", "1 h"), 2, "usage"),
        (("--vary", "outside.K ~ uniform(3, 8)", "--threshold", "0 mV"), 2, "usage"),
        (("--vary", "outside.K ~ uniform(3, 8)", "--scheduler", "tcp://127.0.0.1:9"), 2, "usage"),
        (("--vary", "outside.K ~ uniform(3, 8)", "-o", "pop.xls"), 3, "unknown_suffix"),
        (("--vary", "outside.K ~ uniform(3, 8)", "--plot", "pop.jpg"), 3, "unknown_suffix"),
        (("--table", "nowhere.csv"), 3, "no_file"),
    ],
)
def test_slips(vrest, arguments, code, error):
    answer = vrest("population", "mammalian_neuron", *arguments, "--json")
    assert (answer.code, answer.error) == (code, error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outside.K\n", "no rows"),
        ("outside.K,outside.Na\n1,2\n3\n", "row 2 (line 3): 1 values under 2 names"),
        ("outside.K\n3\nfive\n", "row 2"),
        ("outside.K (mV)\n3\n", "mV"),
    ],
)
def test_slips_in_a_table(vrest, tmp_path, text, said):
    (tmp_path / "table.csv").write_text(text)
    answer = vrest("population", "mammalian_neuron", "--table", str(tmp_path / "table.csv"), "--json")
    assert answer.code == 3
    assert said in answer.json["error"]["message"]
