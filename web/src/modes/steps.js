// The order in which Build puts a cell together (Baptista 2015, Adv Physiol Educ 39:397, begun from the bare membrane). No drawing.

import { strengths } from "./cells.js";

const KINDS = [
  ["k_leak", (cell) => strengths(cell, "channel", "K")],
  ["na_leak", (cell) => strengths(cell, "channel", "Na")],
  ["pump", (cell) => strengths(cell, "pump")],
  ["cl_leak", (cell) => strengths(cell, "channel", "Cl")],
  ["others", null],
  ["water", (cell) => strengths(cell, "water")],
];

/** [{id, adds: indices of the controls that this step turns on}]; steps that a cell has nothing for are left out, as is what it has
 * off by itself. */
export function stepsOf(cell) {
  const taken = new Set();
  const found = new Map();
  for (const [id, ask] of KINDS) {
    if (!ask) continue;
    const adds = ask(cell).filter((k) => !taken.has(k) && cell.controls[k].value !== 0);
    adds.forEach((k) => taken.add(k));
    found.set(id, adds);
  }
  found.set("others", cell.controls.flatMap((c, k) => (c.switch && c.value !== 0 && !taken.has(k) ? [k] : [])));
  const built = KINDS.map(([id]) => ({ id, adds: found.get(id) })).filter((step) => step.adds.length);
  return [{ id: "membrane", adds: [] }, { id: "ions", adds: [] }, ...built];
}

/** `values` with every transport of later steps off, and those of this step and before on: as they are, or as the cell has them. */
export function valuesAt(cell, steps, i, values) {
  const out = { ...values };
  steps.forEach((step, j) => {
    for (const k of step.adds) {
      const name = cell.controls[k].name;
      if (j > i) out[name] = 0;
      else if (out[name] === 0) delete out[name];
    }
  });
  return out;
}

/** Labels of what moves ions all the time, because no control turns it off; a stimulus acts only where one sets it. */
export const alwaysOn = (cell) =>
  cell.transports
    .filter((tr) => tr.kind !== "stimulus" && (!Number.isInteger(tr.control) || !cell.controls[tr.control].switch))
    .map((tr) => tr.label);

/** Whether every transport of later steps is off. */
export const offAfter = (cell, steps, i, values) =>
  steps.slice(i + 1).every((step) => step.adds.every((k) => values[cell.controls[k].name] === 0));

// Values of states that Build has shown: a cell half built is no change that somebody has set up.
const shown = new WeakSet();
export const built = (values) => shown.has(values);
export const buildShows = (values) => shown.add(values);
