// Where cells come to rest: the host loop of verbs/search.py and the judgement of verbs/certify.py around the kernels
// `settle`, `follow` and `judge`. Lanes are cells of one structure, side by side; every threshold is the document's.

import { eigenvalues } from "./eigenvalues.js";
import { without } from "./face.js";

const SETTLED = 0;
const STOPPED = 1;
const MOVING = 2;

const ROWS = ["y", "state"]; // of points, beside one number a lane:
const NUMBERS = ["done", "iterations", "residual_mV", "imbalance", "ordinary", "working", "verdict", "slowest"];

/** What finds the rests of a cell: its kernels, its equations' sizes, the document's thresholds. */
export class Searching {
  constructor(kernels, cell, certificate) {
    this.kernels = kernels;
    this.cell = cell;
    this.certificate = certificate;
    this.pace = 0; // ms for a step of a lane, about
    const { bold, bold_quiet, there, newton } = certificate.paces;
    this.first = cell.monotone ? bold : there;
    this.later = cell.monotone ? bold_quiet : newton;
  }

  /**
   * Begin with n cells.
   * @param {number} n Lanes.
   * @param {Rows} p Parameters (P, n).
   * @param {Rows} x0 States (S, n) whose conserved totals hold.
   * @param {Rows} y Independent states (I, n) where the motion starts.
   * @param {Rows} hold What transports that are off conserve, (H, n).
   */
  begin(n, p, x0, y, hold) {
    return new Search(this, n, p, x0, y, hold);
  }
}

/** A search on its way: `advance` it until it is `over`, then `outcome`, `why` and `points` say what is known. */
class Search {
  constructor(of, n, p, x0, y, hold) {
    const { certificate, kernels } = of;
    this.of = of;
    this.n = n;
    this.points = pointsOf(of.cell, n);
    this.ended = new Int8Array(n).fill(SETTLED);
    this.outcome = new Array(n).fill("pending");
    this.why = new Array(n).fill(null);
    this.without = new Array(n).fill(null);
    this.followed = new Float64Array(n);
    this.steps = new Float64Array(n);
    this.tried = 0;
    this.chunk = certificate.chunk;
    this.waiting = [];
    const found = kernels.settle.call(n, [x0, y, p, hold], [of.first, certificate.enough]);
    const unsure = [];
    for (let k = 0; k < n; k++) {
      this.take(k, found, k, (row) => hold.get(row, k));
      if (!possible(p, x0, k)) [this.outcome[k], this.why[k]] = ["impossible", "core.impossible"];
      else if (!this.points.done[k]) this.waiting.push(k);
      else if (!this.sure(k)) unsure.push(k);
    }
    if (this.waiting.length) this.motion = new Motion(this, this.waiting, p, x0, y, hold);
    if (unsure.length) this.judge(unsure, new Given(p, x0, hold, unsure));
  }

  get over() {
    return !this.waiting.length;
  }

  /** What is known of lane k, as a search of it alone. */
  lane(k) {
    const { points, n } = this;
    const one = (values) => [values[k]];
    const { residual_mV, imbalance, slowest } = points;
    return {
      over: !this.waiting.includes(k),
      outcome: one(this.outcome), why: one(this.why), without: one(this.without), followed: one(this.followed), steps: one(this.steps),
      points: {
        state: Float64Array.from({ length: points.state.length / n }, (_, row) => points.state[row * n + k]),
        residual_mV: one(residual_mV), imbalance: one(imbalance), slowest: one(slowest),
      },
    };
  }

  /** Try so many steps more, whatever the clock says: each lane comes to the same on every machine. */
  step(tries) {
    const over = this.motion.follow(tries);
    if (over.length) this.finish(over);
    this.tried += tries;
    if (this.waiting.length && this.tried >= this.of.certificate.tries) this.finish(this.waiting);
  }

  /** What still moves stays undecided. */
  leave() {
    for (const k of this.waiting) {
      [this.outcome[k], this.why[k]] = ["undecided", "core.not_followed"];
      [this.followed[k], this.steps[k]] = this.motion.length(k);
    }
    this.waiting = [];
  }

  /** Go on: until all is known, so many steps more are tried, or the clock (ms) passes `until`. */
  advance(tries, until = Infinity) {
    const { certificate } = this.of;
    const limit = Math.min(this.tried + tries, certificate.tries);
    let now = performance.now();
    while (this.waiting.length && this.tried < limit && now < until) {
      const { pace } = this.of; // of the search before this one, at first
      const fits = pace ? Math.max(1, Math.floor((until - now) / (pace * this.waiting.length))) : certificate.chunk;
      const chunk = Math.min(this.chunk, fits, certificate.tries - this.tried);
      const lanes = this.waiting.length;
      this.step(chunk);
      const began = now;
      now = performance.now();
      this.of.pace = (now - began) / (chunk * lanes);
      this.chunk = Math.min(2 * this.chunk, certificate.largest_chunk);
    }
    return this.over;
  }

