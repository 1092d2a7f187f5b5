// All numbers of one screen, from the kernels: compute(state) -> View (its shape: see `View` below).
//
// Nothing is computed here but what goes into kernels and what comes out of them. What takes longer than a frame goes on
// when the same state is asked for again: as long as `view.pending`, more is known each time.

import { companionOf } from "./companions.js";
import { NO_RUN, Run, samplesOf, stagesOf } from "./run.js";
import { possible, Searching } from "./search.js";

const POINTS = 60; // of the curve
const KEPT = 8; // answers that are not forgotten
const SLICE = 10; // ms of one call that goes on
const yielded = () => new Promise((done) => setTimeout(done));

/**
 * @typedef {object} View Potentials in mV, times in s, all else in door units; arrays of v have one entry a membrane.
 * @property {object} state What was asked.
 * @property {object} cell Of the document.
 * @property {Float64Array} values Of all controls.
 * @property {{v: number[]}} before Where the cell of the page rests.
 * @property {{v: (number|null)[], defined: boolean, read: Float64Array}} now At once: contents as the values describe.
 *   Of `read` contents and what follows from them hold; V and currents are in `v` and nowhere.
 * @property {object} rest outcome, text, isRest, hasState, v, read, slowest (1/s), tau (s), residual_mV, imbalance (mM/min),
 *   followed (s), steps, undecided (a command or null), why (the key of a text or null), without ({names, decays} of
 *   ions that are used up, or null), pending.
 * @property {{now: {v}, rest: {outcome, text, v, pending}}|null} off All pumps stopped, from that rest: at once, settled.
 * @property {Float64Array|null} account What makes up V, as `cell.accounts` says.
 * @property {object|null} curve control, x, settled, outcomes, now, nernst, ghk: arrays along x, one for each membrane;
 *   whether it is pending; null of a cell without a bath.
 * @property {object} run t, rows(j), stages, start ("rest" or "described"), complete, reached (s), command, pending.
 * @property {object|null} ghost now, rest and curve before the present drag.
 * @property {boolean} pending Whether asking again would tell more.
 */

export { stagesOf };

export function createModel({ doc, engine, t = (key) => key, command = () => null }) {
  const cells = new Map();

  /** Compile the kernels of a cell, once. */
  async function load(name) {
    const cell = doc.cells.find((each) => each.name === name);
    if (!cell) throw new RangeError(`no cell ${name}`);
    if (cells.has(name)) return;
    const loaded = await Promise.all(Object.entries(cell.kernels).map(async ([what, key]) => [what, await engine.load(key)]));
    if (!cells.has(name)) cells.set(name, new CellModel(doc, engine, cell, Object.fromEntries(loaded)));
  }

  /** @returns {View} */
  function compute(state, { ghost = null } = {}) {
    const model = cells.get(state.cell);
    if (!model) throw new RangeError(`the kernels of ${state.cell} are not loaded`);
    return model.view(state, ghost, t, command);
  }

  /**
   * V at once and where they settle, of states of one cell, side by side: no curve, no run. What still moves after so many steps is
   * undecided; steps and not time end it, so that every machine says the same. The page goes on meanwhile.
   * @returns {Promise<{state, cell, values, now: {v, defined}, rest}[]>} As in a View.
   */
  async function ask(states, steps = doc.certificate.tries) {
    if (!states.length) return [];
    const [{ cell }] = states;
    await load(cell);
    return cells.get(cell).ask(states, steps, t, command);
  }

  return { load, compute, ask, loaded: (name) => cells.has(name), of: (name) => cells.get(name) };
}

/** The number of a reading or account by its meaning, such as reading(view, "E", "neuron", "K"); NaN where there is none. */
export function reading(view, quantity, ...place) {
  const row = rowOf(view.cell.readings, quantity, place);
  return row < 0 || !view.rest.read ? NaN : view.rest.read[row];
}

function rowOf(rows, quantity, place) {
  return rows.findIndex((row) => row.quantity === quantity && row.place.join() === place.join());
}

