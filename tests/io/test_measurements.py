"""Measurements as people paste them: every number is read as it was meant, or refused with its place."""

import numpy as np
import pytest

import vrest
from vrest.study.fit.measured import measured

EXPECTED = [[2.5, -91.5], [10.0, -61.25], [0.04, -120.0]]


@pytest.fixture
def frog():
    return vrest.load("frog_muscle")


def read(tmp_path, text, cell):
    path = tmp_path / "vm.csv"
    path.write_bytes(text.encode("utf-8"))
    return measured(cell, vrest.read_measurements(path))


@pytest.mark.parametrize(
    "text",
    [
        "Ko (mM),Vm (mV)\n2.5,-91.5\n10,-61.25\n0.04,-120\n",
        "K_o;V_m\r\n2,5;−91,5\r\n\r\n# a remark\r\n10;−61,25\r\n0,04;-120\r\n",
        "[K+]o [µM]\tVm [V]\n2500\t-0.0915\n10000\t−0.06125\n40\t-0.12\n",
        "\ufeffoutside.K (μM), membrane potential (mV), #day\n2500, -91.5, mon\n1e4, -61.25, tue\n40, -120, wed\n",
        '"ko_mM","vm_mV"\n"2.5","-91.5"\n"10","-61.25"\n"4e-2","-120"\n',
        "compartments.outside.ions.K,V\n2.5,-91.5\n10,-61.25\n.04,-120.\n",
    ],
)
def test_one_table_in_many_hands(tmp_path, frog, text):
    table = read(tmp_path, text, frog)
    assert table.paths == ("compartments.outside.ions.K",)
    assert np.column_stack([table.rows, table.v]) == pytest.approx(np.array(EXPECTED), rel=1e-14)
    assert not table.known


def test_errors_counts_and_cells(tmp_path, frog):
    table = read(tmp_path, "Ko,Vm,SD (mV),n,Fibre\n2.5,-91,2,4,a\n10,-61,3,9,b\n", frog)
    assert table.error == pytest.approx([1.0, 1.0])
    assert table.known
    assert table.cells == ("a", "b")
    assert read(tmp_path, "Ko,Vm,sem\n2.5,-91,2\n10,-61,3\n", frog).error == pytest.approx([2.0, 3.0])
    counted = read(tmp_path, "Ko,Vm,n\n2.5,-91,4\n10,-61,16\n", frog)
    assert (counted.error.tolist(), counted.known) == ([0.5, 0.25], False)


def test_factors_and_companions(tmp_path, frog):
    table = read(tmp_path, "Ko swap Na,pump.max_rate*,Vm\n2.25,1,-91\n10,0.5,-61\n", frog)
    values = dict(zip(table.paths, table.rows.T, strict=True))
    assert values["membranes.fibre.transports.pump.max_rate"] == pytest.approx(74.61101127623374 * np.array([1, 0.5]))
    assert values["compartments.outside.ions.Na"] == pytest.approx([109.0, 109.0 - 7.75])


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (
            "Ko,Vm\n2,5,-91\n",
            "bad_table",
            "row 1 (line 2): 3 values under 2 names. Give every row every value. Decimal commas",
        ),
        ("Ko;Vm\n2,5;-91,5\n10;\n", "empty_value", "row 2 (line 3), column 'Vm' is empty"),
        ("Ko;Vm\n\n2,5;-91,5\n1O;-61\n", "not_a_number", "row 2 (line 4), column 'Ko'"),
        ("Ko;Vm\n2.500,1;-91\n", "not_a_number", "row 1 (line 2), column 'Ko'"),
        ('Ko,Vm\n"2,5",-91\n', "decimal_comma", "row 1 (line 2), column 'Ko'"),
        ("Ko,Vm\n2.5,–91\n", "not_a_number", "write the minus as '-'"),
        ("Ko,Ko\n2.5,-91\n", "bad_table", "column 2 is named 'Ko'"),
        ("Ko,Vm\n", "bad_table", "has no rows"),
        ("Ko,Vm (mM)\n2.5,-91\n", "wrong_unit", "Vm (mM)"),
        ("Ko (mV),Vm\n2.5,-91\n", "wrong_unit", "Ko (mV)"),
        ("Ko,E\n2.5,-91\n", "no_potential", "Got: Ko, E"),
        ("Ko swap Na,Vm\n200,-1\n", "out_of_range", "row 1: there is too little Na"),
        ("Ko,Nao,Ko swap Na,Vm\n2,3,4,-91\n", "bad_data", "one value"),
    ],
)
def test_nothing_is_skipped(tmp_path, frog, text, code, says):
    with pytest.raises(vrest.InputError) as refused:
        read(tmp_path, text, frog)
    assert refused.value.code == code
    assert says in str(refused.value)