  /** Of lanes whose motion is over: what is known of the point where they were left. */
  finish(lanes) {
    const { motion } = this;
    const left = lanes.filter((k) => this.ended[k] !== SETTLED);
    if (left.length) {
      const found = motion.settle(left, 1);
      const converged = left.map((_, i) => found.done.get(0, i));
      left.forEach((k, i) => this.take(k, found, i, (row) => motion.hold.get(row, k)));
      const here = motion.settle(left, 0);
      left.forEach((k, i) => {
        for (let row = 0; row < here.state.count; row++) this.points.state[row * this.n + k] = here.state.get(row, i);
        this.points.iterations[k] = 0;
        this.rates(k);
        this.points.done[k] = converged[i];
      });
    }
    for (const k of lanes) [this.followed[k], this.steps[k]] = motion.length(k);
    const unsure = lanes.filter((k) => this.ended[k] !== SETTLED || !this.sure(k));
    if (unsure.length) this.judge(unsure, motion.given);
    const gone = new Set(lanes);
    this.waiting = this.waiting.filter((k) => !gone.has(k));
  }

  /** Lane i of what a kernel found becomes the point of lane k; stability by eigenvalues where signs do not tell. */
  take(k, found, i, held) {
    const { points, n, of } = this;
    for (const name of ROWS) for (let row = 0; row < found[name].count; row++) points[name][row * n + k] = found[name].get(row, i);
    for (const name of NUMBERS) points[name][k] = found[name].get(0, i);
    this.free(k, found.jacobian, i, held);
    const { stable, unstable } = of.certificate.verdict;
    points.least[k] = points.leastReal[k] = -points.slowest[k];
    if (points.done[k] && !(points.verdict[k] === stable && !Number.isNaN(points.slowest[k]))) this.rates(k);
    if (points.verdict[k] === unstable) points.done[k] = 0;
  }

  /** The Jacobian of what is free to move; what is held has rows and columns of its own. */
  free(k, jacobian, i, held) {
    const { unknowns } = this.of.cell;
    const rows = [];
    for (let row = 0; row < unknowns; row++) if (!held(row)) rows.push(row);
    const matrix = new Float64Array(rows.length ** 2);
    let square = 0;
    rows.forEach((row, a) => {
      rows.forEach((column, b) => {
        const entry = jacobian.get(row * unknowns + column, i);
        matrix[a * rows.length + b] = entry;
        square += entry * entry;
      });
    });
    this.points.matrix[k] = matrix;
    this.points.rounding[k] = this.of.certificate.rounding * Math.sqrt(square);
  }

  /** Stability of lane k by eigenvalues. */
  rates(k) {
    const { points } = this;
    const { stable, unstable, unknown } = this.of.certificate.verdict;
    const found = eigenvalues(points.matrix[k].slice(), Math.sqrt(points.matrix[k].length));
    if (!found || !found.re.length) {
      points.done[k] = 0;
      points.slowest[k] = points.least[k] = points.leastReal[k] = NaN;
      return;
    }
    let most = -Infinity;
    let least = Infinity;
    let leastReal = Infinity;
    found.re.forEach((rate, i) => {
      most = Math.max(most, rate);
      least = Math.min(least, Math.hypot(rate, found.im[i]));
      leastReal = Math.min(leastReal, Math.abs(rate));
    });
    points.slowest[k] = most;
    points.least[k] = least;
    points.leastReal[k] = leastReal;
    points.verdict[k] = leastReal > points.rounding[k] ? (most < 0 ? stable : unstable) : unknown;
    if (points.verdict[k] === unstable) points.done[k] = 0;
  }

  /** Whether lane k, which has settled, is certainly at rest: then that is its outcome. */
  sure(k) {
    const { points, of } = this;
    const { settled_mM_per_min, settled_mV, neutral_rate } = of.certificate;
    const rests =
      points.ordinary[k] &&
      points.imbalance[k] < settled_mM_per_min &&
      points.residual_mV[k] < settled_mV &&
      points.verdict[k] === of.certificate.verdict.stable &&
      points.slowest[k] < -Math.max(neutral_rate, points.rounding[k]);
    if (rests) this.outcome[k] = points.working[k] ? "rests" : "rests_run_down";
    return rests;
  }

