"""What an answer cites is what it used."""

import re

import pytest

import vrest

DATA = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-92.0, -62.1, -35.0, -5.4]}
TWO_CELLS = {"Ko": [2.5, 10.0, 30.0] * 2, "Vm": [-92.0, -62.1, -35.0, -90.1, -60.3, -33.4], "cell": [*"aaabbb"]}


def cited(answer):
    keys = re.findall(r"^@\w+{(.+),$", answer.cite(), re.MULTILINE)
    assert len(set(keys)) == len(keys)
    return set(keys)


@pytest.mark.parametrize(
    ("model", "keys"), [("mullins_noda", {"Mullins1963"}), ("instant", {"Bradbury2018"}), ("settled", {"Sandu1997"})]
)
def test_a_fit_cites_its_model_and_its_noise(model, keys):
    alone = cited(vrest.fit("frog_muscle", DATA, model=model))
    assert keys | {"vrest", "Venzon1988", "Virtanen2020"} <= alone
    assert not {"Patterson1971", "Satterthwaite1946"} & alone
    assert {"Patterson1971", "Satterthwaite1946"} <= cited(vrest.fit("frog_muscle", TWO_CELLS, model="mullins_noda"))


def test_a_choice_of_models_cites_them_all():
    found = cited(vrest.compare_models("frog_muscle", DATA, models=["mullins_noda", "instant"]))
    assert {"Burnham2002", "Hurvich1989", "Mullins1963", "Bradbury2018"} <= found


def test_indices_are_cited_where_there_are_some():
    over = ["K_leak.permeability", "outside.K"]
    assert "Saltelli2010" not in cited(vrest.sensitivity("mammalian_neuron", over, of="V"))
    assert {"Saltelli2010", "Herman2017"} <= cited(vrest.sensitivity("mammalian_neuron", over, of="V", n=64))


def test_runs_are_cited_where_cells_were_run():
    varied = {"outside.K": [3.0, 5.0]}
    assert "Steinebach2023" not in cited(vrest.population("mammalian_neuron", varied))
    assert "Steinebach2023" in cited(vrest.population("mammalian_neuron", varied, until="1 s"))
