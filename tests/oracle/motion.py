"""Where the motion of a cell leads: SciPy's integrators, followed until the cell rests or something ends it.

Nothing is nudged. An implicit solver with long steps can sit on a state that the cell itself would leave, so wherever
the linearisation has a growing mode the steps are held below half of its time, 0.5/|eigenvalue|, and are Radau's, which
follows such a mode to a few parts in a million. A state counts as rest only where the motion has come within a
ten-thousandth of a stationary state, polished by Newton's method at constant totals, and that state is stable.

A cell that fires evenly is carried on by many equal spikes at once, as far as its contents change by a few per cent
(5 % at a tolerance of 1e-8, 2 % at 1e-10, so that the two also check this); then it is followed again.
"""

import itertools
import time
import warnings
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.integrate import LSODA, Radau

from .model import N_A

SWOLLEN = 1e4
"""Times its start volume: a compartment that passes it swells without limit."""

NEAR = 1e-4
"""Relative distance from a stable stationary state at which the motion has arrived."""

RETURNS = 1e-6 / 60
"""mM/s of an ion of which there is none: slower than this it stays away."""

FOREVER = 1e13
"""s"""

SLOW = 1e-10
"""1/s: a slower deviation is not followed."""

TINY = 1e-3
"""mol/m3: an amount below it that still falls may be one that vanishes for ever without ever being used up."""


@dataclass(frozen=True)
class End:
    """What the motion came to.

    kind
        `rests`, `runs_out` (`what` is compartment.ion), `swells` (`what` is the compartment), `fires` (for as long as
        it was followed), `drifts` (for ever, or along states that nothing tells apart), `unsure`.
    """

    kind: str
    state: np.ndarray = field(repr=False)
    potentials: dict
    """mV, by membrane."""
    time: float
    what: str = ""
    slowest: float = float("nan")
    """Largest real part of the eigenvalues at rest, 1/s."""
    spikes: int = 0
    steps: int = 0
    note: str = ""