  /** The outcome of lanes that are not surely at rest; "undecided" where the page cannot tell. */
  judge(lanes, given) {
    const { points, n, of } = this;
    const { states } = of.cell;
    const seen = of.kernels.judge.call(lanes.length, [columnsOf(points.state, states.length, n, lanes), given.p.of(lanes), given.x0.of(lanes)]);
    const found = lanes.map((_, i) => {
      const [imbalance, emptied, swelling, nearly] = ["imbalance", "emptied", "swelling", "nearly_gone"].map((name) => seen[name].get(0, i));
      return { imbalance, emptied, swelling, nearly, vanishing: states.flatMap((_, row) => (seen.vanishing.get(row, i) ? [row] : [])) };
    });
    lanes.forEach((k, i) => {
      points.imbalance[k] = found[i].imbalance;
      if (found[i].vanishing.length && (this.ended[k] === STOPPED || found[i].nearly)) this.face(k, given, found[i].vanishing);
      else [this.outcome[k], this.why[k]] = this.judged(k, found[i]);
    });
  }

  /** Of lane k, whose motion uses ions up: the state without them becomes its point. */
  face(k, given, gone) {
    const { points, n } = this;
    const own = { p: given.p.of([k]), x0: given.x0.of([k]), hold: given.hold.of([k]) };
    const x = Float64Array.from({ length: points.state.length / n }, (_, row) => points.state[row * n + k]);
    const found = without(this.of, own, x, gone);
    [this.outcome[k], this.why[k]] = [found.outcome, found.why];
    if (!found.state) return;
    this.without[k] = found.without;
    for (const name of ROWS) found[name].forEach((value, row) => (points[name][row * n + k] = value));
    for (const name of ["residual_mV", "imbalance", "slowest"]) points[name][k] = found[name];
  }

  /** The judgement of lane k, which uses nothing up. */
  judged(k, found) {
    const { points, of } = this;
    const { settled_mM_per_min, settled_mV, neutral_rate } = of.certificate;
    const undecided = (why) => ["undecided", why];
    if (!points.matrix[k].every(Number.isFinite)) return found.emptied >= 0 ? ["runs_out", null] : undecided("core.not_finite");
    if (found.swelling >= 0) return ["swells_without_limit", null];
    if (found.emptied >= 0) return ["runs_out", null];
    const still = found.imbalance < settled_mM_per_min;
    if (still && points.least[k] < neutral_rate) return ["neutral", null];
    const stationary = still && points.residual_mV[k] < settled_mV;
    if (this.ended[k] === MOVING && !stationary) return undecided("core.not_followed");
    if (!stationary || (this.ended[k] === STOPPED && !points.done[k])) return undecided("core.not_converged");
    if (!(points.leastReal[k] >= points.rounding[k])) return undecided("core.too_slow");
    if (points.slowest[k] > 0) return ["unstable", "core.leaves"];
    return [points.working[k] ? "rests" : "rests_run_down", null];
  }
}

/** What was given of some lanes, kept outside the engine. */
class Given {
  constructor(p, x0, hold, lanes) {
    this.p = new Columns(p, lanes);
    this.x0 = new Columns(x0, lanes);
    this.hold = new Columns(hold, lanes);
  }
}

/** Lanes whose motion is followed until it is quiet; from there steps towards a stationary point. */
class Motion {
  constructor(search, lanes, p, x0, y, hold) {
    const { certificate } = search.of;
    this.search = search;
    this.given = new Given(p, x0, hold, lanes);
    this.hold = this.given.hold;
    this.lanes = { y: new Columns(y, lanes) };
    for (const name of ["t", "h", "stage", "status", "steps", "rejected"]) this.lanes[name] = new Columns(null, lanes);
    this.lanes.status.fill(certificate.status.running);
    this.quiet = new Columns(null, lanes).fill(certificate.quiet);
    this.least = new Columns(null, lanes).fill(1);
  }

  /** So many steps tried of all that still move; the lanes for which that was the end. */
  follow(tries) {
    const { search, lanes } = this;
    const { kernels, later, certificate } = search.of;
    const { running, finished, there, unclear } = certificate.status;
    const which = search.waiting;
    const order = ["t", "h", "y", "stage", "status", "steps", "rejected"];
    const given = [...order.map((name) => lanes[name]), this.quiet, this.least, this.given.x0, this.given.p, this.hold];
    const found = kernels.follow.call(which.length, given.map((part) => part.of(which)), [tries, later]);
    for (const name of order) lanes[name].put(which, found[`lanes.${name}`]);
    this.quiet.put(which, found.quiet);
    const over = [];
    const halted = [];
    which.forEach((k, i) => {
      const now = lanes.status.get(0, k);
      if (now === there || now === unclear) {
        search.take(k, prefixed(found, "points."), i, (row) => this.hold.get(row, k));
        this.arrived(k, over);
      } else if (now === finished) halted.push(k);
      else if (now !== running) {
        search.ended[k] = STOPPED;
        over.push(k);
      }
    });
    if (halted.length) this.settleQuiet(halted, over);
    for (const k of which) if (!over.includes(k)) search.ended[k] = MOVING;
    return over;
  }

