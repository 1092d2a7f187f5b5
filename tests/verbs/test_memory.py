"""What does not fit into memory is refused before it is computed, with what it needs."""

import json
import re
import subprocess
import sys

import pytest

from vrest.cli import main
from vrest.errors import InputError
from vrest.verbs import memory as room
from vrest.verbs import population as many
from vrest.verbs import run as verb
from vrest.verbs.memory import memory
from vrest.verbs.run import simulate


def test_memory_is_that_of_the_machine():
    psutil = pytest.importorskip("psutil")
    free = memory()
    assert free is not None
    assert 0 < free < 1.2 * psutil.virtual_memory().available


def test_more_times_than_fit_are_refused(monkeypatch):
    monkeypatch.setattr(room, "memory", lambda: 2**30)
    monkeypatch.setattr(verb, "_integrate", None)  # nothing is computed
    with pytest.raises(InputError) as caught:
        simulate("mammalian_neuron", points=10_000_000)
    assert caught.value.code == "no_memory"
    assert "1.0 GiB are free" in caught.value.message
    fewer = int(re.search(r"[\d,]+", caught.value.hint)[0].replace(",", ""))
    assert 1_000_000 < fewer < 2_000_000
    for free in (2**30, None):
        monkeypatch.setattr(room, "memory", lambda free=free: free)
        monkeypatch.setattr(verb, "_integrate", lambda *_: "computed")
        assert simulate("mammalian_neuron", points=fewer) == "computed"
    assert simulate("mammalian_neuron", points=10_000_000) == "computed"  # who does not know does not refuse


def test_more_cells_than_fit_are_refused(monkeypatch, tmp_path):
    vary = {"outside.K": "uniform(3, 8)"}
    monkeypatch.setattr(room, "memory", lambda: 2**28)
    monkeypatch.setattr(many, "_compute", lambda *_: (0, ()))  # nothing is computed
    with pytest.raises(InputError, match=r"0\.2 GiB are free") as caught:
        many.population("mammalian_neuron", vary, 2_000_000)
    assert caught.value.code == "no_memory"
    fewer = int(re.search(r"[\d,]+", caught.value.hint)[0].replace(",", ""))
    assert 300_000 < fewer < 1_500_000
    many.population("mammalian_neuron", vary, fewer)
    monkeypatch.setattr(room, "memory", lambda: None)
    many.population("mammalian_neuron", vary, 2_000_000)  # who does not know does not refuse


def test_what_does_not_fit_otherwise_is_no_unexpected_failure(monkeypatch, capsys):
    """As where another program has taken what was free."""

    def full(*_, **__):
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr("vrest.verbs.rest.rest", full)
    assert main(["rest", "mammalian_neuron", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["message"]) == ("no_memory", "There is not enough memory: Unable to allocate 9 GiB.")


@pytest.mark.library
@pytest.mark.parametrize("more", [{}, {"until": "1 s", "times": ["0 s", "1 s"]}], ids=["rests", "runs"])
def test_the_estimate_for_cells_holds(more):
    """What is said to be needed for 500,000 cells is what they take, within a factor of two."""
    line = """
import sys, vrest
from vrest.verbs import memory as room
from vrest.verbs import population as many

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

vary, asked = {"outside.K": "uniform(3, 8) swap Na", "temperature": "uniform(20, 37)"}, []
many.refuse_without_room = lambda n, each, *_: asked.append(n * each)
many.population("mammalian_neuron", vary, 1000, **eval(sys.argv[1]))
low = peak()
many.population("mammalian_neuron", vary, 500_000, **eval(sys.argv[1])).summary
print(asked[-1], 1024 * (peak() - low))
"""
    done = subprocess.run(
        [sys.executable, "-c", line, repr(more)], stdout=subprocess.PIPE, text=True, timeout=300, check=True
    )
    need, grown = map(int, done.stdout.split())
    assert need / 2 < grown < 2 * need


@pytest.mark.library
def test_a_limit_of_the_process_counts_and_the_estimate_holds():
    """What is said to be needed is what a run with all that is told of it takes, within a factor of three."""
    line = """
import sys
from vrest.cli import main

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

main(sys.argv[1:] + ["--points", "10", "--quiet"])
low = peak()
code = main(sys.argv[1:] + ["--points", "500000", "--quiet"])
print(code, peak() - low, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", line, "run", "mammalian_neuron", "--until", "1 min"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    code, grown = map(int, done.stderr.split()[-2:])
    assert code == 0
    found = simulate("mammalian_neuron", until="1 s", points=2)
    need = 8 * verb.KEPT * 500_000 * (len(found.system.states) + len(found.system.names))
    assert need / 3 < 1024 * grown < need
    soft = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({4 * 2**30},) * 2); "
    soft += "import sys; from vrest.cli import main; sys.exit(main())"
    limited = subprocess.run(
        [sys.executable, "-c", soft, "run", "mammalian_neuron", "--points", "10000000", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert limited.returncode == 3
    assert '"no_memory"' in limited.stdout
