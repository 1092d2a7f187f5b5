"""What goes where: nothing is told twice, a reader that goes is no failure, nobody waits two seconds without a word."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import warnings
from itertools import pairwise

import psutil
import pytest

from vrest.cli.app import COMMANDS
from vrest.verbs import rest as verb

MUSCLE = "cell,v,outside.K\na,-92,2.5\nb,-75,5\nc,-60,10\nd,-44,20\n"

EACH = {
    "nernst": ["K", "--inside", "140", "--outside", "5"],
    "ghk": ["--ion", "K", "140", "5", "1"],
    "mullins-noda": ["--ion", "K", "140", "5", "1", "--ion", "Na", "15", "145", "0.04"],
    "ljp": ["--ion", "K", "140", "3", "--ion", "Na", "10", "145", "--ion", "Cl", "150", "148", "--celsius", "25"],
    "rest": ["mammalian_neuron"],
    "instant": ["mammalian_neuron", "--set", "pump.max_rate*=0"],
    "settled": ["mammalian_neuron", "--set", "pump.max_rate*=0"],
    "run": ["mammalian_neuron", "--until", "1 min"],
    "population": ["mammalian_neuron", "--vary", "K_leak.permeability ~ lognormal(0.2)", "-n", "10"],
    "explain": ["mammalian_neuron"],
    "bifurcation": ["mammalian_neuron", "pump.max_rate", "0.9x", "1.1x"],
    "curve": ["mammalian_neuron", "outside.K", "3", "8"],
    "map": ["mammalian_neuron", "--x", "outside.K swap Na", "3:8:lin:3", "--y", "pump.max_rate", "0.5x:1x:lin:3"],
    "perturb": ["mammalian_neuron", "ouabain"],
    "compare": ["mammalian_neuron", "squid_axon", "--perturb", "hyperkalaemia"],
    "excitability": ["hodgkin_huxley_1952"],
    "design": ["mammalian_neuron", "--v-rest", "-75 mV"],
    "check": ["mammalian_neuron"],
    "fit": ["-", "--cell", "frog_muscle"],
    "sensitivity": ["mammalian_neuron", "--over", "pump.max_rate"],
    "solution": ["tyrode"],
    "web": ["mammalian_neuron", "--save", "page.html"],
    "show": ["mammalian_neuron"],
    "doctor": [],
}
"""A line of each command."""


def command(name, *more):
    return [sys.executable, "-c", "import sys; from vrest.cli import main; sys.exit(main())", name, *EACH[name], *more]


def test_each_command_is_here():
    assert set(EACH) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_goes_is_no_failure(name, tmp_path):
    """As in `vrest rest mammalian_neuron | true`."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        command(name, "--quiet"),
        stdout=theirs,
        stderr=subprocess.PIPE,
        input=MUSCLE,
        text=True,
        cwd=tmp_path,
        timeout=300,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("rest", "kay_2017", "--set", "pump.max_rate*=0"), "takes up salt and water without limit"),
        (("settled", "kay_2017", "--set", "pump.max_rate*=0"), "takes up salt and water without limit"),
        (("rest", "hodgkin_huxley_1952", "--set", "stimulus.density=10 uA/cm2"), "keeps oscillating"),
        (("explain", "kay_2017", "--set", "pump.max_rate*=0"), "takes up salt and water without limit"),
        (("rest", "kay_2017", "--all", "--set", "pump.max_rate*=0"), "rest was found"),
    ],
)
def test_a_failure_is_told_once(vrest, monkeypatch, arguments, why):
    monkeypatch.setenv("COLUMNS", "10000")
    answer = vrest(*arguments)
    assert answer.code == 4
    assert (answer.out + answer.err).count(why) == 1
    assert why in answer.err
    assert not re.search(r"\w_without_|not_conv", answer.out + answer.err)


def test_quiet_has_no_warnings_of_pythons_either(vrest, monkeypatch):
    def warned(*_, **__):
        warnings.warn("something of a library's", stacklevel=2)
        return real(*_, **__)

    real = verb.rest
    monkeypatch.setattr(verb, "rest", warned)
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # as for people; here they are errors otherwise
        assert "something of a library's" in vrest("rest", "mammalian_neuron").err
        assert vrest("rest", "mammalian_neuron", "--quiet").err == ""


def slow(seconds):
    """A command line whose rest takes longer, in a process of its own."""
    code = (
        f"import sys, time; from vrest.cli import main; from vrest.verbs import rest as v; real = v.rest; "
        f"v.rest = lambda *a, **k: (time.sleep({seconds}), real(*a, **k))[1]; sys.exit(main())"
    )
    return [sys.executable, "-c", code, "rest", "mammalian_neuron"]


def test_in_a_pipe_what_takes_long_is_one_line():
    done = subprocess.run(slow(4), capture_output=True, text=True, check=True)
    assert done.stderr.splitlines().count("rest: mammalian_neuron ...") == 1
    assert done.stdout.startswith("Rest of 'mammalian_neuron' at 37 degC")
    assert subprocess.run([*slow(4), "--quiet"], capture_output=True, text=True, check=True).stderr == ""


def on_a_terminal(arguments, **environment):
    """What is printed, and how long the command had computed by then, s of CPU: other work here does not count."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", **environment}
    )
    os.close(theirs)
    said, watched = [(0.0, b"")], psutil.Process(process.pid)
    while True:
        ready, _, _ = select.select([ours], [], [], 0.05)
        try:
            text = os.read(ours, 65536) if ready else b""
        except OSError:  # so a terminal that was left ends
            break
        if text:
            used = watched.cpu_times()
            said.append((used.user + used.system, text))
    os.close(ours)
    assert process.wait() == 0
    return said


def test_on_a_terminal_what_takes_long_moves_and_is_gone_before_the_answer():
    said = on_a_terminal(slow(4))
    text = b"".join(part for _, part in said).decode()
    assert sum("rest: mammalian_neuron" in part.decode() for _, part in said) > 10
    assert text.rindex("rest: mammalian_neuron") < text.index("Rest of 'mammalian_neuron' at 37 degC")
    assert "\x1b[?25h" in text.partition("mammalian_neuron at 37 degC")[0]  # the cursor is back


@pytest.mark.library
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_is_silent_for_two_seconds(name, tmp_path):
    """With nothing compiled yet, the figure drawn too."""
    file = tmp_path / "muscle.csv"
    file.write_text(MUSCLE)
    figure = {"population", "perturb", "explain", "bifurcation", "fit", "sensitivity", "run", "rest", "excitability"}
    more = ["--plot", str(tmp_path / "figure.png")] if name in figure else []
    arguments = [str(file) if word == "-" else word for word in command(name, *more)]
    arguments = [str(tmp_path / word) if word == "page.html" else word for word in arguments]
    said = on_a_terminal(arguments, VREST_CACHE=str(tmp_path))
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(said)]
    assert max(gaps) < 2.0


def test_a_system_without_hangups_has_the_commands_too(vrest, monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")
    assert vrest("nernst", "K", "--inside", "140", "--outside", "5").code == 0
