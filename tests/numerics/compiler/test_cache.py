"""The folder of compiled code: whose it is, what is read from it, what becomes of it."""

import errno
import hashlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from vrest.numerics.compiler import cache
from vrest.numerics.compiler.fallback import Fallback
from vrest.numerics.compiler.kernel import Kernel

posix = pytest.mark.skipif(os.name == "nt", reason="needs owners and permissions as POSIX has them")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VREST_CACHE", str(tmp_path))
    return tmp_path / "compiled"


@pytest.fixture
def made(folder):
    """Whether a kernel had to be compiled, for it is not kept; its answer must be right."""

    def make() -> bool:
        traced = []

        def f(lanes, shared):
            traced.append(1)
            return Fallback((lanes + shared,), (None, 2.0 * lanes))  # any tuple of vrest

        found = Kernel(f, "kernel of a test")(np.arange(3.0), 1.0)
        assert isinstance(found, Fallback)
        assert found.what[0].tolist() == [1.0, 2.0, 3.0]
        assert found.where[1].tolist() == [0.0, 2.0, 4.0]
        return bool(traced)

    return make


def only(folder: Path) -> Path:
    (path,) = folder.glob("*.kernel")
    return path


class Planted:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_planted_pickle_is_never_run(folder, made, tmp_path):
    """In the form that 0.1.0 read, and in today's, with the right digest."""
    assert made()
    content = pickle.dumps(Planted(tmp_path / "it ran"))
    pickle.loads(pickle.dumps(Planted(tmp_path / "it can run")))
    assert (tmp_path / "it can run").exists()
    path = only(folder)
    whole = path.read_bytes()
    for digest in (hashlib.sha256(content).digest(), cache._digest(path.name, content)):
        path.write_bytes(digest + content)
        assert made()
        assert path.read_bytes() == whole
    assert not (tmp_path / "it ran").exists()


def head_of(content: bytes, **changed: object) -> bytes:
    head, _, code = content.partition(b"\n")
    return json.dumps(json.loads(head) | changed).encode() + b"\n" + code


def signed(name: str, content: bytes) -> bytes:
    return cache._digest(name, content) + content


DAMAGED = {
    "nothing": lambda name, whole: b"",
    "no digest": lambda name, whole: whole[:20],
    "cut": lambda name, whole: whole[:-1],
    "a bit of the head": lambda name, whole: whole[:40] + bytes([whole[40] ^ 1]) + whole[41:],
    "a bit of the code": lambda name, whole: whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:],
    "of another name": lambda name, whole: cache._digest("other.kernel", whole[32:]) + whole[32:],
    "no JSON": lambda name, whole: signed(name, whole[40:]),
    "a list": lambda name, whole: signed(name, b"[]\n"),
    "a function": lambda name, whole: signed(name, head_of(whole[32:], nesting=["os:getcwd"])),
    "not of vrest": lambda name, whole: signed(name, head_of(whole[32:], nesting=["os:stat_result", "leaf"])),
    "not a module": lambda name, whole: signed(name, head_of(whole[32:], nesting=["vrest.nowhere:Lanes", "leaf"])),
    "not a tuple": lambda name, whole: signed(name, head_of(whole[32:], nesting=["vrest.numerics.lanes:Any", "leaf"])),
    "part of a tuple": lambda name, whole: signed(name, head_of(whole[32:], outputs=None)),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_or_foreign_entry_is_replaced(folder, made, how):
    assert made()
    assert not made()
    path = only(folder)
    whole = path.read_bytes()
    path.write_bytes(DAMAGED[how](path.name, whole))
    assert made()
    assert path.read_bytes() == whole
    assert not made()


def test_only_tuples_of_the_package_are_kept(folder):
    """A sort of tuple that another process could not find is refused when it is written."""

    class Own(tuple):
        pass

    with pytest.raises(TypeError, match="tuples of vrest's own"):
        Kernel(lambda lanes, _: Own((lanes,)), "kernel of a test")(np.arange(3.0), 1.0)
    assert not list(folder.glob("*"))


@posix
def test_folder_and_entries_are_for_their_owner_alone(folder, made):
    before = os.umask(0o002)
    try:
        assert made()
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only(folder).stat().st_mode & 0o777 == 0o600
    assert not made()


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
def test_a_folder_that_others_may_write_in_is_not_used(folder, made, mode):
    assert made()
    kept = only(folder).read_bytes()
    folder.chmod(mode)
    assert made()
    only(folder).unlink()
    assert made()
    assert not list(folder.glob("*.kernel"))
    assert cache.refusal(folder) == "other users may write in it"
    folder.chmod(0o700)
    assert made()
    assert only(folder).read_bytes() == kept
    assert not made()


@posix
def test_a_folder_of_another_user_is_not_used(folder, made, monkeypatch):
    assert made()
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert made()
    assert cache.refusal(folder) == f"it belongs to another user (uid {user})"


@posix
def test_an_entry_that_others_may_write_is_not_used(folder, made):
    """The folder may have been another when it was looked at."""
    assert made()
    only(folder).chmod(0o666)
    assert made()
    assert only(folder).stat().st_mode & 0o777 == 0o600


