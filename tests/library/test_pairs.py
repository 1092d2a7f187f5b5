"""Every perturbation in every cell: followed for a day or to a typed outcome, laws held, as docs/pairs.md says.

All of them are run by `make test-library`; a sample with each kind of end is run always.
"""

import runpy
from pathlib import Path

import pytest

from vrest.errors import VrestError
from vrest.model.cellfile import library, load
from vrest.study.perturb.library import perturbations
from vrest.study.perturb.perturb import perturb
from vrest.verbs.outcome import Outcome

PAIRS = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "pairs.py"))
SAID = PAIRS["written"]()
ENDS = {sign: Outcome[name] for name, sign in PAIRS["SIGNS"].items() if name != "no rest"}
SAMPLE = [
    ("kay_2017", "anoxia"),
    ("kir_muscle", "ouabain"),
    ("duesterwald_2018", "gaba_a_opening"),
    ("cressman_2009", "electroneutral_pump"),
    ("cressman_2009", "ttx"),
    ("cressman_2009", "nkcc1_block"),
]


def check(cell: str, name: str) -> None:
    sign, told = SAID[cell][name]
    if sign in ("–", "N"):
        with pytest.raises(VrestError) as error:
            perturb(load(cell), name)
        assert error.value.message.endswith(told)
        assert error.value.hint or sign == "N"
        assert error.value.exit_code == (3 if sign == "–" else 4)
        return
    found = perturb(load(cell), name)
    assert found.outcome is ENDS[sign[0]]
    assert found.recovers is {"*": False, "?": None}.get(sign[1:].removeprefix("\\"), True)
    assert found.kept_stop or found.kept.time[-1] == 86400.0
    for run in (found.kept, found.washed):
        assert all(account.drift <= 10 * account.floor for account in run.ledger)


def test_the_page_has_every_perturbation_and_is_read_as_it_was_written():
    assert all(sorted(signs) == perturbations() for signs in SAID.values())
    assert PAIRS["page"](SAID) == PAIRS["PAGE"].read_text(encoding="utf-8")


def test_the_page_has_every_cell():
    assert list(SAID) == library()


@pytest.mark.parametrize(("cell", "name"), SAMPLE)
def test_sample_of_pairs(cell, name):
    check(cell, name)


@pytest.mark.library
@pytest.mark.parametrize(("cell", "name"), [(cell, name) for cell in library() for name in perturbations()])
def test_every_pair(cell, name):
    check(cell, name)
