// Where a cell rests in which an ion is used up: verbs/face.py and `_without` of verbs/certify.py around the kernels of
// the search. With the ion exactly zero, and held there, the others have equations of their own.

import { eigenvalues } from "./eigenvalues.js";

/**
 * The judgement of a motion that uses ions up.
 * @param of The `Searching` of the cell.
 * @param {{p, x0, hold}} given Of one lane, (rows,) each.
 * @param {Float64Array} x The state where its motion was left.
 * @param {number[]} gone Amounts that may be on their way to nothing, by their places among the states.
 * @returns {object} outcome, why; where there is a state without them also state, y, residual_mV, slowest, and
 *   without: {names, decays}.
 */
export function without(of, given, x, gone) {
  // what is scarce may be at rest without what is scarcer
  const fewest = [...gone].sort((a, b) => x[a] - x[b]);
  for (let count = 1; count <= fewest.length; count++) {
    const found = face(of, given, x, fewest.slice(0, count));
    if (found === UNKNOWN) return { outcome: "undecided", why: "core.used_up" };
    if (found) return judged(of, found);
  }
  return { outcome: "runs_out", why: null };
}

const UNKNOWN = "unknown";

/** The stationary state next to x, with the totals of x0, in which some amounts are zero; null if there is none. */
function face(of, { p, x0, hold }, x, gone) {
  const { kernels, cell, certificate } = of;
  const pinned = gone.map((row) => cell.independent.indexOf(row));
  // it follows from a total, which may leave none of it only together with others
  if (pinned.some((i) => i < 0 || hold[i] !== 0)) return UNKNOWN;
  const settle = (from, y, held, iterations) => kernels.settle.call(1, [from, y, p, held], [certificate.paces.face, iterations]);
  const independent = (state) => cell.independent.map((row) => state[row]);
  const y = independent(x);
  for (const i of pinned) y[i] = 0;
  const start = copied(settle(x0, y, hold, 0).state);
  const held = hold.slice();
  for (const i of pinned) held[i] = 1;
  const point = settle(start, independent(start), held, certificate.few);
  const [done, residual_mV, working] = ["done", "residual_mV", "working"].map((name) => point[name].get(0, 0));
  const [state, correction] = [copied(point.state), copied(point.correction)];
  if (!correction.every(Number.isFinite) || !state.every(Number.isFinite)) return null;
  if (!done) return UNKNOWN;
  const positive = ([kind]) => kind === "amount" || kind === "volume";
  if (cell.states.some((each, row) => positive(each) && !gone.includes(row) && !(state[row] > 0))) return null;
  const seen = kernels.judge.call(1, [state, p, x0]);
  if (gone.some((row) => seen.moves.get(row, 0))) return null;
  const imbalance = seen.imbalance.get(0, 0);
  const { jacobian } = settle(start, independent(state), hold, 1);
  const free = cell.independent.map((_, i) => i).filter((i) => hold[i] === 0 && !pinned.includes(i));
  const inside = block(jacobian, free, cell.unknowns);
  const towards = block(jacobian, pinned, cell.unknowns);
  if (![...inside, ...towards].every(Number.isFinite)) return null;
  return { gone, state, residual_mV, working, imbalance, inside, towards };
}

/** What `certify` says of a state without ions. */
function judged(of, { gone, state, residual_mV, working, imbalance, inside, towards }) {
  const { cell, certificate } = of;
  const within = rates(inside);
  const outside = rates(towards);
  if (!within || !outside) return { outcome: "undecided", why: "core.not_finite" };
  // Newton's method alone, as in verbs/face.py, may find no such state
  if (within.least < certificate.neutral_rate) return { outcome: "undecided", why: "core.used_up" };
  if (within.leastReal < certificate.rounding * Math.hypot(...inside)) return { outcome: "undecided", why: "core.too_slow" };
  const decays = outside.most < -certificate.neutral_rate;
  const found = {
    state,
    y: cell.independent.map((row) => state[row]),
    residual_mV,
    imbalance,
    slowest: Math.max(within.most, Math.abs(outside.most) < certificate.neutral_rate ? 0 : outside.most),
    without: { names: gone.map((row) => cell.states[row][1]), decays },
  };
  if (within.most > 0 || outside.most > certificate.neutral_rate) return { ...found, outcome: "unstable", why: "core.leaves" };
  return { ...found, outcome: working ? "rests" : "rests_run_down", why: null };
}

function rates(matrix) {
  const found = eigenvalues(matrix.slice(), Math.sqrt(matrix.length));
  if (!found) return null;
  return {
    most: Math.max(...found.re),
    least: Math.min(...found.re.map((rate, i) => Math.hypot(rate, found.im[i]))),
    leastReal: Math.min(...found.re.map(Math.abs)),
  };
}

/** Rows and columns of the Jacobian of one lane. */
function block(jacobian, which, unknowns) {
  return Float64Array.from(which.flatMap((row) => which.map((column) => jacobian.get(row * unknowns + column, 0))));
}

/** One lane of rows, outside the memory. */
function copied(rows) {
  return Float64Array.from({ length: rows.count }, (_, row) => rows.get(row, 0));
}