class Motion:
    """One cell on its way from `start` (by default what it describes)."""

    def __init__(self, model, start=None, rtol=1e-8, max_steps=60_000, seconds=60.0):
        self.m, self.rtol = model, rtol
        self.x0 = model.start.copy() if start is None else np.asarray(start, dtype=float)
        self.max_steps, self.seconds = max_steps, seconds
        kinds = model.kinds
        self.amounts = np.flatnonzero(kinds == "amount")
        self.volumes = np.flatnonzero(kinds == "volume")
        self.gates = kinds == "gate"
        self.charges = kinds == "charge"
        self.atol = rtol * np.select([kinds == "amount", kinds == "volume", self.charges], [1e-3, 1e-2, 1e-3], 1e-3)
        self.one_ion = 1.0 / (N_A * model.units[self.amounts])
        self.floor = np.select([kinds == "amount", kinds == "volume", self.charges], [0.0, 0.0, 0.025], 0.1)
        self.totals = model.totals()
        self.totals_start = self.totals @ self.x0

    # --- linearisation -------------------------------------------------------------------------------------

    def scale(self, x):
        """Sizes against which changes are measured: amounts and volumes relative, 25 mV, a tenth of a gate."""
        return np.maximum(np.where(self.gates | self.charges, 0.0, np.abs(x)), np.maximum(self.floor, 1e-30))

    def linearised(self, x):
        """(directions, scaled Jacobian at constant totals) at a state."""
        s = self.scale(x)
        q = self.m.reachable(s)
        return q, q.T @ (self.m.jacobian(0.0, x) * s[None, :] / s[:, None]) @ q

    def growing(self, x):
        """The fastest growing mode at a state, or None, and the rate that rounding hides."""
        _, a = self.linearised(x)
        if not np.isfinite(a).all():
            return None
        values = np.linalg.eigvals(a)
        hidden = 10 * np.finfo(float).eps * np.linalg.norm(a)
        k = np.argmax(values.real)
        return values[k] if values[k].real > max(hidden, SLOW) else None

    # --- stationary states ---------------------------------------------------------------------------------

    def polish(self, x, vanished=()):
        """Newton's method at constant totals: (state, distance from x, eigenvalues, hidden rate) or None.

        States in `vanished` are held at zero, and their equations left out.
        """
        m, y = self.m, x.copy()
        vanished = list(vanished)
        y[vanished] = 0.0
        free = np.ones(m.n, dtype=bool)
        free[vanished] = False
        far = 0.0
        origin = self.scale(x)
        for attempt in range(12):
            s = self.scale(y)
            s[vanished] = 1.0
            q = m.reachable(s)
            if vanished:
                q = _within(q, free)
            slope = m.rhs(0.0, y)
            a = q.T @ (m.jacobian(0.0, y) * s[None, :] / s[:, None]) @ q
            if not (np.isfinite(slope).all() and np.isfinite(a).all()):
                return None
            try:
                step = s * (q @ np.linalg.solve(a, -(q.T @ (slope / s))))
            except np.linalg.LinAlgError:
                return None
            step += self._back(y, s, vanished)
            y = y + step
            moved = np.abs(step / s)[free].max()
            far = np.abs((y - x) / origin)[free].max()
            if not np.isfinite(far) or far > 0.5 or (y[self.amounts] < 0).any():
                return None
            if moved < 1e-11 or (attempt > 6 and moved < 1e-8):
                break
        else:
            return None
        values = np.linalg.eigvals(a)
        return y, far, values, 10 * np.finfo(float).eps * np.linalg.norm(a)

    def _back(self, y, s, vanished):
        """The smallest correction that restores the totals of the start."""
        if not len(self.totals):
            return 0.0
        weighted = self.totals * s
        weighted[:, vanished] = 0.0
        size = np.linalg.norm(weighted, axis=1)
        size[size == 0] = 1.0
        gap = (self.totals_start - self.totals @ y) / size
        return s * np.linalg.lstsq(weighted / size[:, None], gap, rcond=1e-12)[0]

    def arrived(self, t, x):
        """The rest that the motion has reached, or None."""
        slope = self.m.rhs(0.0, x)
        if not np.isfinite(slope).all():
            return None
        found = self.polish(x)
        if found is None or found[1] > NEAR:
            return None
        y, _, values, hidden = found
        clear = values.real[np.abs(values.real) > hidden]
        if (clear > 0).any():
            return None
        slowest = float(values.real.max()) if len(values) else float("nan")
        if len(clear) < len(values) and np.abs(slope / self.scale(x)).max() * t > 1e-6:
            return None  # rounding hides whether it is stable, and it still moves
        if slowest > -SLOW and t < 1e3 / SLOW:
            return None
        return self.end("rests", y, t, slowest=slowest)

    def vanishing(self, t, x):
        """The rest that is approached as an ion vanishes without ever being used up, or None."""
        slope = self.m.rhs(0.0, x)
        gone = [k for k in self.amounts if x[k] < TINY and slope[k] <= 0]
        if not gone:
            return None
        found = self.polish(x, gone)
        if found is None:
            return None
        y, far, values, hidden = found
        there = self.m.rhs(0.0, y)
        speed = np.abs(there[gone]).max()
        if far > 10 * NEAR or speed > 1e-12 or (values.real > hidden).any():
            return None
        own = self.m.jacobian(0.0, y)[np.ix_(gone, gone)]
        if (np.linalg.eigvals(own).real > hidden).any():
            return None
        names = ", ".join(".".join(self.m.names[k][1:]) for k in gone)
        return self.end("rests", y, t, what=names, slowest=float(values.real.max()), note="vanishes")

    # --- the way -------------------------------------------------------------------------------------------

    def end(self, kind, x, t, **more):
        v = {name: 1e3 * float(u) for name, u in self.m.potentials(x).items()}
        return End(kind, np.array(x), v, float(t), spikes=self.spikes, steps=self.steps, **more)

    def _solver(self, method, t, x, cap=np.inf):
        how = {"rtol": self.rtol, "atol": self.atol, "jac": self.m.jacobian, "max_step": cap}
        first = min(1e-7 if t == 0 else max(1e-7, 1e-9 * t), cap)
        return method(self.m.rhs, t, x, FOREVER, first_step=first, **how)

    def follow(self):
        """Follow the motion to its end."""
        self.spikes = self.steps = self.settlings = 0
        self._watch_from()
        began = time.monotonic()
        t, x, h = 0.0, self.x0, 0.0
        solver = self._solver(LSODA, t, x)
        check_at, looked, failures, changed = 1e-4, 0.0, 0, 0
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            while True:
                try:
                    solver.step()
                    failed = solver.status == "failed"
                except (OverflowError, ZeroDivisionError, ValueError, FloatingPointError):
                    failed = True
                self.steps += 1
                if failed or not np.isfinite(solver.y).all():
                    out = self._ending(t, x)
                    if out is not None:
                        return out
                    failures += 1
                    if failures > 3:
                        return self.end("unsure", x, t, note="the solver failed")
                    solver = self._solver(Radau if failures % 2 else LSODA, t, x, self._longest(x, h))
                    continue
                h, t, before, x = solver.t - t, solver.t, x, solver.y
                self._count(t, x)
                if self._beat(t, x, t - h, before):
                    ahead = self._leap()
                    if ahead is not None:
                        t, x = ahead
                        solver, looked, h = self._solver(LSODA, t, x), 0.0, 0.0
                        continue
                low = x[self.amounts] < self.one_ion
                if low.any():
                    k = self._taken(x, low)
                    if k is not None:
                        return self._used_up(t, x, k)
                if len(self.volumes) and x[self.volumes].max() > SWOLLEN:
                    k = self.volumes[np.argmax(x[self.volumes])]
                    return self.end("swells", x, t, what=self.m.names[k][1])
                if self.steps > self.max_steps or (not self.steps % 64 and time.monotonic() - began > self.seconds):
                    return self._unended(t, x)
                if t >= FOREVER:
                    return self.vanishing(t, x) or self._drifting(t, x)
                # a growing mode must be followed, not stepped over
                if h > 1.5 * looked or self.steps - changed >= 25:
                    looked, wanted, changed = h, self._longest(x, h), self.steps
                    if isinstance(solver, Radau):
                        solver.max_step = wanted
                        # no mode grows any more, or it has grown so far that accuracy keeps the steps short
                        if wanted == np.inf or h < 0.02 * wanted:
                            solver, looked = self._solver(LSODA, t, x), np.inf
                    elif h > 0.2 * wanted:
                        solver = self._solver(Radau, t, x, wanted)
                if t > check_at or (h > 0.2 * t and t > 1e-3):
                    check_at = max(1.5 * t, check_at)
                    found = self.arrived(t, x) or (self.vanishing(t, x) if t > 1.0 else None)
                    if found is not None:
                        return found

    def _longest(self, x, h):
        """The longest step that follows the fastest growing mode, where there is one that matters."""
        mode = self.growing(x) if h > 1e-8 else None
        if mode is None or not (mode.real > 0.02 * abs(mode) or self._still(x, h)):
            return np.inf
        return 0.5 / abs(mode)

    def _still(self, x, h):
        """Whether the motion is nearly at rest over its present step."""
        return np.abs(self.m.rhs(0.0, x) / self.scale(x)).max() * h < 1e-3

    def _taken(self, x, low):
        """Of the amounts below one ion, one that is not vanishing smoothly.

        At none left it is still taken, or it comes back so fast that what holds it below one ion must take it as fast.
        """
        none = x.copy()
        none[self.amounts[low]] = 0.0
        slope = self.m.rhs(0.0, none)[self.amounts]
        for k in np.flatnonzero(low):
            if slope[k] < -1e-13 or slope[k] > RETURNS:
                return int(k)
        return None

    def _used_up(self, t, x, which):
        _, space, ion = self.m.names[self.amounts[which]]
        return self.end("runs_out", x, t, what=f"{space}.{ion}")

    def _ending(self, t, x):
        """What a failed step means: an ion that is all but used up, and still taken."""
        slope = self.m.rhs(0.0, x)
        left = np.where(slope[self.amounts] < 0, x[self.amounts], np.inf)
        k = int(np.argmin(left)) if len(left) else 0
        if len(left) and left[k] < 1e-4 and left[k] / max(-slope[self.amounts[k]], 1e-300) < 1e-3 * max(t, 1e-3):
            return self._used_up(t, x, k)
        return self.arrived(t, x)

    def _drifting(self, t, x):
        slope = self.m.rhs(0.0, x)
        for k in self.amounts:
            if x[k] < 0.1 * self.x0[k] and slope[k] < 0 and x[k] < 0.1:
                # no state where it has vanished, and it falls for ever
                return self.end("runs_out", x, t, what=".".join(self.m.names[k][1:]), note="ever more slowly")
        return self.end("drifts", x, t)

    def _unended(self, t, x):
        if self.spikes > 3 and self.steps - self._last_spike < max(2000, self.max_steps // 10):
            rate = (len(self._recent) - 1) / (self._recent[-1] - self._recent[0])
            return self.end("fires", x, t, note=f"{rate:.3g} spikes a second, {self.leaps} leaps")
        return self.end("unsure", x, t, note="followed for too many steps")

    # --- spikes --------------------------------------------------------------------------------------------

    def _watch_from(self):
        self._beats, self._level, self._skip, self.leaps = [], None, 2, 0
        self._low, self._high, self._up = np.inf, -np.inf, False
        self._last_spike, self._recent = 0, []
        self._first = next((k for k in range(self.m.n) if self.charges[k]), None)

    def _count(self, t, x):
        """A spike is a rise of V by 5 mV and a fall by as much."""
        if self._first is None:
            return
        v = x[self._first]
        if self._up:
            self._high = max(self._high, v)
            if v < self._high - 5e-3:
                self._up, self._low = False, v
        else:
            self._low = min(self._low, v)
            if v > self._low + 5e-3:
                self._up, self._high = True, v
                self.spikes += 1
                self._last_spike = self.steps
                self._recent = [*self._recent[-9:], t]

    # --- steady firing -------------------------------------------------------------------------------------

    def _beat(self, t, x, t_before, before):
        """Keep the state where V rises through a level half-way up a spike; whether enough are kept to look ahead."""
        k = self._first
        if k is None or self.spikes < 4:
            return False
        if self._level is None:
            self._span = [min(x[k], before[k]), max(x[k], before[k]), self.spikes]
            self._level = np.nan
        if self._level != self._level:  # the level of a spike that is watched from end to end
            self._span[0], self._span[1] = min(self._span[0], x[k]), max(self._span[1], x[k])
            if self.spikes > self._span[2] + 1:
                self._level = 0.5 * (self._span[0] + self._span[1])
            return False
        if not before[k] < self._level <= x[k]:
            if self.spikes > self._span[2] + 40 and not self._beats:
                self._level = None
            return False
        part = (self._level - before[k]) / (x[k] - before[k])
        if self._skip > 0:
            self._skip -= 1
        else:
            self._beats.append((t_before + part * (t - t_before), before + part * (x - before)))
        return len(self._beats) == 5

    def _leap(self):
        """Go on by so many equal spikes that a slow state changes by a few per cent, or None where they differ.

        What a spike adds to amounts and volumes is measured twice and carried on with its trend. Differences of states
        keep every conserved total, and so do their multiples.
        """
        beats, self._beats, self._level, self._skip = self._beats, [], None, 2
        times = np.array([t for t, _ in beats])
        states = np.array([x for _, x in beats])
        periods = np.diff(times)
        first, second = (states[2] - states[0]) / 2, (states[4] - states[2]) / 2
        if np.ptp(periods) > 0.02 * periods.mean():
            return None
        slow = np.flatnonzero(~self.gates & ~self.charges)
        scale = np.maximum(self.scale(states[4]), np.where(self.m.kinds == "amount", 0.5, 0.0))[slow]  # not of traces
        drift, trend = second + (second - first) / 2, (second - first) / 2
        fastest = np.abs(drift[slow] / scale).max()
        if not fastest > 0:
            return None
        bend = np.abs(trend[slow] / scale).max() / fastest
        far = 0.05 if self.rtol > 3e-9 else 0.02
        count = min(far / fastest, 0.3 / max(bend, 1e-300), 1e9)
        if count < 10:
            return None
        moved = count * drift + 0.5 * count**2 * trend
        moved[self.gates] = 0.0
        ahead = states[4] + moved
        if (ahead[slow] <= 0.5 * states[4][slow]).any():
            return None
        self.leaps += 1
        return float(times[4] + count * periods.mean()), ahead


def _within(q, free):
    """Of the directions q, those that leave the states that are not free where they are."""
    held = q[~free]
    _, s, vt = np.linalg.svd(held)
    rank = int((s > 1e-9).sum())
    return q @ vt[rank:].T


def destination(model, start=None, rtol=1e-8, max_steps=60_000, seconds=60.0):
    """Where the motion leads, at one tolerance."""
    return Motion(model, start, rtol, max_steps, seconds).follow()


def judged(model, start=None, max_steps=60_000, seconds=60.0):
    """Where the motion leads, `unsure` where tolerances of 1e-8 and 1e-10 lead to different ends."""
    rough = destination(model, start, 1e-8, max_steps, seconds)
    if rough.kind == "unsure":
        return rough
    fine = destination(model, start, 1e-10, 2 * max_steps, 2 * seconds)
    if agree(rough, fine):
        return fine
    return replace(fine, kind="unsure", note=f"1e-8: {brief(rough)}; 1e-10: {brief(fine)}")


def agree(a, b, mv=0.01):
    """Whether two ends are the same: kind, what it is, and the potentials of a rest (mV)."""
    if a.kind != b.kind or (a.kind in ("runs_out", "swells") and a.what != b.what):
        return False
    return a.kind != "rests" or all(abs(a.potentials[n] - b.potentials[n]) < mv for n in a.potentials)


def brief(end):
    """An end in a few words."""
    if end.kind == "rests":
        return "rests at " + ", ".join(f"{v:.4f}" for v in end.potentials.values()) + " mV"
    return f"{end.kind} {end.what} at {end.time:.4g} s"


def integrate(model, times, start=None, rtol=1e-10, events=()):
    """States at `times` (s) under `events` [(time, {path: value})], each exact at its moment."""
    from scipy.integrate import solve_ivp

    times = np.asarray(times, dtype=float)
    x = model.start if start is None else np.asarray(start, dtype=float)
    edges = [0.0, *[when for when, _ in events], float(times[-1])]
    values, states = {}, []
    for k, (left, right) in enumerate(itertools.pairwise(edges)):
        if k:
            values.update(events[k - 1][1])
            model = model.changed(values)
        wanted = times[(times > left) & (times <= right)] if k else times[times <= right]
        way = Motion(model, x, rtol)
        if right > left:
            at = np.append(wanted, right) if not len(wanted) or wanted[-1] < right else wanted
            how = {"method": "LSODA", "jac": model.jacobian, "rtol": rtol, "atol": way.atol}
            done = solve_ivp(model.rhs, (left, right), x, t_eval=at, first_step=min(1e-9, right - left), **how)
            if not done.success:
                raise RuntimeError(done.message)
            states.append(done.y.T[: len(wanted)])
            x = done.y[:, -1]
    return np.concatenate(states)
