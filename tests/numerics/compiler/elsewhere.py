"""Run by test_systems.py: answers by kernels for vectors of 4 numbers, as processors without AVX-512 have them.

`python elsewhere.py FOLDER` keeps the text of each kernel in a folder. `python elsewhere.py FOLDER COMPILER EMULATOR`
makes each for a 64-bit ARM, links it with elsewhere.c by a cross compiler, and runs it in an emulator.
"""

import ctypes
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

import vrest
from vrest.numerics.compiler import kernel, machine


def narrow(**changes: Any) -> None:
    """Kernels of this process are made 4 numbers in a vector."""
    made = machine._machine()._replace(width=4, **changes)
    machine._machine = lambda: made


def keep_texts(folder: Path) -> None:
    compiled = kernel.compiled

    def kept(text: str) -> bytes:
        (folder / f"{len(list(folder.iterdir()))}.ll").write_text(text)
        return compiled(text)

    kernel.compiled = kept


def emulate(folder: Path, compiler: str, emulator: str) -> None:
    """Kernels of this process run in an emulator: what they point at goes there and back in a file."""
    sizes: dict[int, int] = {}
    address = kernel._address

    def measured(values: Any) -> int:
        at = address(values)
        sizes[at] = memoryview(values).nbytes
        return at

    def loaded(code: bytes) -> Callable[..., None]:
        name = code[:32].decode()
        thing, program = folder / f"{name}.o", folder / name
        thing.write_bytes(code[32:])
        loader = Path(__file__).with_name("elsewhere.c")
        subprocess.run([compiler, "-static", "-O1", f"-DRUN={name}", loader, thing, "-o", program], check=True)

        def run(table: Any, lanes: int, own: int, times: int) -> None:
            places = list(dict.fromkeys(table))
            file = folder / "arrays"
            with open(file, "wb") as out:
                out.write(struct.pack("<5q", len(places), len(table), lanes, own, times))
                out.write(struct.pack(f"<{len(table)}q", *map(places.index, table)))
                for place in places:
                    out.write(struct.pack("<q", sizes[place]) + ctypes.string_at(place, sizes[place]))
            subprocess.run([emulator, program, file], check=True)
            found = file.read_bytes()
            for place in places:
                ctypes.memmove(place, found, sizes[place])
                found = found[sizes[place] :]
            assert not found

        return run

    kernel._address, kernel.loaded = measured, loaded


def answers() -> dict[str, list[str]]:
    """Rests, a run with an event, and populations of both: potentials as hexadecimal numbers."""
    cell = vrest.load("mammalian_neuron")
    vary, events = {"outside.K": "uniform(3 mM, 8 mM) swap Na"}, [("1 min", "transports.pump.max_rate*=0")]
    found = {
        "rest": vrest.rest(cell).v_rest,
        "another rest": vrest.rest(vrest.load("dijkstra_2016")).v_rest,
        "run": vrest.simulate(cell, events, "5 min", points=5).v,
        "rests": vrest.population(cell, vary, 6).dataset.v_rest.values,
        "runs": vrest.population(cell, vary, 6, events=events, until="2 min", times=["90 s", "2 min"]).dataset.v.values,
    }
    return {name: [float(x).hex() for x in np.ravel(np.asarray(values))] for name, values in found.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if sys.argv[2:]:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        arm = llvm.Target.from_triple("aarch64-linux-gnu").create_target_machine(cpu="generic", opt=1, jit=True)
        narrow(target=arm)
        emulate(folder, *sys.argv[2:])
    else:
        narrow()
        keep_texts(folder)
    print(json.dumps(answers()))