/** One cell: its kernels and what it was last asked. */
class CellModel {
  constructor(doc, engine, cell, kernels) {
    this.doc = doc;
    this.engine = engine;
    this.cell = cell;
    this.kernels = kernels;
    this.searching = new Searching(kernels, cell, doc.certificate);
    this.own = Float64Array.from(cell.controls, ({ value }) => value);
    this.index = new Map(cell.controls.map(({ name }, k) => [name, k]));
    this.pumps = cell.transports.filter(({ kind, control }) => kind === "pump" && control !== null).map(({ control }) => control);
    this.volts = cell.membranes.map((name) => rowOf(cell.readings, "v", [name]));
    this.ghk = cell.membranes.map((name) => rowOf(cell.accounts, "ghk", [name]));
    this.answers = [];
    this.curves = [];
    this.runs = [];
    this.spaces = new Map();
  }

  view(state, ghost, t, command) {
    const { cell } = this;
    const values = this.valuesOf(state);
    const until = performance.now() + SLICE;
    const answer = this.answer(values);
    answer.advance(until);
    const curve = this.curve(values, answer, state);
    curve?.advance(until);
    const run = answer.rest.over ? this.run(values, answer, state) : null;
    run?.advance(Math.max(until, performance.now() + SLICE / 2)); // it begins also while the curve goes on
    const ask = (what, start) => command({ what, state, cell, start });
    return {
      state, cell, values,
      before: { v: cell.reference.v ?? cell.reference.described_v },
      now: answer.now,
      rest: answer.rest.view(t, ask),
      off: answer.off && { now: answer.off.now, rest: answer.off.rest.view(t, ask) },
      account: answer.account,
      curve: curve && curve.view,
      run: run ? run.view(ask) : { ...NO_RUN, command: ask("run", null) },
      ghost: ghost && { now: ghost.now, rest: ghost.rest, curve: ghost.curve },
      pending: answer.pending || Boolean(curve?.pending) || !run || run.pending,
    };
  }

  async ask(states, steps, t, command) {
    const values = states.map((state) => this.valuesOf(state));
    const groups = new Map(); // by what is off: a search holds the same in all its lanes
    values.forEach((own, k) => {
      const hold = this.hold(own);
      groups.set(hold, [...(groups.get(hold) ?? []), k]);
    });
    const found = new Array(states.length);
    for (const [hold, lanes] of groups) {
      const beside = new Beside(this, lanes.map((k) => values[k]), hold);
      await beside.settle(steps);
      lanes.forEach((k, lane) => {
        const told = (what) => command({ what, state: states[k], cell: this.cell });
        found[k] = { state: states[k], cell: this.cell, values: values[k], now: beside.now(lane), rest: beside.rest(lane).view(t, told) };
      });
    }
    return found;
  }

  /** The answer to a golden case: V at once, the rest, and the case's run from what its values describe, null where that takes long. */
  golden({ values: given, run }) {
    const values = this.valuesOf({ values: given });
    const answer = new Answer(this, values);
    const { rest } = answer;
    rest.advance(this.doc.certificate.tries_drag);
    const stages = run.stages.map(({ start, values: then }, k) => ({
      start, end: run.stages[k + 1]?.start ?? run.times.at(-1), values: this.valuesOf({ values: { ...given, ...then } }),
    }));
    const times = stages.map(({ start, end }) => run.times.filter((at) => at > start && at <= end));
    const found = new Run(this, "described", answer.x0, stages, times);
    found.advance();
    return { now: answer.now.v, outcome: rest.outcome ?? "pending", v: rest.v, state: rest.state, run: found.pending ? null : { v: this.volts.map(found.rows) } };
  }

  valuesOf(state) {
    const values = this.own.slice();
    for (const [name, value] of Object.entries(state.values)) values[this.index.get(name)] = value;
    return values;
  }

  /** Numbers of `hold` where these values are; null where nothing moves, undefined where the page does not carry them. */
  hold(values) {
    const { switches, holds } = this.cell;
    return holds[switches.filter((control) => values[control] === 0).sort((a, b) => a - b).join()];
  }

  /** Room of a kind for n lanes. */
  space(name, count, n) {
    const key = `${name} ${count} ${n}`;
    let found = this.spaces.get(key);
    if (!found) this.spaces.set(key, (found = this.engine.rows(count, n)));
    return found;
  }

