// Predictions and what was then seen. They stay on this machine: in its local storage where the page may use it, else in
// memory until the page is closed.

const KEY = "vrest.predictions";

/** A list that outlives the page where `storage` allows it. */
export function createRecords(storage) {
  let list = [];
  let kept = true;
  try {
    list = JSON.parse(storage.getItem(KEY) ?? "[]");
    if (!Array.isArray(list)) throw new Error("not a list");
  } catch {
    // A sandboxed frame may not even look at its storage; what another program wrote there is not ours to mend.
    list = [];
    kept = false;
  }
  const write = () => {
    if (!kept) return;
    try {
      storage.setItem(KEY, JSON.stringify(list));
    } catch {
      kept = false;
    }
  };
  return {
    all: () => list.slice(),
    /** Whether the list outlives the page; the page says so. */
    kept: () => kept,
    add(record) {
      list.push(record);
      write();
    },
    clear() {
      list = [];
      write();
    },
  };
}

let shared = null;
/** The list of this page. */
export function records() {
  if (shared === null) {
    let storage = null;
    try {
      storage = globalThis.localStorage;
    } catch {
      storage = null;
    }
    shared = createRecords(storage);
  }
  return shared;
}

/** Predicted minus observed; NaN where nothing was observed. */
export const errorOf = (predicted, observed) => (Number.isFinite(observed) ? predicted - observed : NaN);

const two = (v) => (Number.isFinite(v) ? v.toFixed(2).replace(/^-(?=[0.]+$)/, "") : "");
const COLUMNS = ["time", "cell", "question", "change", "clock", "before", "direction", "predicted", "observed", "error", "reason", "outcome"];
const VOLTAGES = ["before", "predicted", "observed", "error"];

/**
 * The lab sheet: a row for each answer of each question; mV to two decimals, empty where there is none. Its head and the outcomes
 * are in the language of the page, what was asked and answered in that of the answer.
 */
export function sheet(list, t) {
  const columns = COLUMNS.map((name) => ({ label: t(`sheet.${name}`), ...(VOLTAGES.includes(name) ? { unit: "mV" } : {}) }));
  const rows = list.flatMap((r) =>
    Object.entries(r.predicted).map(([clock, p]) => [
      r.at, r.cell, r.question, r.change, p.clock, two(r.start), p.said, two(p.v),
      two(r.observed[clock]), two(errorOf(p.v, r.observed[clock])), r.reason, t(`ended.${r.observed.outcome}`),
    ]),
  );
  return { columns, rows };
}

/** The lab sheet as CSV (RFC 4180). A text that a spreadsheet would run as a formula is kept a text. */
export function csvOf(list, t) {
  const { columns, rows } = sheet(list, t);
  const heads = columns.map((c) => (c.unit ? `${c.label} (${c.unit})` : c.label));
  const field = (text) => {
    const safe = /^[=+@\t]|^-(?![\d.])/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [heads, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}
