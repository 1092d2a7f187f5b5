"""Machine code for other processors and systems: made for each of them, and run on an emulated ARM."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest

from vrest.numerics.compiler import machine

ELSEWHERE = Path(__file__).with_name("elsewhere.py")

TOOLS = ("aarch64-linux-gnu-gcc", "qemu-aarch64-static")

SYSTEMS = [
    ("x86_64-linux-gnu", "x86-64-v3"),
    ("x86_64-apple-macosx", "x86-64-v3"),
    ("x86_64-pc-windows-msvc", "x86-64-v3"),
    ("aarch64-linux-gnu", "generic"),
    ("arm64-apple-macosx", "apple-m1"),
]
"""Systems, and a processor that they are met on."""

CALLED = re.compile(r"^\s+(?:callq?|bl)\s+(\S+)$", re.MULTILINE)
"""Functions that assembly calls, of x86 and ARM."""

CALLS = """
declare double @sin(double)
define void @f(ptr %x) {
  %y = load double, ptr %x
  %z = call double @sin(double %y)
  store double %z, ptr %x
  ret void
}
"""


def answers(*arguments: Any) -> dict[str, list[str]]:
    """Of a process whose kernels are for another processor."""
    run = [sys.executable, ELSEWHERE, *arguments]
    told = subprocess.run(run, stdout=subprocess.PIPE, env=os.environ | {"VREST_CACHE": "off"}, timeout=300, check=True)
    return json.loads(told.stdout)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], list[str]]:
    """The answers on this processor, and the texts of the kernels that gave them."""
    folder = tmp_path_factory.mktemp("texts")
    found = answers(folder)
    assert len(list(folder.iterdir())) > 3
    return found, [path.read_text() for path in folder.iterdir()]


@pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)),
    reason="needs Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static",
)
def test_an_arm_gives_the_same_numbers(here, tmp_path):
    """To the last bit: rests, a run, populations of both, each kernel run by an emulator of a 64-bit ARM."""
    found = answers(tmp_path, *TOOLS)
    assert len(list(tmp_path.glob("*.o"))) == len(here[1])
    assert found == here[0]


@pytest.mark.parametrize(("system", "processor"), SYSTEMS)
def test_machine_code_is_made_and_calls_nothing(here, monkeypatch, system, processor):
    """No function of the C library, which would be another one there; but Windows wants a large stack touched first."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    made_for = llvm.Target.from_triple(system).create_target_machine
    near, far = made_for(cpu=processor, opt=1, codemodel="small"), made_for(cpu=processor, opt=1, jit=True)
    monkeypatch.setattr(machine, "_machine", lambda: machine.Machine(far, None, system, 4))
    allowed = {"__chkstk"} if "windows" in system else set()
    for text in here[1]:
        assert len(machine.compiled(text)) > 1000
        called = CALLED.findall(near.emit_assembly(llvm.parse_assembly(text)))
        assert set(called) <= allowed
    assert CALLED.findall(near.emit_assembly(llvm.parse_assembly(CALLS)))  # would be seen
