"""The notebook of the examples runs from its first cell to its last, and shows what it says it shows."""

import shutil
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
WRITTEN = nbformat.read(EXAMPLES / "first_steps.ipynb", as_version=4)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    shutil.copy(EXAMPLES / "vm_ko.csv", folder)
    notebook = deepcopy(WRITTEN)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    return client.execute(), folder


def code(notebook):
    """Its cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell, kind):
    """What a cell put out of one kind."""
    return [out["data"][kind] for out in cell.outputs if kind in out.get("data", {})]


def test_it_is_kept_without_what_it_put_out():
    assert [cell.outputs for cell in WRITTEN.cells if cell.get("outputs")] == []


def test_every_picture_and_table_is_there(ran):
    notebook, folder = ran
    for cell in code(notebook):
        last = cell.source.splitlines()[-1]
        assert bool(shown(cell, "image/png")) == (".plot(" in last), last
        if last.isidentifier() or "to_dataframe" in last:
            assert "<table" in shown(cell, "text/html")[0], last
    assert (folder / "fit.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "mammalian_neuron.html").stat().st_size > 100_000


def test_its_words_are_its_numbers(ran):
    notebook, _ = ran
    told = {cell.source.splitlines()[-1]: shown(cell, "text/plain") for cell in code(notebook)}
    assert "V = -70.00 mV" in told["rest"][0]
    assert "P_Na/P_K = 0.01005" in told["found"][0]
