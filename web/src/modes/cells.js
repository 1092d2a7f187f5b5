// What the modes ask of a cell of the document and of a View.

import { companionOf } from "../companions.js";
import { changed, moved, valuesOf } from "../controls.js";

/** The controls whose value is the strength of a transport of a kind, and of an ion where one is named. */
export function strengths(cell, kind, ion = null) {
  const found = cell.transports.filter((tr) => tr.kind === kind && (ion === null || tr.ion === ion));
  return [...new Set(found.map((tr) => tr.control))].filter((k) => Number.isInteger(k) && cell.controls[k].switch);
}

/** The index of a control by its short name, or -1. */
export const controlOf = (cell, name) => cell.controls.findIndex((c) => c.name === name);

/** `values` with one control set. */
export const withValue = (cell, values, k, value) => changed(cell.controls, values, [[k, value]]);

/** `values` with a bath ion set and its companion moved along; null where a limit of either stands in the way. */
export function withBathIon(cell, values, k, value, companions) {
  const companion = companionOf(cell.controls[k], companions);
  const { changes, limit } = moved(cell.controls, valuesOf(cell.controls, { values }), k, value, companion);
  return limit ? null : changed(cell.controls, values, changes);
}

/** The control on the x axis of the curve, the chosen bath ion; -1 where the cell has none. */
export const axisOf = (cell, state) => {
  const chosen = state.x ? controlOf(cell, state.x) : -1;
  return chosen >= 0 ? chosen : (cell.bath_ion?.control ?? -1);
};

const readingOf = (view, quantity, ...place) => {
  const j = view.cell.readings.findIndex((r) => r.quantity === quantity && r.place.join() === place.join());
  return j < 0 || !view.rest.read ? NaN : view.rest.read[j];
};

/** What the modes keep of an answer. mV; NaN where there is none. */
function numbersOf(view) {
  const m = view.state.membrane ?? 0;
  const membrane = view.cell.membranes[m];
  const ions = view.cell.readings.filter((r) => r.quantity === "E" && r.place[0] === membrane).map((r) => r.place[1]);
  const { rest } = view;
  return {
    now: view.now.v[m] ?? NaN,
    settled: rest.isRest ? rest.v[m] : NaN,
    isRest: rest.isRest,
    outcome: rest.outcome,
    text: rest.text,
    undecided: rest.undecided,
    E: Object.fromEntries(ions.map((ion) => [ion, readingOf(view, "E", membrane, ion)])),
  };
}

/** The numbers of states that are not the one shown; of what still moves after so many steps there is no settled one. */
export const numbers = async (model, states, steps) => (await model.ask(states, steps)).map(numbersOf);
