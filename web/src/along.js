// Potentials along one control, such as K+ outside.

import { row } from "./rows.js";
import { possible } from "./search.js";

const POINTS = 60;

/** V along one control: settled, at once, and what Nernst and GHK say with the contents of the present rest. */
export class Curve {
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
    this.rows = cell.membranes.map((name) => row(cell.readings, "E", name, ion) ?? -1);
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
