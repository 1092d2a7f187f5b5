"""Files that are not what they are taken for: endless, binary, nested without end, folders, pipes."""

import os
import subprocess
import sys
import time

import h5py
import pytest

from vrest import reading
from vrest.model.cellfile import write_cell

CELLS = ["rest {}", "explain {}", "check {}", "show {}", "web {}", "curve squid_axon outside.K 2 5 --cells {}"]
TABLES = [
    "fit {} --cell frog_muscle",
    "population squid_axon --table {}",
    "curve squid_axon outside.K 2 5 --points 3 --data {}",
]
TIMES = "run squid_axon --until '1 s' --times {}"
RUNS = "run --from {}"


def asked(vrest, line, path, stdin=""):
    return vrest(*(word.format(path).strip("'") for word in line.replace("1 s", "1s").split()), "--json", stdin=stdin)


@pytest.mark.parametrize("line", [*CELLS, *TABLES, TIMES], ids=str)
def test_what_has_no_end_is_not_read_to_it(vrest, tmp_path, monkeypatch, line):
    monkeypatch.setattr(reading, "LONGEST", 2**20)
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "random.txt").symlink_to("/dev/urandom")
    for name in ("zero.txt", "random.txt"):
        answer = asked(vrest, line, tmp_path / name)
        assert (answer.code, answer.error) == (3, "too_long")
        assert "more than 1 MiB" in answer.json["error"]["message"]
        assert name in answer.json["error"]["message"]
    if line is not TIMES:
        answer = asked(vrest, line, "-", stdin="y\n" * 2**20)
        assert (answer.code, answer.error) == (3, "too_long")
        assert "Standard input" in answer.json["error"]["message"]


def test_a_file_as_long_as_may_be_is_read(vrest, tmp_path, monkeypatch):
    table = b"v,outside.K\n-92,2.5\n-75,5\n-60,10\n"
    (tmp_path / "a.csv").write_bytes(table)
    for more, code in ((0, 0), (-1, 3)):
        monkeypatch.setattr(reading, "LONGEST", len(table) + more)
        assert asked(vrest, TABLES[0], tmp_path / "a.csv").code == code


ODD = {
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "is not text in UTF-8: line 1 has the byte 0x89"),
    "latin": ("é".encode("latin-1"), "is not text in UTF-8: line 1 has the byte 0xe9"),
    "brackets": (b"a = " + b"[" * 2000 + b"]" * 2000, ""),
    "tables": (b"a = " + b"{ a = " * 2000 + b"1" + b" }" * 2000, ""),
    "parentheses": (b"(" * 2000 + b",v\n" + b"{" * 2000 + b",-70\n", ""),
    "dots": (b"v,outside" + b".a" * 2000 + b"\n-70,5\n", ""),
    "nul": (b"v,outside.K\n\0\0,2\n-60,5\n", ""),
    "empty": (b"", ""),
}


@pytest.mark.parametrize("odd", [*ODD, "folder", "nowhere"])
@pytest.mark.parametrize(("line", "suffix"), [*((line, ".toml") for line in CELLS[:4]), *((t, ".csv") for t in TABLES)])
def test_what_a_file_is_not(vrest, tmp_path, line, suffix, odd):
    path, (content, why) = tmp_path / f"given{suffix}", ODD.get(odd, (b"", ""))
    if odd == "folder":
        path.mkdir()
        why = f"cannot be read: {os.strerror(21)}"
    elif odd != "nowhere":
        path.write_bytes(content)
    answer = asked(vrest, line, path)
    assert answer.code == 3
    assert answer.error not in ("unexpected", "too_long")
    told = answer.json["error"]["message"]
    assert why in told
    assert "Errno" not in told + answer.err
    assert "codec" not in told + answer.err


@pytest.mark.parametrize("cell", ["[" * 2000 + "]" * 2000, "{ a = " * 2000, "name = 5", ""])
@pytest.mark.parametrize("plan", ["a = " + "[" * 2000 + "]" * 2000, "events = [1]", "until = 5", ""])
def test_a_file_of_hdf5_that_is_no_run(vrest, tmp_path, cell, plan):
    path = tmp_path / "a.nc"
    with h5py.File(path, "w") as file:
        file["time"] = [0.0, 1.0]
        file.attrs["cell"], file.attrs["protocol"] = cell, plan
    answer = asked(vrest, RUNS, path)
    assert (answer.code, answer.error) == (3, "not_a_run")
    assert str(path) in answer.json["error"]["message"]


@pytest.mark.parametrize("line", [*CELLS[:4], TABLES[0]])
def test_cells_and_tables_come_through_pipes(vrest, line):
    """As in `vrest rest <(sed ... cell.toml)`."""
    ours, theirs = os.pipe()
    table = "v,outside.K\n-92,2.5\n-75,5\n-60,10\n"
    os.write(theirs, (table if line in TABLES else write_cell("squid_axon")).encode())
    os.close(theirs)
    assert asked(vrest, line, f"/dev/fd/{ours}").code == 0
    os.close(ours)


@pytest.mark.library
def test_endless_input_ends_in_good_time(tmp_path):
    for line in ("rest /dev/zero", "check - </dev/zero", "fit /dev/urandom --cell frog_muscle", "show - </dev/zero"):
        began = time.monotonic()
        code = f"exec \"$0\" -c 'import sys; from vrest.cli import main; sys.exit(main())' {line}"
        done = subprocess.run(["sh", "-c", code, sys.executable], capture_output=True, text=True, timeout=60)
        assert done.returncode == 3
        assert "more than 256 MiB" in " ".join(done.stderr.split())
        assert time.monotonic() - began < 30
