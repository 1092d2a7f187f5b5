"""What can be done to a cell: the operations give the very cell that the perturbation makes."""

import pytest

from vrest.model.cellfile import library, load
from vrest.model.change import apply
from vrest.model.paths import parameters
from vrest.page.blocks import blocks
from vrest.page.controls import controls
from vrest.study.perturb.library import find, perturbations
from vrest.study.perturb.perturb import applicable

everywhere = pytest.mark.parametrize("name", library())


def of(name):
    cell = load(name)
    shown = controls(cell, cell)
    return cell, shown, {block.id: block for block in blocks(cell, shown, name)}


def numbers(cell):
    return {path: p.value for path, p in parameters(cell).items()}


def done(block, dose, values):
    """Values of controls once a block is on, as a page makes them."""
    after = list(values)
    for one in block.sets:
        by = one.by[dose]
        if one.follows is None:
            after[one.control] = {"scale": by * after[one.control], "set": by}[one.op]
    for one in block.sets:
        if one.follows is not None:
            after[one.control] += one.factor * (after[one.follows] - values[one.follows])
    return after


@everywhere
def test_they_are_the_perturbations_that_apply_at_every_dose(name):
    cell, shown, doable = of(name)
    known = set(doable) & set(perturbations())
    for key in set(perturbations()) - known - {"electroneutral_pump"}:
        why = applicable(cell)[key]
        idle = why is None and numbers(apply(cell, find(key).changes(cell))) == numbers(cell)
        assert idle or (why is not None and why.code in ("no_target", "wrong_direction")), key
    assert {key for key, why in applicable(cell).items() if why is not None and why.code == "no_target"}.isdisjoint(
        known
    )
    values = [one.value for one in shown]
    for key in known:
        block = doable[key]
        for k, dose in enumerate(block.dose.grid):
            changed = apply(cell, find(key).dosed(dose).changes(cell))
            assert numbers(changed) != numbers(cell)
            expected = [parameters(changed)[one.path] for one in shown]
            assert done(block, k, values) == pytest.approx([p.door(p.value) for p in expected], rel=1e-12), (key, dose)
            moved = {path for path, value in numbers(changed).items() if value != numbers(cell)[path]}
            assert moved <= {one.path for one in shown}


@everywhere
def test_doses_increase_and_are_said_as_they_are(name):
    cell, _, doable = of(name)
    for key in set(doable) & set(perturbations()):
        dose, known = doable[key].dose, find(key)
        assert list(dose.grid) == sorted(set(dose.grid))
        assert 1 <= len(dose.grid) <= 20, key
        for number, text in zip(dose.grid, dose.texts, strict=True):
            assert known.dosed(text).dose == pytest.approx(known.dosed(number).dose, rel=1e-3)
        if applicable(cell)[key] is None:
            usual = known.used_dose(cell)[0]
            assert known.dosed(dose.grid[dose.default]).dose == pytest.approx(usual, rel=1e-9)


def test_ions_that_go_along_do_so_from_wherever_they_are():
    _, shown, doable = of("mammalian_neuron")
    index = {one.name: k for k, one in enumerate(shown)}
    values = [one.value for one in shown]
    values[index["outside.K"]], values[index["outside.Na"]] = 8.0, 142.0
    block = doable["hyperkalaemia"]
    after = done(block, block.dose.grid.index(20.0), values)
    assert (after[index["outside.K"]], after[index["outside.Na"]]) == (20.0, 130.0)


def test_a_drug_is_its_law():
    block = of("mammalian_neuron")[2]["ouabain"]
    (only,) = block.sets
    for dose, factor in zip(block.dose.grid, only.by, strict=True):
        assert factor == pytest.approx(1.0 / (1.0 + dose / 30e-6), rel=1e-12)  # mM; IC50 30 nM


def test_a_stopped_pump_is_what_its_command_runs():
    import vrest

    _, shown, doable = of("mammalian_neuron")
    block = doable["pump_off"]
    assert [(shown[one.control].name, one.op, one.by) for one in block.sets] == [("pump.max_rate", "set", (0.0,))]
    assert block.command.split('"')[1::2] == ["300 s", "pump.max_rate*=0", "1500 s", "pump.max_rate=restore", "2 h"]
    stopped = vrest.rest("mammalian_neuron", [block.command.split('"')[3]])
    assert stopped.outcome.name == "rests_run_down"


def test_all_pumps_of_a_cell_stop_together():
    _, shown, doable = of("muscle_tubule")
    names = [shown[one.control].name for one in doable["pump_off"].sets]
    assert names == ["surface.pump.max_rate", "tubule_wall.pump.max_rate"]


def test_a_current_goes_both_ways():
    _, shown, doable = of("hodgkin_huxley_1952")
    block = doable["current_stimulus"]
    assert shown[block.sets[0].control].name == "stimulus.density"
    assert block.sets[0].by == block.dose.grid
    assert block.dose.grid[0] == -block.dose.grid[-1]
    assert block.dose.grid[block.dose.default] == min(v for v in block.dose.grid if v > 0.0)
    assert "pump_off" not in doable