  /** Parameters and starting states of n columns of values. */
  described(n, values) {
    const [p, x0] = Object.values(this.kernels.describe.call(n, [values], [this.cell.numbers]));
    return { p, x0 };
  }

  /** A search of n lanes that all hold the same. */
  search(n, p, x0, hold) {
    const { independent } = this.cell;
    const y = this.space("y", independent.length, n);
    const { stride } = y;
    const { view } = x0;
    independent.forEach((row, k) => y.view.set(view.subarray(row * stride, (row + 1) * stride), k * stride));
    return this.searching.begin(n, p, x0, y, this.space("hold", hold.length, n).spread(hold));
  }

  atOnce(n, x, p) {
    const { v, defined } = this.kernels.instant.call(n, [x, p]);
    return { rows: this.cell.membranes.map((_, k) => v.row(k)), defined };
  }

  answer(values) {
    return remembered(this.answers, values, () => new Answer(this, values));
  }

  curve(values, answer, state) {
    const { cell } = this;
    const control = this.index.get(state.x) ?? cell.bath_ion?.control;
    if (control === undefined) return null;
    const companion = companionOf(cell.controls[control], state.companions);
    const others = values.slice();
    others[control] = 0;
    // what stays as it is while an ion and its companion move; sums of them are the same but for rounding
    if (companion) others[companion.control] = Number((others[companion.control] - companion.factor * values[control]).toPrecision(13));
    const key = Float64Array.of(control, companion?.control ?? -1, ...others);
    const curve = remembered(this.curves, key, () => new Curve(this, values, control, companion));
    curve.around(answer);
    return curve;
  }

  run(values, answer, state) {
    const stages = stagesOf(values, state, this.cell);
    const times = samplesOf(stages, state.until, state.log);
    const key = Float64Array.of(state.log ? 1 : 0, ...values, ...stages.flatMap(({ start, end, values: own }) => [start, end, ...own]));
    const { rest, x0 } = answer;
    // what was changed is changed at time 0: from there the run goes from V at once to V settled
    const [start, state0] = rest.isRest && values.every((value, k) => value === this.own[k]) ? ["rest", rest.state] : ["described", x0];
    return remembered(this.runs, key, () => new Run(this, start, state0, stages, times));
  }
}

/** What was last asked is not computed again; the latest stands first. */
function remembered(list, key, make) {
  const at = list.findIndex((each) => each.key.length === key.length && each.key.every((value, k) => value === key[k]));
  const found = at < 0 ? { key, what: make() } : list.splice(at, 1)[0];
  list.unshift(found);
  if (list.length > KEPT) list.pop();
  return found.what;
}

/** Where one cell settles, and how far that is known. */
class Settling {
  constructor(model, values, start, search = null) {
    const { cell } = model;
    this.model = model;
    this.search = null;
    this.outcome = null;
    this.why = null;
    this.read = null;
    this.without = null;
    const hold = model.hold(values);
    if (!possible(start.p, start.x0, 0)) [this.outcome, this.why] = ["impossible", "core.impossible"];
    else if (hold === undefined) [this.outcome, this.why] = ["undecided", "core.combination"];
    else if (hold === null) this.outcome = "neutral";
    else this.search = search ?? model.search(1, start.p, start.x0, hold);
    this.p = start.p.copy();
    this.state = null;
    this.v = cell.membranes.map(() => null);
    this.look();
  }

  get over() {
    return this.outcome !== null;
  }

  advance(tries, until) {
    if (this.over) return;
    this.search.advance(tries, until);
    this.look();
  }

  look() {
    if (this.over || !this.search.over) return;
    const { model } = this;
    [this.outcome, this.why, this.without] = [this.search.outcome[0], this.search.why[0], this.search.without[0]];
    if (!model.doc.outcomes[this.outcome]?.has_state) return;
    this.state = this.search.points.state.slice();
    this.read = model.kernels.read.call(1, [this.state, this.p])[""].copy();
    this.v = model.volts.map((row) => this.read[row]);
  }

