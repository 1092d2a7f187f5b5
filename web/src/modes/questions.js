// The questions of Predict: which change of which cell, what may be answered, and what was seen. No texts, no drawing.

import { changed, valuesOf } from "../controls.js";
import { axisOf, controlOf, strengths, withBathIon } from "./cells.js";

/** Smaller changes than this are called none, mV: what one reads off a scale. The form says so. */
export const SAME = 0.5;

const scaled = (cell, ks, by) => changed(cell.controls, {}, ks.map((k) => [k, cell.controls[k].value * by]));

const bathIon = (cell, ion) => {
  const k = axisOf(cell, {});
  const bath = k < 0 ? "" : cell.controls[k].name.split(".")[0];
  return controlOf(cell, `${bath}.${ion}`);
};

// `start` and `end` give values, or null where this cell cannot be asked; `right` is the reason that holds; `ion` is the one whose
// Nernst potential the feedback tells. A question at once starts from the page's reference: those are the contents held.
const BUILT_IN = [
  {
    id: "potassium",
    clocks: ["settled"],
    reasons: ["gradient", "rush", "nernst", "pump", "nothing"],
    right: "gradient",
    ion: "K",
    start: (cell) => withK(cell, potassiumOf(cell).low),
    end: (cell) => withK(cell, potassiumOf(cell).high),
    asked: potassiumOf,
  },
  {
    id: "pump",
    clocks: ["now", "settled"],
    reasons: ["both", "all", "never", "zero"],
    right: "both",
    ion: "K",
    start: (cell) => (strengths(cell, "pump").length ? {} : null),
    end: (cell) => scaled(cell, strengths(cell, "pump"), 0),
  },
  {
    id: "sodium_permeability",
    clocks: ["now", "settled"],
    reasons: ["share", "contents", "pump", "valence"],
    right: "share",
    ion: "Na",
    start: (cell) => (strengths(cell, "channel", "Na").length ? {} : null),
    end: (cell) => scaled(cell, strengths(cell, "channel", "Na"), 2),
  },
  {
    id: "chloride",
    clocks: ["now", "settled"],
    reasons: ["reversal", "negative", "forgotten", "mirror"],
    right: "reversal",
    ion: "Cl",
    start: (cell) => (strengths(cell, "channel", "Cl").length ? {} : null),
    end: (cell) => scaled(cell, strengths(cell, "channel", "Cl"), 2),
  },
  {
    id: "sodium",
    clocks: ["now"],
    reasons: ["share", "half", "nernst", "nothing"],
    right: "share",
    ion: "Na",
    start: (cell) => (bathIon(cell, "Na") < 0 ? null : {}),
    end: (cell) => {
      const k = bathIon(cell, "Na");
      return withBathIon(cell, {}, k, cell.controls[k].value / 2, {});
    },
  },
];

function withK(cell, mM) {
  const k = bathIon(cell, "K");
  return k < 0 ? null : withBathIon(cell, {}, k, mM, {});
}

/** The classic question is asked of plasma, 3 to 5 mM; of a cell that lives in another bath, over the same ratio up to what it has. */
function potassiumOf(cell) {
  const own = cell.controls[bathIon(cell, "K")]?.value;
  return own >= 3 && own <= 5 ? { low: 3, high: 5 } : { low: Number((0.6 * own).toPrecision(3)), high: own };
}

/** The questions that this cell can be asked. */
export const questionsOf = (cell) =>
  cell.reference.rests ? BUILT_IN.filter((q) => q.start(cell) !== null && q.end(cell) !== null) : [];

/** The person's own: from the reference to what is set up now. */
export const OWN = { id: "own", clocks: ["now", "settled"], reasons: [], right: null, ion: null, start: () => ({}), end: null };

/** "up" (less negative), "down" or "same". */
export const directionOf = (change) => (Math.abs(change) < SAME ? "same" : change > 0 ? "up" : "down");

/** Whether a direction and a number say the same, from where V starts. */
export const agree = (direction, from, v) => directionOf(v - from) === direction;

/** The controls that differ, as [{control, from, to}]. */
export function differences(cell, from, to) {
  const [first, last] = [from, to].map((values) => valuesOf(cell.controls, { values }));
  return cell.controls.map((control, k) => ({ control, from: first[k], to: last[k] })).filter((d) => d.from !== d.to);
}

/** How one clock was answered: "direction" and "error" (mV); null where there is nothing to compare with. */
export function judged(predicted, from, observed) {
  if (!Number.isFinite(observed) || !Number.isFinite(from)) return null;
  return { direction: predicted.direction === directionOf(observed - from), error: predicted.v - observed };
}
