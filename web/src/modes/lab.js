// Lab: a cell whose numbers are hidden, impaled five at a time, after MEMPOT. What is read is fitted by eye or by `vrest fit`.

import { valuesOf } from "../controls.js";
import { el, write } from "../dom.js";
import { save, TYPES } from "../files.js";
import { readNumber } from "../numbers.js";
import { axisOf } from "./cells.js";
import { CELLS, NOISE, bathAt, csv, fitCommands, hiddenCell, impale, series, truthAt } from "./hidden.js";
import { button, createPanel, fresh, radios, saving, table, whose } from "./panel.js";
import { mean, sem } from "./random.js";
import { built } from "./steps.js";

const READINGS = ["settled", "now"];
// A mean or standard error worked out by hand from readings of one decimal.
const BY_HAND = 0.06;
const CELL_NUMBERS = 9999;

export function createMode({ store, model, doc, t, host }) {
  const panel = createPanel(host, "lab", t("lab.heading"));
  let drawn = "";
  let cache = { key: "" }; // the hidden cell of a seed, and V at each concentration
  const typed = new Map(); // what stands in fields that are not yet right
  let estimates = [];
  let across = null; // the bath ion of the readings

  const steps = doc.certificate.tries_lab;
  const cellOf = (state) => doc.cells.find((c) => c.name === state.cell);
  const filled = (state) => ({ reading: READINGS[0], seed: 1, impaled: [], data: [], ...defined(state) });
  const defined = (state) => Object.fromEntries(Object.entries(state).filter(([, v]) => v !== undefined && v !== null));
  const asked = () => filled(store.get());

  async function known(state) {
    const cell = cellOf(state);
    const key = JSON.stringify([cell.name, state.seed, state.reading, axisOf(cell, state), state.membrane, state.companions]);
    if (cache.key !== key) {
      panel.busy(t("lab.wait"));
      cache = { key, hidden: hiddenCell(model, cell, state, steps), v: new Map() };
    }
    const { hidden, v } = cache;
    return { hidden: await hidden, v };
  }

  /** [{x, readings, at: its place in `data`, or -1}] of the impalements of a state. */
  async function rowsOf(state, { hidden, v }) {
    const cell = cellOf(state);
    const xs = [...new Set(state.impaled)].filter((x) => !v.has(x) && bathAt(cell, state, {}, x) !== null);
    if (xs.length) panel.busy(t("lab.impaling"));
    (await truthAt(model, cell, state, hidden, xs, steps)).forEach((found, i) => v.set(xs[i], found));
    const seen = new Map();
    const rows = [];
    for (const x of state.impaled) {
      const repeat = seen.get(x) ?? 0;
      seen.set(x, repeat + 1);
      if (!v.has(x)) continue;
      const there = v.get(x)[state.reading];
      const places = state.data.flatMap((point, j) => (point.x === x ? [j] : []));
      rows.push({ x, repeat, text: v.get(x).text, readings: Number.isFinite(there) ? impale(state, x, repeat, there) : null, at: places[repeat] ?? -1 });
    }
    return rows;
  }

  /** Asks for impalements at x; says why not where there can be none. */
  async function add(xs, problem) {
    const state = asked();
    const cell = cellOf(state);
    const { label, unit } = cell.controls[axisOf(cell, state)];
    const possible = xs.filter((x) => bathAt(cell, state, {}, x) !== null);
    if (possible.length < xs.length) return write(problem, t("lab.no_bath", { ion: label, x: t.number(xs[0], 4), unit }));
    write(problem, "");
    store.set({ impaled: [...state.impaled, ...xs] }, { history: true });
  }

  const fresher = (patch) => {
    typed.clear();
    estimates = [];
    store.set({ impaled: undefined, data: [], revealed: undefined, values: {}, blocks: [], ...patch }, { history: true });
  };

  const take = (rows, state) => {
    const points = rows.filter((row) => row.readings && row.at < 0).map((row) => ({ x: row.x, v: round(mean(row.readings)) }));
    store.set({ data: [...state.data, ...points] }, { history: true });
  };
  const round = (v) => Math.round(100 * v) / 100;

  function fields(row, j, state) {
    if (!row.readings) return [el("span", {}, t("lab.no_rest", { text: row.text })), "", ""];
    const readings = el("span", { className: "numbers" }, row.readings.map((v) => t.mV(v)).join("  "));
    const m = mean(row.readings);
    const s = sem(row.readings);
    if (row.at >= 0) return [readings, t.mV(state.data[row.at].v), t.number(s, 2)];
    const kept = typed.get(j) ?? ["", ""];
    const note = el("span", { className: "mode-error", role: "status" });
    const inputs = ["mean", "sem"].map((what, k) =>
      el("input", {
        type: "text", size: 6, autocomplete: "off", value: kept[k], "aria-label": t(`lab.field.${what}`, { i: j + 1 }),
        onchange: () => check(),
      }));
    const check = () => {
      typed.set(j, inputs.map((input) => input.value));
      const read = inputs.map((input) => (input.value.trim() ? readNumber(input.value, "mV") : null));
      const bad = read.find((r) => r?.problem);
      if (bad) return write(note, t(bad.problem, { ...bad.values, unit: "mV" }));
      const off = [m, s].map((right, k) => read[k] !== null && Math.abs(read[k].value - right) > BY_HAND);
      if (off[0]) return write(note, t("lab.not_mean"));
      if (off[1]) return write(note, t("lab.not_sem"));
      write(note, "");
      if (read.every((r) => r !== null)) store.set({ data: [...asked().data, { x: row.x, v: round(m) }] }, { history: true });
    };
    return [readings, el("span", {}, inputs[0], " ", note), inputs[1]];
  }

  async function draw(state) {
    const key = JSON.stringify([state.cell, state.seed, state.reading, state.x, state.membrane, state.companions, state.impaled, state.data, state.revealed]);
    if (key === drawn) return;
    drawn = key;
    const cell = cellOf(state);
    const axis = axisOf(cell, state);
    if (axis < 0) return panel.draw(el("p", {}, t("lab.no_bath_ion")));
    const other = across !== null && across !== axis;
    across = axis;
    if (other && state.impaled.length) return fresher({});
    const found = await known(state);
    if (drawn !== key) return;
    if (!found.hidden) return panel.draw(el("p", {}, t("lab.nothing_hidden")), setting(state));
    const rows = await rowsOf(state, found);
    if (drawn !== key) return;
    const revealed = state.revealed === state.seed;
    panel.draw(
      el("p", {}, t("lab.what", { n: CELLS, sd: NOISE, seed: state.seed, what: found.hidden.truth.map(({ k }) => cell.controls[k].label).join(", ") })),
      whose(cell, state, t),
      setting(state),
      impaling(cell, state),
      ...results(cell, state, rows),
      ...fitting(cell, state, rows, found.hidden),
      ...(revealed ? truth(cell, found.hidden) : guess(cell, state, found.hidden)));
  }

  function setting(state) {
    const id = fresh("seed");
    const problem = el("p", { className: "mode-error", role: "alert" });
    const number = el("input", {
      id, type: "text", inputMode: "numeric", size: 6, value: String(state.seed),
      onchange: () => {
        const seed = Number(number.value);
        if (Number.isInteger(seed) && seed >= 1 && seed <= CELL_NUMBERS) fresher({ seed });
        else write(problem, t("lab.bad_seed", { most: CELL_NUMBERS, got: number.value }));
      },
    });
    const reading = radios(t("lab.reading"), READINGS.map((r) => [r, t(`lab.reading.${r}`)]));
    for (const input of reading.querySelectorAll("input")) {
      input.checked = input.value === state.reading;
      input.addEventListener("change", () => fresher({ reading: input.value }));
    }
    return el("div", {},
      el("p", {}, el("label", { for: id }, t("lab.seed")), " ", number, " ",
        button(t("lab.another"), () => fresher({ seed: 1 + Math.floor(CELL_NUMBERS * Math.random()) }))),
      problem, reading);
  }

  function impaling(cell, state) {
    const { label, unit } = cell.controls[axisOf(cell, state)];
    const id = fresh("concentration");
    const problem = el("p", { className: "mode-error", role: "alert" });
    const x = el("input", { id, type: "text", size: 8, autocomplete: "off" });
    const xs = series(cell.controls[axisOf(cell, state)]).filter((c) => bathAt(cell, state, {}, c) !== null);
    const submit = (event) => {
      event.preventDefault();
      const read = readNumber(x.value, unit);
      if (read.problem) write(problem, t(read.problem, { ...read.values, unit: t.unit(unit) }));
      else add([read.value], problem);
    };
    return el("form", { onsubmit: submit, noValidate: true },
      el("p", {}, el("label", { for: id }, t("lab.concentration", { ion: label })), " ", x, ` ${t.unit(unit)} `,
        el("button", { type: "submit" }, t("lab.impale", { n: CELLS })), " ",
        button(t("lab.series", { n: xs.length, low: t.number(xs[0]), high: t.number(xs.at(-1)), unit: t.unit(unit) }), () => add(xs, problem))),
      problem);
  }

  function results(cell, state, rows) {
    if (!rows.length) return [el("p", {}, t("lab.empty"))];
    const { label, unit } = cell.controls[axisOf(cell, state)];
    const heads = [`${label} (${t.unit(unit)})`, t("lab.column.readings"), t("lab.column.mean"), t("lab.column.sem")];
    const open = rows.some((row) => row.readings && row.at < 0);
    return [
      table(t("lab.table"), heads, rows.map((row, j) => [t.number(row.x, 4), ...fields(row, j, state)])),
      el("p", {}, open ? button(t("lab.work_out"), () => take(rows, state)) : t("lab.filled")),
    ];
  }

  function fitting(cell, state, rows, hidden) {
    const whole = rows.filter((row) => row.readings);
    if (!whole.length) return [];
    const file = `lab_${state.seed}_${state.reading}.csv`;
    const remark = t("lab.remark", { cell: cell.name, seed: state.seed, reading: state.reading, version: doc.vrest });
    const text = csv(cell, state, whole, remark);
    const files = el("div", {}, saving(t("lab.csv", { file }), () => save(t, file, text, TYPES.csv)),
      el("details", {}, el("summary", {}, t("lab.copy")), el("textarea", { readOnly: true, rows: 8, "aria-label": file }, text)));
    if (cell.membranes.length > 1) return [el("h3", {}, t("lab.fit")), files, el("p", {}, t("lab.fit.several"))];
    return [el("h3", {}, t("lab.fit")), el("p", {}, t("lab.fit.by_eye")), files,
      el("p", {}, t("lab.fit.command")), el("pre", { tabIndex: 0 }, el("code", {}, fitCommands(cell, state, hidden, file).join("\n")))];
  }

  function guess(cell, state, hidden) {
    const values = valuesOf(cell.controls, state);
    const inputs = hidden.truth.map(({ k }) => {
      const { label, unit } = cell.controls[k];
      const id = fresh("estimate");
      const input = el("input", { id, type: "text", size: 10, autocomplete: "off" });
      return { k, input, row: el("p", {}, el("label", { for: id }, t("lab.estimate", { what: label, unit: t.unit(unit) })), " ", input) };
    });
    const problem = el("p", { className: "mode-error", role: "alert" });
    const reveal = () => {
      const read = inputs.map(({ k, input }) =>
        input.value.trim() ? readNumber(input.value, cell.controls[k].unit) : { value: valuesOf(cell.controls, store.get())[k] });
      const bad = read.find((r) => r.problem);
      if (bad) return write(problem, t(bad.problem, { unit: "", ...bad.values }));
      estimates = read.map((r) => r.value);
      store.set({ revealed: state.seed, values: hidden.values }, { history: true });
    };
    inputs.forEach(({ k, input }) => (input.placeholder = t.number(values[k], 4)));
    return [el("h3", {}, t("lab.guess")), el("p", {}, t("lab.guess.how")), ...inputs.map(({ row }) => row), problem,
      el("p", {}, button(t("lab.reveal"), reveal))];
  }

  function truth(cell, hidden) {
    const heads = ["what", "reference", "truth", "estimate", "error"].map((k) => t(`lab.column.${k}`));
    const rows = hidden.truth.map(({ k, value }, i) => {
      const c = cell.controls[k];
      const guessed = estimates[i];
      return [`${c.label} (${t.unit(c.unit)})`, t.number(c.value, 4), t.number(value, 4),
        guessed === undefined ? "–" : t.number(guessed, 4),
        guessed === undefined ? "–" : `${t.number((100 * (guessed - value)) / value, 2)}\u00a0%`];
    });
    return [el("h3", {}, t("lab.truth")), table(t("lab.truth"), heads, rows), el("p", {}, t("lab.truth.look"))];
  }

  return {
    enter() {
      panel.mount();
      const { reading, seed, values } = asked();
      store.set({ reading, seed, values: built(values) ? {} : values, blocks: [] }, { history: "merge" });
      draw(asked());
    },
    leave() {
      drawn = "";
      panel.remove();
    },
    update: (view) => draw(filled(view.state)),
  };
}
