"""`vrest check`: exit code 5 and the reasons where a model drifts, 0 where it rests."""

import shlex

import numpy as np
import pytest

TRAP = "diam = 10\nL = 10\ngnabar_hh = 0.12\ngkbar_hh = 0.036\n"


@pytest.fixture
def trap(tmp_path):
    path = tmp_path / "hh.toml"
    path.write_text(TRAP, encoding="utf-8")
    return str(path)


def test_a_drift_is_an_exit_code_and_its_mended_cell_rests(vrest, trap, tmp_path):
    fixed = str(tmp_path / "fixed.toml")
    answer = vrest("check", trap, "-o", fixed, "--json")
    assert answer.code == 5
    assert answer.error == "drifts"
    result = answer.json["result"]
    assert not result["rests"]
    assert result["findings"][0]["where"] == "inside.K"
    assert [at["time"] for at in result["later"]] == [0, 60, 600, 3600]
    assert answer.json["units"]["later"]["v"] == "mV"
    assert answer.json["warnings"][0]["code"] == "defaults"
    mended = vrest("check", fixed, "--json")
    assert mended.code == 0
    assert mended.json["result"]["rests"]
    assert vrest("rest", fixed, "--json").json["result"]["v_rest"] == pytest.approx(-64.974, abs=1e-3)


def test_the_account_for_people(vrest, trap):
    answer = vrest("check", trap)
    assert answer.code == 5
    assert "K+ in 'inside' (54.4 mM) loses 11.8 mM/min" in answer.out
    assert "E_K is written as -77.0 mV" in answer.out
    assert "ipump = 0.00287" in answer.out
    assert "unnamed" not in answer.out
    assert "ki = 54.4" in answer.err
    assert vrest("check", "-", stdin=TRAP).code == 5


def test_cells_are_checked_too(vrest):
    assert vrest("check", "mammalian_neuron").code == 0
    answer = vrest("check", "mammalian_neuron", "--set", "pump.max_rate*=0.8")
    assert answer.code == 5
    assert 'vrest design mammalian_neuron --set "pump.max_rate*=0.8" --v-rest "-70 mV"' in answer.out


@pytest.mark.parametrize(
    ("text", "code"), [("gk = \n", "bad_toml"), ("g_k = 1\n", "unknown_key"), ("[compartments]\n", "missing_key")]
)
def test_slips_are_told(vrest, tmp_path, text, code):
    path = tmp_path / "slip.toml"
    path.write_text(text, encoding="utf-8")
    answer = vrest("check", str(path), "--json")
    assert answer.code == 3
    assert answer.error == code


def test_what_cannot_be_saved_is_said(vrest, tmp_path):
    file = tmp_path / "leaks.toml"
    file.write_text("gk = 1e-4\ngna = 1e-5\nki = 140\nko = 5\nnai = 10\nnao = 145\n", encoding="utf-8")
    output = tmp_path / "fixed.toml"
    answer = vrest("check", str(file), "-o", str(output))
    assert answer.code == 5
    assert "No target was given" in answer.out
    assert "was not written: no way out was found" in " ".join(answer.err.split())
    assert not output.exists()
    aimed = vrest("check", str(file), "--set", "membrane.potential=-70 mV", "-o", str(output))
    assert "V then rests at -70.00 mV" in " ".join(aimed.out.split())
    assert output.exists()


def test_how_pumps_were_read_is_told(vrest):
    text = "gk = 1e-4\ngna = 1e-5\nimax_nakpump = 0.01\nRa = 100\nv_init = -70\n"
    answer = vrest("check", "-", "--json", stdin=text)
    told = {w["code"]: w["message"] for w in answer.json["warnings"]}
    assert "km_na = 10" in told["defaults"]
    assert "ina = 3 imax" in told["read_as"]
    assert "Ra" in told["unused"]
    line = next(line for line in answer.json["result"]["fixes"][0]["lines"] if "imax" in line)
    assert line.startswith("imax_nakpump = ")


CHANGES = {
    "mammalian_neuron": ("pump.max_rate*={}", "Na_leak.permeability*={}", "outside.K*={}"),
    "pyramidal_neuron": ("pump.max_rate*={}",),
    "astrocyte": ("pump.max_rate*={}",),
    "squid_axon": ("pump.max_rate*={}", "outside.K*={}"),
    "cressman_2009": ("pump.max_rate*={}",),
    "hodgkin_huxley_1952": ("potential={}",),
}


@pytest.mark.parametrize(
    ("name", "count"), [("mammalian_neuron", 1), *(pytest.param(n, 12, marks=pytest.mark.library) for n in CHANGES)]
)
def test_what_is_printed_to_be_typed_leads_to_the_rest_that_is_claimed(vrest, tmp_path, name, count):
    rng = np.random.default_rng(3)
    typed = 0
    for k in range(count):
        change = CHANGES[name][rng.integers(len(CHANGES[name]))]
        size = rng.uniform(-80, -45) if "potential" in change else 10 ** rng.uniform(-0.4, 0.4)
        given = [name, "--set", change.format(f"{size:.4g}" + (" mV" if "potential" in change else ""))]
        for fix in vrest("check", *given, "--json").json["result"]["fixes"]:
            typed += 1
            saved = str(tmp_path / f"{k}.toml")
            words = [x for word in shlex.split(fix["lines"][0])[1:] for x in (given if word == "FILE" else [word])]
            made = vrest(*words[:-1], saved, "--json")
            assert made.code == 0, (given, words, made.out)
            found = vrest("rest", saved, "--json").json["result"]
            assert found["v_rest"] == pytest.approx(fix["v_rest"], abs=1e-6), (given, words)
            assert vrest("check", saved).code == 0, (given, words)
    assert typed >= count


@pytest.mark.parametrize("verb", ["rest", "show", "run"])
def test_other_verbs_send_what_is_for_neuron_to_check(vrest, tmp_path, verb):
    file = tmp_path / "flat.toml"
    file.write_text("celsius = 37\ngk = 1e-4\nki = 140\nko = 5\n")
    answer = vrest(verb, str(file), "--json")
    assert answer.code == 3
    assert answer.error == "no_cell"
    assert "vrest check" in answer.json["error"]["hint"]


def test_a_bath_that_is_changed_stays_neutral_with_the_companion_that_is_proposed(vrest):
    alone = vrest("check", "mammalian_neuron", "--set", "outside.K=12 mM", "--json")
    (warning,) = alone.json["warnings"]
    assert "--swap Na" in warning["message"]
    kept = vrest("check", "mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na", "--json")
    written = vrest("check", "mammalian_neuron", "--set", "outside.K=12 mM swap Na", "--json")
    assert kept.json["warnings"] == []
    assert kept.json["result"] == written.json["result"]
    assert (
        "outside.K=12 mM swap Na" in vrest("check", "mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na").out
    )
