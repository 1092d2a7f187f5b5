"""What does not fit into memory is refused before it is computed, with what it needs."""

import re
import subprocess
import sys

import pytest

from vrest.errors import InputError
from vrest.verbs import run as verb
from vrest.verbs.memory import memory
from vrest.verbs.run import simulate


def test_memory_is_that_of_the_machine():
    psutil = pytest.importorskip("psutil")
    free = memory()
    assert free is not None
    assert 0 < free < 1.2 * psutil.virtual_memory().available


def test_more_times_than_fit_are_refused(monkeypatch):
    monkeypatch.setattr(verb, "memory", lambda: 2**30)
    monkeypatch.setattr(verb, "_integrate", None)  # nothing is computed
    with pytest.raises(InputError) as caught:
        simulate("mammalian_neuron", points=10_000_000)
    assert caught.value.code == "no_memory"
    assert "1.0 GiB are free" in caught.value.message
    fewer = int(re.search(r"[\d,]+", caught.value.hint)[0].replace(",", ""))
    assert 1_000_000 < fewer < 2_000_000
    for free in (2**30, None):
        monkeypatch.setattr(verb, "memory", lambda free=free: free)
        monkeypatch.setattr(verb, "_integrate", lambda *_: "computed")
        assert simulate("mammalian_neuron", points=fewer) == "computed"
    assert simulate("mammalian_neuron", points=10_000_000) == "computed"  # who does not know does not refuse


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
