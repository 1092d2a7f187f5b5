import assert from "node:assert/strict";
import test from "node:test";
import { Searching } from "../src/search.js";

// Cells of two independent states whose motion is linear: y' = J (y - rest), J its own in each lane, given as the
// parameters. The kernels are fakes that keep the shapes and meanings of the real ones.

const certificate = {
  paces: { bold: [1], there: [2], newton: [3], bold_quiet: [4], face: [5] },
  enough: 12, few: 40, quiet: 3, quieter: 30, still: 1e13, end: 1e16, tries: 4096, tries_drag: 512, chunk: 128, largest_chunk: 2048,
  neutral_rate: 1e-10, settled_mV: 1e-6, settled_mM_per_min: 1e-6, rounding: 2.2e-15, signs_up_to: 5,
  status: { running: 0, finished: 1, stuck: 2, there: 3, unclear: 4, nothing: 5 },
  verdict: { unknown: 0, stable: 1, unstable: 2 },
};
const cell = { unknowns: 2, monotone: true, independent: [0, 1], states: [["amount", "inside.K"], ["charge", "neuron"]] };

const UNTOLD = 1e300; // in place of a slowest rate that signs do not tell

class Table {
  constructor(count, n, value = 0) {
    Object.assign(this, { count, n, values: new Float64Array(count * n).fill(value) });
  }
  get(row, lane) {
    return this.values[row * this.n + lane];
  }
  set(row, lane, value) {
    this.values[row * this.n + lane] = value;
  }
}

const at = (array, n, row, lane) => (array.get ? array.get(row, lane) : array[row * n + lane]);

/** A point as `settle` gives it; p is (J00, J01, J10, J11, done at once, amount, slowest by signs, working). */
function point(p, n, lane, done) {
  const jacobian = [0, 1, 2, 3].map((k) => at(p, n, k, lane));
  const told = at(p, n, 6, lane);
  const slowest = told === UNTOLD ? NaN : told;
  return {
    y: [at(p, n, 5, lane), -0.07], state: [at(p, n, 5, lane), -0.07], jacobian, done,
    iterations: 7, residual_mV: 1e-12, imbalance: 1e-12, ordinary: at(p, n, 5, lane) > 0, working: at(p, n, 7, lane),
    verdict: Number.isNaN(slowest) ? 0 : slowest < 0 ? 1 : 2, slowest,
  };
}

function points(prefix, each) {
  const found = {};
  for (const name of Object.keys(each[0])) {
    const count = Array.isArray(each[0][name]) ? each[0][name].length : 1;
    const table = new Table(count, each.length);
    each.forEach((one, lane) => [one[name]].flat().forEach((value, row) => table.set(row, lane, Number(value))));
    found[prefix + name] = table;
  }
  return found;
}

function kernels({ follow, imbalance = 1e-12, ...judged } = {}) {
  const calls = [];
  const settle = (n, [, y, p], [pace, iterations]) => {
    calls.push(["settle", n, pace[0], iterations]);
    if (pace[0] === 5) return points("", [{ ...point(p, n, 0, true), state: [...y], correction: [0, 0] }]); // of a face: as it is given
    return points("", Array.from({ length: n }, (_, lane) => point(p, n, lane, iterations === 12 ? at(p, n, 4, lane) : iterations > 1)));
  };
  const motion = (n, given, [tries]) => {
    calls.push(["follow", n, tries]);
    const [t, h, y, stage, status, steps, rejected, quiet, , , p] = given;
    const found = points("points.", Array.from({ length: n }, (_, lane) => point(p, n, lane, true)));
    const rows = { t, h, stage, status, steps, rejected };
    for (const name in rows) {
      found[`lanes.${name}`] = new Table(1, n);
      for (let lane = 0; lane < n; lane++) found[`lanes.${name}`].set(0, lane, at(rows[name], n, 0, lane));
    }
    found["lanes.y"] = new Table(2, n);
    for (let row = 0; row < 2; row++) for (let lane = 0; lane < n; lane++) found["lanes.y"].set(row, lane, at(y, n, row, lane));
    found.quiet = new Table(1, n);
    for (let lane = 0; lane < n; lane++) {
      found.quiet.set(0, lane, at(quiet, n, 0, lane));
      found["lanes.status"].set(0, lane, follow(lane, calls.length));
      found["lanes.t"].set(0, lane, found["lanes.t"].get(0, lane) + tries);
    }
    return found;
  };
  const seen = { imbalance, emptied: -1, swelling: -1, nearly_gone: 0, few: 0, goes_on: 1, vanishing: [0, 0], moves: [0, 0], ...judged };
  const judge = (n) => points("", Array.from({ length: n }, () => seen));
  return { calls, settle: { call: settle }, follow: { call: motion }, judge: { call: judge } };
}

