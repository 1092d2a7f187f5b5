// All numbers of one screen, from the kernels: compute(state) -> View (its shape: see `View` below).
//
// Nothing is computed here but what goes into kernels and what comes out of them. What takes longer than a frame goes on
// when the same state is asked for again: as long as `view.pending`, more is known each time.

import { Curve } from "./along.js";
import { Answer, Beside, SLICE } from "./answer.js";
import { companionOf } from "./companions.js";
import { row } from "./rows.js";
import { NO_RUN, Run, samplesOf, stagesOf } from "./run.js";
import { Searching } from "./search.js";

const KEPT = 8; // answers that are not forgotten

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
    this.volts = cell.membranes.map((name) => row(cell.readings, "v", name) ?? -1);
    this.ghk = cell.membranes.map((name) => row(cell.accounts, "ghk", name) ?? -1);
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
