// What a cell answers: at once, where it settles, and that without its pumps; one cell, or many side by side.

import { possible } from "./search.js";

export const SLICE = 6; // ms of one call that goes on
const yielded = () => new Promise((done) => setTimeout(done));

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
export class Answer {
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
export class Beside {
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