  get isRest() {
    return Boolean(this.model.doc.outcomes[this.outcome]?.is_rest);
  }

  view(t, ask) {
    const { search, outcome, why } = this;
    const points = search?.points;
    const known = this.over && search;
    const slowest = known && this.state ? points.slowest[0] : NaN;
    return {
      outcome: outcome ?? "pending",
      text: this.text(t),
      isRest: this.isRest,
      hasState: this.state !== null,
      v: this.v,
      read: this.read,
      slowest,
      tau: slowest < 0 ? -1 / slowest : NaN,
      residual_mV: known ? points.residual_mV[0] : NaN,
      imbalance: known ? points.imbalance[0] : NaN,
      followed: search ? search.followed[0] : 0,
      steps: search ? search.steps[0] : 0,
      undecided: outcome === "undecided" || outcome === "unstable" ? ask("settled") : null,
      why,
      without: this.without,
      pending: outcome === null,
    };
  }

  text(t) {
    const { outcome, why, without } = this;
    if (outcome === null) return t("core.pending");
    if (why) return t(why);
    const { text } = this.model.doc.outcomes[outcome];
    if (!without) return text;
    return `${text} ${t(without.decays ? "core.without.decays" : "core.without.slowly", { names: without.names.join(t("core.without.and")) })}`;
  }
}

/** One cell: at once, at rest, and that rest without its pumps. */
class Answer {
  constructor(model, values) {
    const { cell, kernels, pumps } = model;
    this.model = model;
    this.values = values;
    const start = model.described(1, values);
    const { rows, defined } = model.atOnce(1, start.x0, start.p);
    const contents = kernels.read.call(1, [start.x0, start.p])[""].copy();
    this.now = { v: rows.map(([v]) => (Number.isNaN(v) ? null : v)), defined: Boolean(defined.get(0, 0)), read: contents };
    this.x0 = start.x0.copy();
    this.rest = new Settling(model, values, start);
    this.account = null;
    this.off = null;
    this.canStop = pumps.some((control) => values[control] !== 0) && cell.membranes.length > 0;
  }

  get pending() {
    return !this.rest.over || Boolean(this.off && !this.off.rest.over);
  }

  advance(until) {
    const { model, rest } = this;
    const { tries_drag } = model.doc.certificate;
    rest.advance(tries_drag, until);
    if (!rest.isRest) return;
    if (!this.account && model.kernels.account) this.account = model.kernels.account.call(1, [rest.state, rest.p])[""].copy();
    if (!this.off && this.canStop) this.off = this.stopped();
    this.off?.rest.advance(tries_drag, until);
  }

  stopped() {
    const { model, rest } = this;
    const values = this.values.slice();
    for (const control of model.pumps) values[control] = 0;
    const { p } = model.described(1, values);
    const x0 = model.space("start", rest.state.length, 1).set(rest.state);
    const { rows } = model.atOnce(1, x0, p);
    return { now: { v: rows.map(([v]) => (Number.isNaN(v) ? null : v)) }, rest: new Settling(model, values, { p, x0 }) };
  }
}

/** Cells in which the same is off, a lane each. */
class Beside {
  constructor(model, values, hold) {
    const n = values.length;
    const columns = new Float64Array(model.own.length * n);
    values.forEach((own, k) => own.forEach((value, row) => (columns[row * n + k] = value)));
    const { p, x0 } = model.described(n, columns);
    this.model = model;
    this.values = values;
    this.p = p.copy();
    this.x0 = x0.copy();
    const { rows, defined } = model.atOnce(n, x0, p);
    this.v = rows;
    this.defined = defined.row(0);
    this.search = hold ? model.search(n, p, x0, hold) : null;
  }

  /** Until all is known, or so many steps are tried. */
  async settle(steps) {
    const { search, model } = this;
    if (!search) return;
    const { chunk } = model.doc.certificate;
    let until = performance.now() + SLICE;
    while (!search.over && search.tried < steps) {
      search.step(Math.min(chunk, steps - search.tried));
      if (performance.now() < until) continue;
      await yielded();
      until = performance.now() + SLICE;
    }
    search.leave();
  }

