"""Import this first, before NumPy: it holds the process on one core (BENCH_CORE, else the last) and on one thread."""

import os

if hasattr(os, "sched_setaffinity"):  # Linux
    os.sched_setaffinity(0, {int(os.environ.get("BENCH_CORE", max(os.sched_getaffinity(0))))})
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
