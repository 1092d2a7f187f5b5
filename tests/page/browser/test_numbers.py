"""What leaves the page gives the page's numbers: the cell's file, commands, Python, tables and pictures."""

import csv
import json
import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import vrest

pytestmark = pytest.mark.page

BATH = "outside.K=12&outside.Na=138&K_leak.permeability=1.4e-6&temperature=36"
CONTENTS = "outside.K=7&outside.Na=143&inside.K=120"
PUMP_OFF = "block=pump_off@300-1500&until=3600"


@pytest.fixture(params=[BATH, CONTENTS], ids=["bath", "contents"])
def page(request, opened):
    shown = opened(fragment=request.param)
    assert shown.values, "the link was not taken"
    return shown


def tables(text: str) -> dict[str, dict[str, list[str]]]:
    """The tables of a CSV of all plots: by title, columns by heading."""
    found, title, lines = {}, "", []
    for line in [*text.splitlines(), "# end"]:
        if not line.startswith("#"):
            lines.append(line)
            continue
        rows = [row for row in csv.reader(lines) if row]
        if rows:
            found[title] = {name: [row[k] for row in rows[1:]] for k, name in enumerate(rows[0])}
        title, lines = line.removeprefix("# "), []
    return found


def test_the_file_of_the_cell_rests_where_the_page_says(page):
    cell = vrest.load(page.exported("TOML"))
    assert vrest.rest(cell).v_rest == pytest.approx(page.settled, abs=1e-9)
    assert vrest.rest(cell).outcome.name == page.outcome


def test_the_commands_give_both_clocks(page, shell, tmp_path):
    text = page.copied("Copy as vrest command")
    *before, last = [line for line in text.splitlines() if not line.startswith("#")]
    shell("\n".join(before))
    found = json.loads(shell(f"{last} --json"))["result"]
    if "settled" in found:
        assert found["at_once"]["v"] == pytest.approx(page.now, abs=1e-9)
        assert found["settled"]["v"] == pytest.approx(page.settled, abs=1e-9)
    else:  # contents were changed: at once is what Python says
        assert found["v_rest"] == pytest.approx(page.settled, abs=1e-9)


def test_the_python_gives_both_clocks(page, shell, tmp_path):
    (tmp_path / "copied.py").write_text(page.copied("Copy as Python"), encoding="utf-8")
    before, now, settled, outcome = shell("python copied.py").split()
    assert float(before) == pytest.approx(-70, abs=1e-6)
    assert float(now) == pytest.approx(page.now, abs=1e-9)
    assert float(settled) == pytest.approx(page.settled, abs=1e-9)
    assert outcome == page.outcome


def test_tables_of_all_plots(opened):
    page = opened(fragment=BATH)
    text = page.exported("CSV").read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("# ")]
    assert any(vrest.__version__ in line for line in head)
    assert any("outside.K=12" in line for line in head), "no link"
    assert any("vrest settled" in line for line in head), "no command"
    found = tables(text)
    ladder = found["Potential ladder"]
    told = dict(zip(ladder["what"], ladder["potential (mV)"], strict=True))
    assert float(told["at once"]) == pytest.approx(page.now, abs=1e-9)
    assert float(told["settled"]) == pytest.approx(page.settled, abs=1e-9)


def test_the_curve_is_that_of_python(opened):
    page = opened(fragment="K_leak.permeability=1.4e-6")
    found = tables(page.exported("CSV").read_text(encoding="utf-8"))["V against an ion outside"]
    rows = [k for k, kind in enumerate(found["kind"]) if kind == "curve"]
    x, settled = (
        np.array([float(found[name][k] or "nan") for k in rows]) for name in ("[K⁺] outside (mM)", "settled (mV)")
    )
    cell = vrest.apply(vrest.rest("mammalian_neuron").as_cell(), {"K_leak.permeability": 1.4e-6})
    ready = vrest.prepare(cell, ["outside.K", "outside.Na"])
    values = np.stack([x, 150 - x])
    python = ready.rest(values)
    rests = np.isfinite(settled)
    assert rests.sum() >= 40
    np.testing.assert_allclose(settled[rests], np.asarray(python.v)[rests], rtol=0, atol=1e-9)
    assert {python.outcomes[k].is_rest for k in np.flatnonzero(rests)} == {True}


def test_the_run_is_that_of_python(opened, shell, tmp_path):
    page = opened(fragment=f"outside.K=8&outside.Na=142&{PUMP_OFF}")
    found = tables(page.exported("CSV").read_text(encoding="utf-8"))["Time course"]
    end = {name: float(column[-1]) for name, column in found.items()}
    code = page.copied("Copy as Python").replace("print(run.time, run.v)", "print(run.time[-1], run.v[-1])")
    (tmp_path / "copied.py").write_text(code, encoding="utf-8")
    until, v = shell("python copied.py").split()[-2:]
    assert end["time (s)"] == float(until) == 3600
    assert end["V (mV)"] == pytest.approx(float(v), abs=1e-3)
    off = [float(v) for t, v in zip(found["time (s)"], found["V (mV)"], strict=True) if 400 < float(t) < 1500]
    assert max(off) > page.settled + 5, "the pump was not off"


def test_the_command_of_a_run(opened, shell, tmp_path):
    page = opened(fragment=PUMP_OFF)
    lines = page.copied("Copy as vrest command").splitlines()
    run = next(line for line in lines if line.startswith("vrest run"))
    shell(f"{run} --quiet -o run.csv")
    assert (tmp_path / "run.csv").stat().st_size > 1000


def test_the_picture_stands_alone(opened):
    page = opened(fragment=BATH)
    text = page.exported("SVG").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    said = " ".join(root.itertext())
    assert "mV" in said
    assert f"vrest {vrest.__version__}" in said
    assert "var(--" not in text, "colours come from the page"
    assert "http" not in text.replace("http://www.w3.org/", "")


def test_the_picture_as_pixels(opened, shots):
    page = opened(fragment=BATH)
    picture = page.exported("PNG").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 600
    assert height > 600
    (shots / "exported.png").write_bytes(picture)
