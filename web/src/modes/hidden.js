// The hidden cell of Lab and its impalements: drawn from a seed, so that a link or a cell number gives the same to everybody.

import { quoted } from "../commands.js";
import { axisOf, numbers, strengths, withBathIon, withValue } from "./cells.js";
import { logUniform, normal, stream } from "./random.js";

/** Impalements at each concentration, and the standard deviation of each, mV (as in MEMPOT). */
export const CELLS = 5;
export const NOISE = 2;
// A number can be learnt from impalements only if V answers to it: twice the noise somewhere, for the largest change that is hidden.
const ANSWERS = 2 * NOISE;
// A truth is up to this factor from the reference, and at least the other, so that there is something to find.
const WIDEST = 2.5;
const LEAST = 1.25;
const TRIES = 40;

// At once there is nothing to search for.
const read = (model, states, steps) => numbers(model, states, states[0]?.reading === "now" ? 0 : steps);

const ionOf = (control) => control.name.split(".").at(-1);

/** Strengths that may be hidden: channels and pumps, but not the channels of the ion that is varied. With one permeability known the
 * others can be learnt; with none, only their ratios. */
export function candidates(cell, state) {
  const axis = axisOf(cell, state);
  if (axis < 0) return [];
  const known = new Set(strengths(cell, "channel", ionOf(cell.controls[axis])));
  const found = [...strengths(cell, "channel"), ...strengths(cell, "pump")];
  return [...new Set(found)].filter((k) => !known.has(k) && cell.controls[k].value > 0);
}

/** One draw: [{k, value}] for two or three of the candidates, within their ranges; null where the ranges leave no room. */
export function drawn(cell, among, random) {
  const left = among.slice();
  const count = Math.min(left.length, random() < 0.5 ? 2 : 3);
  const out = [];
  while (out.length < count) {
    const [k] = left.splice(Math.floor(random() * left.length), 1);
    const c = cell.controls[k];
    const low = Math.max(c.range?.[0] ?? c.low, c.value / WIDEST);
    const high = Math.min(c.range?.[1] ?? c.high, c.value * WIDEST);
    let value;
    let tries = 0;
    do {
      if (++tries > TRIES || !(high > low)) return null;
      value = Number(logUniform(random, low, high).toPrecision(4));
    } while (Math.max(value / c.value, c.value / value) < LEAST);
    out.push({ k, value });
  }
  return out.sort((a, b) => a.k - b.k);
}

/** The [K]o at which readings are offered at once: a 1, 2, 5 series over the slider of the bath ion. */
export function series(control) {
  const out = [];
  for (let decade = 10 ** Math.floor(Math.log10(Math.max(control.low, 0.1))); decade <= control.high; decade *= 10)
    for (const digit of [1, 2, 5]) {
      const x = Number((digit * decade).toPrecision(1));
      if (x >= control.low && x <= control.high) out.push(x);
    }
  return out;
}

const valuesOf = (cell, truth) => truth.reduce((values, { k, value }) => withValue(cell, values, k, value), {});

/** The hidden cell of a state's seed: {truth: [{k, value}], values}, or null where no change of this cell can be hidden. A cell that
 * still moves after so many steps is none to hide. */
export async function hiddenCell(model, cell, state, steps) {
  const axis = axisOf(cell, state);
  const among = candidates(cell, state);
  const xs = axis < 0 ? [] : series(cell.controls[axis]).filter((x, i) => i % 2 === 0 && bathAt(cell, state, {}, x) !== null);
  const tried = [{}, ...among.map((k) => withValue(cell, {}, k, cell.controls[k].value * WIDEST))];
  const seen = await read(model, tried.flatMap((values) => xs.map((x) => at(cell, state, values, x))), steps);
  const readings = tried.map((_, i) => seen.slice(i * xs.length, (i + 1) * xs.length).map((each) => each[state.reading]));
  const [reference, ...moved] = readings;
  const heard = among.filter((_, i) => moved[i].some((v, j) => Math.abs(v - reference[j]) >= ANSWERS));
  if (heard.length < 2) return null;
  const random = stream(state.seed, `cell ${cell.name}`);
  for (let i = 0; i < TRIES; i++) {
    const truth = drawn(cell, heard, random);
    if (!truth) continue;
    const values = valuesOf(cell, truth);
    const [{ isRest }] = await numbers(model, [{ ...state, values, blocks: [] }], steps);
    if (isRest) return { truth, values };
  }
  return null;
}

/** The values of a cell in a bath of x of the ion that is varied; null where nothing can keep that bath neutral. */
export const bathAt = (cell, state, values, x) => withBathIon(cell, values, axisOf(cell, state), x, state.companions);

const at = (cell, state, values, x) => ({ ...state, values: bathAt(cell, state, values, x), blocks: [] });

/** The numbers of the hidden cell at each of xs, of which `state.reading` ("now" or "settled") is impaled. */
export const truthAt = (model, cell, state, hidden, xs, steps) =>
  read(model, xs.map((x) => at(cell, state, hidden.values, x)), steps);

/** What the electrodes read, mV to one decimal: `CELLS` draws around v; `repeat` counts impalements at the same x. */
export function impale(state, x, repeat, v) {
  const random = stream(state.seed, `impalement ${state.reading} ${x} ${repeat}`);
  return Array.from({ length: CELLS }, () => Math.round(10 * (v + NOISE * normal(random))) / 10);
}

/** The table that `vrest fit` reads: one row an impalement; what kept the bath neutral is a column of its own. */
export function csv(cell, state, rows, remark) {
  const axis = cell.controls[axisOf(cell, state)];
  const settings = rows.map(({ x }) => bathAt(cell, state, {}, x));
  const moved = cell.controls.filter((c) => c.name !== axis.name && settings.some((s) => c.name in s));
  const head = [axis, ...moved].map((c) => `${c.name} (${c.unit})`);
  const lines = rows.flatMap(({ x, readings }, i) => {
    const others = moved.map((c) => settings[i][c.name] ?? c.value);
    return readings.map((v) => [x, ...others, v.toFixed(1)].join(","));
  });
  return [`# ${remark}`, [...head, "Vm (mV)"].join(","), ...lines].join("\n") + "\n";
}

const MODELS = { now: "instant", settled: "settled" };

/**
 * The commands that fit the hidden numbers to the table, read by sharp electrodes: no junction is taken off. At once V
 * depends on contents: then the cell is the one at rest.
 */
export function fitCommands(cell, state, hidden, file) {
  const frees = hidden.truth.map(({ k }) => ` --free ${quoted(cell.controls[k].name)}`).join("");
  const rested = state.reading === "now" && cell.reference.rests;
  const from = quoted(rested ? `${cell.name}_rest.toml` : cell.file);
  const fit = `vrest fit ${quoted(file)} --cell ${from} --config sharp --model ${MODELS[state.reading]}${frees}`;
  return rested ? [`vrest rest ${quoted(cell.file)} -o ${from}`, fit] : [fit];
}