  /** Where it is quiet, or less than one ion of something is left: a stationary point, or a longer way. */
  settleQuiet(which, over) {
    const { search, least, lanes } = this;
    const { certificate, kernels } = search.of;
    const { x0, p } = this.given;
    const seen = kernels.judge.call(which.length, [this.settle(which, 0).state, p.of(which), x0.of(which)]);
    const on = which.filter((k, i) => {
      if (!seen.few.get(0, i) || least.get(0, k) === 0) return true;
      // what decays towards nothing goes on as it did; what is taken where there is none does not
      least.set(0, k, 0);
      if (seen.goes_on.get(0, i)) lanes.status.set(0, k, certificate.status.running);
      else {
        search.ended[k] = STOPPED;
        over.push(k);
      }
      return false;
    });
    if (!on.length) return;
    const found = this.settle(on, certificate.few);
    on.forEach((k, i) => search.take(k, found, i, (row) => this.hold.get(row, k)));
    for (const k of on) this.arrived(k, over);
  }

  /** Where steps of a pace led: to a point to stay at, or a longer way. */
  arrived(k, over) {
    const { search, lanes, quiet } = this;
    const { quieter, still, end, status } = search.of.certificate;
    if (search.points.done[k]) search.ended[k] = SETTLED;
    else {
      quiet.set(0, k, quiet.get(0, k) * quieter);
      if (quiet.get(0, k) <= still && lanes.t.get(0, k) < end) {
        lanes.status.set(0, k, status.running);
        return;
      }
      search.ended[k] = STOPPED;
    }
    over.push(k);
  }

  settle(which, iterations) {
    const { kernels, later } = this.search.of;
    const given = [this.given.x0, this.lanes.y, this.given.p, this.hold].map((part) => part.of(which));
    return kernels.settle.call(which.length, given, [later, iterations]);
  }

  length(k) {
    return [this.lanes.t.get(0, k), this.lanes.steps.get(0, k)];
  }
}

/** Some lanes of an array, kept outside the engine while they are followed; asked for by the lanes' own numbers. */
class Columns {
  constructor(rows, lanes) {
    this.place = new Map(lanes.map((k, i) => [k, i]));
    this.count = rows ? rows.count : 1;
    this.n = lanes.length;
    this.values = rows ? columns(rows, lanes) : new Float64Array(lanes.length);
  }

  fill(value) {
    this.values.fill(value);
    return this;
  }

  get(row, k) {
    return this.values[row * this.n + this.place.get(k)];
  }

  set(row, k, value) {
    this.values[row * this.n + this.place.get(k)] = value;
  }

  /** (rows, lanes) of these lanes. */
  of(lanes) {
    if (lanes.length === this.n) return this.values;
    return columnsOf(this.values, this.count, this.n, lanes.map((k) => this.place.get(k)));
  }

  put(lanes, rows) {
    lanes.forEach((k, i) => {
      for (let row = 0; row < this.count; row++) this.set(row, k, rows.get(row, i));
    });
  }
}

function columns(rows, lanes) {
  const found = new Float64Array(rows.count * lanes.length);
  for (let row = 0; row < rows.count; row++) lanes.forEach((k, i) => (found[row * lanes.length + i] = rows.get(row, k)));
  return found;
}

function columnsOf(values, count, n, lanes) {
  const found = new Float64Array(count * lanes.length);
  for (let row = 0; row < count; row++) lanes.forEach((k, i) => (found[row * lanes.length + i] = values[row * n + k]));
  return found;
}

function prefixed(found, prefix) {
  const parts = {};
  for (const name in found) if (name.startsWith(prefix)) parts[name.slice(prefix.length)] = found[name];
  return parts;
}

function pointsOf(cell, n) {
  const numbers = Object.fromEntries([...NUMBERS, "rounding", "least", "leastReal"].map((name) => [name, new Float64Array(n)]));
  const rows = { y: new Float64Array(cell.unknowns * n), state: new Float64Array(cell.states.length * n) };
  return { ...rows, ...numbers, matrix: new Array(n) };
}

/** Whether there is a cell of these parameters and states: its values are within their limits, its charges balanced. */
export function possible(p, x0, lane) {
  for (const rows of [p, x0]) for (let row = 0; row < rows.count; row++) if (!Number.isFinite(rows.get(row, lane))) return false;
  return true;
}