function begin(made, lanes, of = cell) {
  const n = lanes.length;
  const p = new Table(8, n);
  lanes.forEach(({ jacobian = [-1, 0, 0, -2], done = 1, amount = 140, slowest = -1, working = 1 }, lane) =>
    [...jacobian, done, amount, slowest, working].forEach((value, row) => p.set(row, lane, value)));
  return new Searching(made, of, certificate).begin(n, p, new Table(2, n, 1), new Table(2, n, 1), new Table(2, n, 0));
}

test("what settles at once is at rest or run down, and nothing is followed", () => {
  const made = kernels();
  const search = begin(made, [{}, { working: 0 }]);
  assert.ok(search.over);
  assert.deepEqual(search.outcome, ["rests", "rests_run_down"]);
  assert.deepEqual(made.calls, [["settle", 2, 1, 12]]);
});

test("eigenvalues decide where signs do not tell", () => {
  const oscillating = [-0.5, 3, -3, -0.5];
  const search = begin(kernels(), [{ jacobian: oscillating, slowest: UNTOLD }]);
  assert.deepEqual(search.outcome, ["rests"]);
  assert.ok(Math.abs(search.points.slowest[0] + 0.5) < 1e-15);
});

test("a point that the cell would leave is none to settle at: its motion is followed", () => {
  const made = kernels({ follow: () => 0 });
  const search = begin(made, [{ jacobian: [1, 0, 0, -2], slowest: UNTOLD }, { jacobian: [1, 0, 0, -2], slowest: 1 }]);
  assert.deepEqual(search.waiting, [0, 1]);
  assert.deepEqual(search.outcome, ["pending", "pending"]);
});

test("the motion is followed in chunks that grow, and only of what still moves", () => {
  const made = kernels({ follow: (lane, calls) => (calls > 3 || lane === 1 ? 3 : 0) });
  const search = begin(made, [{ done: 0 }, {}, { done: 0, working: 0 }]);
  search.advance(128);
  assert.ok(!search.over);
  search.advance(1e9);
  assert.ok(search.over);
  assert.deepEqual(search.outcome, ["rests", "rests", "rests_run_down"]);
  assert.deepEqual(made.calls, [["settle", 3, 1, 12], ["follow", 2, 128], ["follow", 1, 256], ["follow", 1, 512]]);
  assert.deepEqual([...search.followed], [128 + 256 + 512, 0, 128]);
});

test("what does not come to rest within the limit is undecided, never named", () => {
  const made = kernels({ follow: () => 0, imbalance: 1 });
  const search = begin(made, [{ done: 0 }]);
  search.advance(Infinity);
  assert.deepEqual([search.outcome[0], search.why[0]], ["undecided", "core.not_followed"]);
  assert.equal(made.calls.filter(([what]) => what === "follow").reduce((sum, [, , tries]) => sum + tries, 0), certificate.tries);
});

test("a clock stops it between chunks, and it goes on from there", () => {
  const made = kernels({ follow: (lane, calls) => (calls > 4 ? 3 : 0) });
  const search = begin(made, [{ done: 0 }]);
  search.advance(Infinity, performance.now() - 1);
  assert.equal(search.tried, 0);
  while (!search.over) search.advance(Infinity, performance.now() + 0.01);
  assert.equal(search.outcome[0], "rests");
  assert.equal(search.tried, search.followed[0]);
});

test("steps are counted and not timed, and what still moves after them is left undecided", () => {
  const made = kernels({ follow: (lane, calls) => (lane === 0 && calls === 3 ? 3 : 0) });
  const search = begin(made, [{ done: 0, amount: 130 }, { done: 0, amount: 150 }, { amount: 170 }]);
  for (let k = 0; k < 3; k++) search.step(100);
  search.leave();
  assert.ok(search.over);
  assert.deepEqual(made.calls.slice(1), [["follow", 2, 100], ["follow", 2, 100], ["follow", 1, 100]]);
  const lanes = [0, 1, 2].map((k) => search.lane(k));
  assert.deepEqual(lanes.map(({ outcome, why }) => [...outcome, ...why]), [["rests", null], ["undecided", "core.not_followed"], ["rests", null]]);
  assert.deepEqual(lanes.map(({ followed }) => followed[0]), [200, 300, 0]);
  assert.deepEqual([lanes[0], lanes[2]].map(({ points }) => points.state[0]), [130, 170]);
});

const USED_UP = { vanishing: [1, 0], nearly_gone: 1 };

test("a cell rests without an ion that is used up, if nothing brings it back", () => {
  const search = begin(kernels(USED_UP), [{ amount: 0, jacobian: [-1, 0, 5, -2] }, { amount: 0, jacobian: [0, 0, 5, -2], working: 0 }]);
  assert.deepEqual(search.outcome, ["rests", "rests_run_down"]);
  assert.deepEqual(search.without, [{ names: ["inside.K"], decays: true }, { names: ["inside.K"], decays: false }]);
  assert.deepEqual([...search.points.state], [0, 0, -0.07, -0.07]);
  assert.deepEqual([0, 1].map((k) => search.lane(k).without[0]), search.without);
  assert.deepEqual([...search.points.slowest], [-1, 0]);
  const back = begin(kernels({ ...USED_UP, moves: [1, 0] }), [{ amount: 0 }]);
  assert.deepEqual([back.outcome[0], back.without[0]], ["runs_out", null]);
});

