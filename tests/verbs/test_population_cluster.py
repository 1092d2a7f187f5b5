"""Populations on worker processes of their own: one is killed, the client is killed, nothing is lost or doubled."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from threading import Thread

import numpy as np
import pytest
import xarray as xr

import vrest
from vrest.verbs import population as verb

pytestmark = [pytest.mark.library, pytest.mark.filterwarnings("default")]

VARY = {"K_leak.permeability": "lognormal(0.2)", "outside.K": "uniform(3 mM, 8 mM) swap Na"}
N, CHUNK = 1200, 20

CLIENT = f"""
import sys, vrest
cell, store = vrest.load("mammalian_neuron"), vrest.zarr_store(sys.argv[2])
def told(*n): print(*n, flush=True)
vrest.population(cell, {VARY!r}, {N}, chunk={CHUNK}, into=store, client=sys.argv[1], progress=told)
"""


@pytest.fixture(scope="module")
def cluster():
    """Two workers behind nannies, each a process of one thread."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made


@pytest.fixture(scope="module")
def reference(neuron):
    return vrest.population(neuron, VARY, N).dataset


def check(path, reference):
    """Every cell there once, and the same as without a cluster."""
    data = xr.open_zarr(path).load()
    assert (data.outcome.values == reference.outcome.values).all()
    for name in VARY:
        assert np.array_equal(data[name], reference[name])
    for name in ("v_rest", "concentration", "volume"):
        assert data[name].values == pytest.approx(reference[name].values, rel=1e-9)


def kill_one(client):
    """SIGKILL to the process of one worker."""
    pid = next(iter(client.run(os.getpid).values()))
    os.kill(pid, signal.SIGKILL)


def test_a_worker_that_is_killed_loses_nothing(neuron, cluster, reference, tmp_path):
    killed = []
    with cluster.get_client() as client:

        def progress(done, total):
            if done > N // 4 and not killed:
                kill_one(client)
                killed.append(done)

        store = vrest.zarr_store(tmp_path / "cells.zarr")
        found = vrest.population(neuron, VARY, N, chunk=CHUNK, into=store, client=client, progress=progress)
    assert killed
    assert killed[0] < N
    assert (found.computed, sum(found.outcomes.values())) == (N, N)
    check(tmp_path / "cells.zarr", reference)


def test_in_memory_the_numbers_come_back(neuron, cluster, reference):
    with cluster.get_client() as client:
        found = vrest.population(neuron, VARY, N, chunk=200, client=client)
    assert found.dataset.v_rest.values == pytest.approx(reference.v_rest.values, rel=1e-9)


def test_a_client_that_is_killed_is_followed_by_one_that_goes_on(cluster, reference, tmp_path):
    path = tmp_path / "cells.zarr"
    command = [sys.executable, "-c", CLIENT, cluster.scheduler_address, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        for line in first.stdout:
            if int(line.split()[0]) >= N // 4:
                first.send_signal(signal.SIGKILL)
                break
    time.sleep(1.0)
    done = int((xr.open_zarr(path).outcome >= 0).sum())
    assert N // 4 <= done < N
    again = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    told = [int(line.split()[0]) for line in again.stdout.splitlines()]
    assert N > told[0] >= N // 4
    assert told[-1] == N
    assert len(told) == (N - told[0]) // CHUNK + 1
    check(path, reference)


def test_no_scheduler_there(neuron, tmp_path):
    with pytest.raises(vrest.InputError) as error:
        vrest.population(neuron, VARY, 3, client="tcp://127.0.0.1:9", into=vrest.zarr_store(tmp_path / "x.zarr"))
    assert error.value.code == "no_scheduler"
    assert not list(tmp_path.iterdir())


def test_a_scheduler_without_workers(neuron, tmp_path, monkeypatch):
    """It was waited for without an end, and an empty store was left."""
    monkeypatch.setattr(verb, "GATHERING", 0.5)
    store = tmp_path / "cells.zarr"
    distributed = pytest.importorskip("distributed")
    empty = distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=None)
    with empty, distributed.Client(empty, set_as_default=False) as client:
        for at in (client, empty.scheduler_address):
            with pytest.raises(vrest.InputError, match="has no workers") as error:
                vrest.population(neuron, {"outside.K": [3.0, 5.0]}, into=vrest.zarr_store(store), client=at)
            assert error.value.code == "no_workers"
    assert not store.exists()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 64, bytes(8)], ids=str)
def test_a_server_of_another_kind_is_no_scheduler(neuron, monkeypatch, answer):
    """One that is silent was waited for without an end, and eight bytes of HTTP read as the length of an answer."""
    monkeypatch.setattr(verb, "CONNECTING", 0.5)
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            with suppress(OSError):
                while True:
                    heard.append(server.accept()[0])
                    heard[-1].sendall(answer)

        heard = []
        Thread(target=speak, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(vrest.InputError, match="No scheduler at") as error:
            vrest.population(neuron, {"outside.K": [3.0, 5.0]}, client=f"tcp://127.0.0.1:{server.getsockname()[1]}")
        server.shutdown(socket.SHUT_RDWR)
    assert error.value.code == "no_scheduler"
    assert time.monotonic() - began < 5
    for connection in heard:
        connection.close()


@pytest.mark.parametrize("address", ["", "nonsense", "tcp://host", "host:x", "foo://host:1"])
def test_what_is_no_address_is_refused_at_once(neuron, address):
    with pytest.raises(vrest.InputError) as error:
        vrest.population(neuron, {"outside.K": [3.0, 5.0]}, client=address)
    assert error.value.code == "no_scheduler"