  now(k) {
    return { v: this.v.map((row) => (Number.isNaN(row[k]) ? null : row[k])), defined: Boolean(this.defined[k]) };
  }

  rest(k) {
    const { model, values, search } = this;
    const one = (name) => {
      const all = this[name];
      const count = all.length / values.length;
      return model.space(`one ${name}`, count, 1).set(Float64Array.from({ length: count }, (_, row) => all[row * values.length + k]));
    };
    return new Settling(model, values[k], { p: one("p"), x0: one("x0") }, search?.lane(k));
  }
}

/** V along one control: settled, at once, and what Nernst and GHK say with the contents of the present rest. */
class Curve {
  constructor(model, values, control, companion) {
    const { cell } = model;
    const { low, high, log } = cell.controls[control];
    this.model = model;
    this.x = Float64Array.from({ length: POINTS }, (_, k) => {
      const part = k / (POINTS - 1);
      return log ? low * (high / low) ** part : low + (high - low) * part;
    });
    this.columns = model.space("values", values.length, POINTS).spread(values);
    const { view, stride } = this.columns;
    view.set(this.x, control * stride);
    if (companion)
      for (let k = 0; k < POINTS; k++)
        view[companion.control * stride + k] += companion.factor * (this.x[k] - values[control]);
    const { p, x0 } = model.described(POINTS, this.columns);
    this.p = p.copy();
    this.now = model.atOnce(POINTS, x0, p).rows;
    // a transport along which the curve goes is on, but for a first point at zero, where other totals are conserved
    this.off = cell.controls[control].switch && this.x[0] === 0 ? 0 : -1;
    const on = values.slice();
    on[control] = this.x[POINTS - 1];
    const hold = model.hold(on);
    this.search = hold ? model.search(POINTS, p, x0, hold) : null;
    this.settled = cell.membranes.map(() => new Float64Array(POINTS).fill(NaN));
    const without = hold === null ? "neutral" : "undecided";
    this.outcomes = Array.from({ length: POINTS }, (_, k) => (possible(p, x0, k) ? without : "impossible"));
    const ion = /\.ions\.([^.]+)$/.exec(cell.controls[control].path)?.[1];
    this.rows = cell.membranes.map((name) => rowOf(cell.readings, "E", [name, ion]));
    this.state = null;
    this.known = -1;
    this.parts = { control, x: this.x, now: this.now };
    this.look();
  }

  get pending() {
    return Boolean(this.search && !this.search.over);
  }

  advance(until) {
    if (!this.pending) return;
    this.search.advance(this.model.doc.certificate.tries_drag, until);
    this.look();
  }

  look() {
    const { model, search } = this;
    if (!search) return;
    const waiting = search.waiting.length;
    if (waiting === this.known) return;
    this.known = waiting;
    const found = model.kernels.read.call(POINTS, [search.points.state, this.p])[""];
    const { outcomes } = model.doc;
    this.outcomes = search.outcome.map((outcome, k) => (k === this.off ? "undecided" : outcome));
    const rests = this.outcomes.map((outcome) => outcomes[outcome]?.is_rest);
    this.settled = model.volts.map((row) => found.row(row).map((v, k) => (rests[k] ? v : NaN)));
  }

  /** Nernst and GHK potentials with the contents of a cell, frozen. */
  around(answer) {
    const state = answer.rest.state ?? answer.x0;
    if (this.state === state) return;
    this.state = state;
    const { model, rows } = this;
    const x = model.space("frozen", state.length, POINTS).spread(state);
    const found = model.kernels.read.call(POINTS, [x, this.p])[""];
    this.nernst = rows.map((row) => (row < 0 ? null : found.row(row)));
    this.ghkOf = null;
    if (model.kernels.account && model.ghk.some((row) => row >= 0)) {
      const accounts = model.kernels.account.call(POINTS, [x, this.p])[""];
      this.ghkOf = model.ghk.map((row) => (row < 0 ? null : accounts.row(row)));
    }
  }

  get view() {
    return { ...this.parts, settled: this.settled, outcomes: this.outcomes, nernst: this.nernst, ghk: this.ghkOf, pending: this.pending };
  }
}
