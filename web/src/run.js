// What happens over time: blocks, the stages that they make of a run, and the run.

const SAMPLES = 120; // of the run, beside the edges of its stages
const FIRST = 1e-6; // of the run: where a logarithmic axis of times begins

/** While it is not known where a run begins. */
export const NO_RUN = { t: new Float64Array(0), rows: () => new Float64Array(0), stages: [], start: null, complete: false, reached: 0, pending: true };

/** Values with the effect of blocks, which compose in order. */
export function withBlocks(values, blocks, cell) {
  const found = Float64Array.from(values);
  for (const block of blocks) {
    if (block.id === "set") {
      found[cell.controls.findIndex(({ name }) => name === block.control)] = block.value;
      continue;
    }
    const known = cell.blocks.find(({ id }) => id === block.id);
    const dose = block.dose ?? known.dose?.default ?? 0;
    const before = found.slice();
    for (const { control, op, by, follows } of known.sets) {
      if (follows !== null && follows !== undefined) continue;
      if (op === "scale") found[control] *= by[dose];
      else if (op === "add") found[control] += by[dose];
      else found[control] = by[dose];
    }
    for (const { control, follows, factor } of known.sets)
      if (follows !== null && follows !== undefined) found[control] += factor * (found[follows] - before[follows]);
  }
  return found;
}

/** [{start, end, values}] of a run: one for each stretch of time in which the same blocks hold. */
export function stagesOf(values, state, cell) {
  const { until } = state;
  const edges = new Set([0, until]);
  for (const { start, end } of state.blocks) for (const at of [start, end]) if (at !== null && at > 0 && at < until) edges.add(at);
  const times = [...edges].sort((a, b) => a - b);
  return times.slice(1).map((end, k) => {
    const start = times[k];
    const on = state.blocks.filter((block) => block.start <= start && start < (block.end ?? Infinity));
    return { start, end, values: withBlocks(values, on, cell) };
  });
}

/** Times of a run's stages: every stage begins and ends with a sample, so that what jumps is seen on both sides. */
export function samplesOf(stages, until, log) {
  const all = Array.from({ length: SAMPLES }, (_, k) =>
    log ? until * FIRST ** (1 - (k + 1) / SAMPLES) : (until * (k + 1)) / SAMPLES);
  return stages.map(({ start, end }) => [start, ...all.filter((at) => at > start && at < end), end]);
}

/** A run through stages from a state, which is a rest or what the values describe. */
export class Run {
  constructor(model, start, state, stages, times) {
    this.model = model;
    this.stages = stages;
    this.times = times;
    this.start = start;
    this.state = state;
    const columns = new Float64Array(model.own.length * stages.length);
    stages.forEach(({ values }, k) => values.forEach((value, row) => (columns[row * stages.length + k] = value)));
    this.p = model.described(stages.length, columns).p.copy();
    this.t = Float64Array.from(times.flat());
    this.series = new Float64Array(this.state.length * this.t.length).fill(NaN);
    this.stage = 0;
    this.filled = 0; // samples of stages that are done
    this.reached = 0;
    this.stuck = !this.p.every(Number.isFinite) || !this.state.every(Number.isFinite);
    this.found = new Float64Array(model.cell.readings.length * this.t.length).fill(NaN);
    this.tried = 0;
    this.pace = 0; // ms for a step, about
    /** A reading over `t`, by its row. */
    this.rows = (row) => this.found.subarray(row * this.t.length, (row + 1) * this.t.length);
  }

  get complete() {
    return this.stage === this.stages.length;
  }

  get pending() {
    return !this.complete && !this.stuck && this.tried < this.model.doc.certificate.run.max_steps;
  }

  /** Go on: until it is complete, so many steps are tried as in a drag, or the clock (ms) passes `until`. */
  advance(until = Infinity) {
    if (!this.pending) return;
    const { chunk, run } = this.model.doc.certificate;
    let now = performance.now();
    for (let tried = 0; this.pending && tried < run.steps_drag && now < until; ) {
      const fits = this.pace ? Math.max(1, Math.floor((until - now) / this.pace)) : chunk;
      const more = this.go(Math.min(run.steps_drag - tried, fits));
      tried += more;
      this.tried += more;
      const began = now;
      now = performance.now();
      this.pace = (now - began) / more;
    }
    this.read();
  }

  /** Up to so many steps of the present stage; how many were tried. */
  go(attempts) {
    const { model, stages, stage, times, state } = this;
    const { cell, kernels, doc } = model;
    const { start, end } = stages[stage];
    const from = Math.max(start, this.reached);
    const ahead = times[stage].filter((at) => at > from);
    const done = times[stage].length - ahead.length;
    if (from === start && done) this.sample(this.filled, 1, (row) => state[row]);
    const n = ahead.length + 1;
    const moments = model.space("times", 1, n);
    moments.view.set(ahead);
    moments.view.fill(Infinity, ahead.length);
    const into = model.space("samples", 1, state.length * n);
    into.view.fill(NaN);
    const unchanging = kernels.run.lanes.slice(2).map(([count]) => new Float64Array(count));
    const shared = [[from, end], doc.certificate.run.rtol, cell.tolerance, [], attempts, 0];
    const found = kernels.run.call(1, [state, this.column(stage), ...unchanging], shared, { times: moments, into });
    this.sample(this.filled + done, ahead.length, (row, k) => into.view[row * n + k]);
    this.state = found["1"].copy();
    this.reached = found["0.t"].get(0, 0);
    const { finished, stuck } = doc.certificate.status;
    const status = found["0.status"].get(0, 0);
    if (status === finished) {
      this.reached = end;
      this.filled += times[stage].length;
      this.stage++;
    }
    this.stuck ||= status === stuck;
    return Math.max(1, found["0.steps"].get(0, 0) + found["0.rejected"].get(0, 0));
  }

  /** So many samples of the states, from one on. */
  sample(from, count, value) {
    for (let row = 0; row < this.state.length; row++)
      for (let k = 0; k < count; k++) this.series[row * this.t.length + from + k] = value(row, k);
  }

  column(stage) {
    const n = this.stages.length;
    return Float64Array.from({ length: this.p.length / n }, (_, row) => this.p[row * n + stage]);
  }

  read() {
    const { model, t, times } = this;
    const n = t.length;
    const p = model.space("run p", this.p.length / this.stages.length, n);
    let at = 0;
    times.forEach((own, stage) => {
      this.column(stage).forEach((value, row) => p.view.fill(value, row * p.stride + at, row * p.stride + at + own.length));
      at += own.length;
    });
    p.pad();
    this.found = model.kernels.read.call(n, [this.series, p])[""].copy();
  }

  view(ask) {
    return {
      t: this.t,
      rows: this.rows,
      stages: this.stages,
      start: this.start,
      complete: this.complete,
      reached: this.reached,
      command: ask("run", this.start),
      pending: this.pending,
    };
  }
}