test("a state without an ion in which the others are not at rest is none to rest at", () => {
  const outcome = (jacobian) => begin(kernels(USED_UP), [{ amount: 0, jacobian }]).outcome[0];
  assert.equal(outcome([-1, 0, 0, 2]), "unstable");
  assert.equal(outcome([1, 0, 0, -2]), "unstable");
  assert.equal(outcome([-1, 0, 0, -1e-12]), "undecided");
});

test("an ion that follows from a total may be used up: undecided", () => {
  const p = new Table(8, 1);
  [-1, 0, 0, -2, 1, 0, UNTOLD, 1].forEach((value, row) => p.set(row, 0, value));
  const hold = new Table(2, 1);
  hold.set(0, 0, 1);
  const search = new Searching(kernels(USED_UP), cell, certificate).begin(1, p, new Table(2, 1, 1), new Table(2, 1, 1), hold);
  assert.deepEqual([search.outcome[0], search.why[0]], ["undecided", "core.used_up"]);
});

test("what decays towards nothing is followed below one ion; what goes on being taken is not", () => {
  const decays = kernels({ follow: (lane, calls) => (calls > 6 ? 3 : 1), few: 1 });
  const search = begin(decays, [{ done: 0 }]);
  search.advance(1e9);
  assert.equal(search.outcome[0], "rests");
  assert.equal(decays.calls.filter(([what]) => what === "follow").length, 2);
  const taken = begin(kernels({ follow: () => 1, few: 1, goes_on: 0, emptied: 0 }), [{ done: 0 }]);
  taken.advance(1e9);
  assert.deepEqual([taken.outcome[0], taken.why[0]], ["runs_out", null]);
});

test("swelling without limit and a line of stationary states have their names", () => {
  const swelling = begin(kernels({ follow: () => 2, swelling: 0, imbalance: 1 }), [{ done: 0 }]);
  swelling.advance(1e9);
  assert.equal(swelling.outcome[0], "swells_without_limit");
  assert.equal(begin(kernels(), [{ jacobian: [-1, 0, 0, -1e-12], slowest: UNTOLD }]).outcome[0], "neutral");
});

test("a stationary state that is left is unstable", () => {
  const search = begin(kernels({ follow: () => 0 }), [{ jacobian: [1, 0, 0, -2], slowest: UNTOLD, done: 0 }]);
  search.advance(Infinity);
  assert.deepEqual([search.outcome[0], search.why[0]], ["unstable", "core.leaves"]);
});

test("a rate below rounding is not told from zero", () => {
  const search = begin(kernels(), [{ jacobian: [-1e6, 0, 0, -1e-9], slowest: UNTOLD }]);
  assert.deepEqual([search.outcome[0], search.why[0]], ["undecided", "core.too_slow"]);
});

test("of larger cells, whose stability no signs tell, the page looks where it is quiet", () => {
  const large = { ...cell, unknowns: 2, monotone: false };
  const made = kernels({ follow: () => 1 });
  const searching = new Searching(made, large, { ...certificate, signs_up_to: 1 });
  const p = new Table(8, 1);
  [-1, 0, 0, -2, 0, 140, UNTOLD, 1].forEach((value, row) => p.set(row, 0, value));
  const search = searching.begin(1, p, new Table(2, 1, 1), new Table(2, 1, 1), new Table(2, 1, 0));
  search.advance(1e9);
  assert.deepEqual(search.outcome, ["rests"]);
  assert.deepEqual(made.calls, [["settle", 1, 2, 12], ["follow", 1, 128], ["settle", 1, 3, 0], ["settle", 1, 3, 40]]);
});

test("what conserved totals hold takes no part in stability", () => {
  const made = kernels();
  const n = 1;
  const p = new Table(8, n);
  [-1, 0, 0, 5, 1, 140, UNTOLD, 1].forEach((value, row) => p.set(row, 0, value));
  const hold = new Table(2, n);
  hold.set(1, 0, 1);
  const search = new Searching(made, cell, certificate).begin(n, p, new Table(2, n, 1), new Table(2, n, 1), hold);
  assert.equal(search.outcome[0], "rests");
  assert.equal(search.points.slowest[0], -1);
});

test("a cell that cannot be is said to be none", () => {
  const made = kernels();
  const p = new Table(8, 1, NaN);
  const search = new Searching(made, cell, certificate).begin(1, p, new Table(2, 1, 1), new Table(2, 1, 1), new Table(2, 1, 0));
  assert.ok(search.over);
  assert.deepEqual([search.outcome[0], search.why[0]], ["impossible", "core.impossible"]);
});