@posix
def test_a_process_says_that_it_keeps_nothing(folder):
    """On stderr, once; the answer is the same."""
    folder.mkdir()
    folder.chmod(0o777)
    run = [sys.executable, "-c", "import sys; from vrest.cli import main; sys.exit(main())"]
    done = subprocess.run([*run, "rest", "mammalian_neuron"], capture_output=True, text=True, timeout=120)
    told = " ".join(done.stderr.split())
    assert (done.returncode, told.count("Warning: ")) == (0, 1)
    assert f"Warning: Compiled code is not kept in {folder}: other users may write in it." in told
    assert "V = -70.00 mV" in done.stdout
    done = subprocess.run([*run, "doctor", "--json"], capture_output=True, text=True, timeout=120)
    told = json.loads(done.stdout)["result"]["cache"]
    assert told["used"] is False
    assert told["reason"] == "other users may write in it"
    assert not list(folder.iterdir())


def test_windows_has_no_such_owners(folder, made, monkeypatch):
    """There the bits that Python makes up say nothing."""
    monkeypatch.delattr(os, "geteuid", raising=False)
    folder.mkdir()
    folder.chmod(0o777)
    assert made()
    assert not made()


def test_another_version_of_jax_finds_nothing(folder, made, monkeypatch):
    jax, llvmlite = cache.makers()
    assert f'"{version("jax")}"' in jax
    assert llvmlite == version("llvmlite")
    assert made()
    assert not made()
    for other in ((jax.replace(version("jax"), "0.0.1"), llvmlite), (jax, "0.0.1")):
        monkeypatch.setattr(cache, "makers", lambda other=other: other)
        assert made()
        assert not made()
    assert len(list(folder.glob("*.kernel"))) == 3


def test_a_folder_that_cannot_be_written_is_read(folder, made, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    assert made()
    with monkeypatch.context() as patched:
        for owner, name in ((tempfile, "mkstemp"), (os, "utime"), (Path, "touch")):
            patched.setattr(owner, name, read_only)
        assert not made()
        cache.prune(folder)
        path = only(folder)
        content = path.read_bytes()
        path.write_bytes(b"torn")
        assert made()
        assert path.read_bytes() == b"torn"
        path.write_bytes(content)
        assert not made()


@pytest.mark.parametrize("at", [".", "compiled"])
def test_a_file_where_the_folder_should_be(tmp_path, made, monkeypatch, at):
    place = tmp_path / "cache"
    (place / at).parent.mkdir(exist_ok=True)
    (place / at).write_text("no folder")
    monkeypatch.setenv("VREST_CACHE", str(place))
    assert made()
    assert made()
    assert cache.refusal(place / "compiled")


def fill(folder: Path, **ages: float) -> None:
    """Entries of 100 bytes with the days since they were used; _kernel and _cache are their endings."""
    folder.mkdir(exist_ok=True)
    for name, days in ages.items():
        path = folder / name.replace("_kernel", ".kernel").replace("_cache", "-cache")
        path.write_bytes(bytes(100))
        os.utime(path, (time.time() - days * 86400.0,) * 2)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"pruned"}


def test_what_was_not_used_for_long_is_removed(folder):
    """Of both sorts of entries, and of nothing else."""
    fill(folder, a_kernel=89, b_kernel=91, c_cache=89, d_cache=91, e=1000)
    cache.prune(folder)
    assert names(folder) == {"a.kernel", "c-cache", "e"}


def test_what_was_used_longest_ago_makes_room(folder, monkeypatch):
    monkeypatch.setattr(cache, "LARGEST", 350)
    fill(folder, a_kernel=4, b_kernel=3, c_cache=2, d_cache=5, e_kernel=1, f=9)
    cache.prune(folder)
    assert names(folder) == {"b.kernel", "c-cache", "e.kernel", "f"}


def test_pruning_happens_once_a_day(folder):
    fill(folder, a_kernel=91)
    cache.prune(folder)
    fill(folder, b_kernel=91)
    cache.prune(folder)
    assert names(folder) == {"b.kernel"}
    os.utime(folder / "pruned", (time.time() - 86500.0,) * 2)
    cache.prune(folder)
    assert names(folder) == set()


def test_what_is_used_stays(folder, made):
    assert made()
    os.utime(only(folder), (0.0, 0.0))
    assert not made()
    cache.prune(folder)
    assert not made()


def test_entries_are_counted(folder):
    assert cache.entries(folder) == []
    fill(folder, a_kernel=1, b_cache=2, c=3)
    assert sorted((entry.size, Path(entry.path).name) for entry in cache.entries(folder)) == [
        (100, "a.kernel"),
        (100, "b-cache"),
    ]


TOGETHER = """
import sys, time
from vrest.numerics.compiler.cache import keep, kept
contents = [bytes([k]) * 100_000 for k in range(8)]
end, seen = time.monotonic() + 1.5, 0
while time.monotonic() < end:
    for content in contents:
        keep("one.kernel", content)
        found = kept("one.kernel")
        assert found in contents, len(found)
        seen += 1
print(seen)
"""


def test_two_processes_at_once(folder):
    """Each writes what the other reads: an entry is always whole, and nothing is left over."""
    both = [subprocess.Popen([sys.executable, "-c", TOGETHER], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert int(out) > 100
    assert names(folder) == {"one.kernel"}
