// The state of the page: plain JSON, its history, and the URL fragment that says all of it.

const NUMBER = String.raw`\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const BLOCK = new RegExp(`^([^:@]+)(?::(.+))?@(${NUMBER})-(${NUMBER})?$`);
const SET = "set"; // a block that changes one number

const text = { write: String, read: (value) => value };
const number = { write: String, read: (value) => finite(value) };
const whole = { write: String, read: (value) => (/^\d+$/.test(value) ? Number(value) : bad()) };
const flag = { write: String, read: (value) => (value === "true" ? true : value === "false" ? false : bad()) };
const oneOf = (...allowed) => ({ write: String, read: (value) => (allowed.includes(value) ? value : bad()) });
const positive = { write: String, read: (value) => (finite(value) > 0 ? Number(value) : bad()) };

/** What a state may hold beside its cell, values, blocks and companions, and how a fragment says it. */
const KEYS = {
  mode: oneOf("explore", "predict", "build", "lab"),
  until: positive,
  log: flag,
  x: text,
  membrane: whole,
  lang: text,
  theme: oneOf("light", "dark"),
  question: text,
  answered: text,
  step: whole,
  seed: whole,
  revealed: whole,
  reading: oneOf("settled", "now"),
  impaled: list(number),
  drops: list(point("x", "v", "kind")),
  data: list(point("x", "v")),
};

/** How the page looks: no part of what is undone. */
const LOOKS = ["lang", "theme"];

/** What stays when the page is reset. */
const STAYS = ["cell", "mode", ...LOOKS];

function bad() {
  throw new RangeError("not a value of this key");
}

function finite(value) {
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : bad();
}

function list(item) {
  return { write: (items) => items.map(item.write).join(";"), read: (value) => (value === "" ? [] : value.split(";").map(item.read)) };
}

function point(...names) {
  return {
    write: (item) => names.map((name) => item[name]).join(","),
    read: (value) => {
      const parts = value.split(",");
      if (parts.length !== names.length) bad();
      return Object.fromEntries(names.map((name, k) => [name, name === "kind" ? parts[k] : finite(parts[k])]));
    },
  };
}

const escaped = (value) =>
  encodeURIComponent(value).replace(/%(3A|40|3D|2C|3B|20)/g, (code) => (code === "%20" ? "+" : decodeURIComponent(code)));
const unescaped = (value) => decodeURIComponent(value.replaceAll("+", " "));

/** The state that a page of a document begins with. */
export function initial(doc, cell = doc.cells[0].name) {
  return {
    cell, values: {}, mode: "explore", blocks: [], until: 7200, log: false, x: null, membrane: 0, companions: {}, drops: [], data: [],
  };
}

/** The fragment that says all of a state that is not as at the beginning, with its #; numbers keep all their digits. */
export function toFragment(state, doc) {
  const begin = initial(doc, state.cell);
  const parts = [["cell", state.cell]];
  for (const [name, value] of Object.entries(state.values)) parts.push([name, String(value)]);
  for (const [name, value] of Object.entries(state.companions)) parts.push([`with:${name}`, value]);
  for (const block of state.blocks) parts.push(["block", written(block)]);
  for (const [key, form] of Object.entries(KEYS)) {
    const value = state[key];
    if (value === undefined || value === null || JSON.stringify(value) === JSON.stringify(begin[key])) continue;
    parts.push([key, form.write(value)]);
  }
  parts.push(["v", doc.vrest]);
  return `#${parts.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join("&")}`;
}

function written({ id, start, end, dose, control, value }) {
  const what = id === SET ? `${SET}:${control}=${value}` : dose === undefined ? id : `${id}:${dose}`;
  return `${what}@${start}-${end ?? ""}`;
}

/**
 * The state that a fragment says.
 * @returns {{state: object, unknown: {key: string, value: string, why: string}[]}} `unknown` is what was left out, and why:
 *   "unknown" name, "value" that makes no sense, "outside" its limits, "version" of another vrest (which is read all the same).
 */
export function fromFragment(fragment, doc) {
  const pairs = fragment.replace(/^#/, "").split("&").filter(Boolean).map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  });
  const unknown = [];
  const given = [];
  for (const [key, value] of pairs) {
    try {
      given.push([unescaped(key), unescaped(value)]);
    } catch {
      unknown.push({ key, value, why: "value" });
    }
  }
  const asked = given.find(([key]) => key === "cell")?.[1];
  const cell = doc.cells.find(({ name }) => name === asked) ?? doc.cells[0];
  const controls = new Map(cell.controls.map((control) => [control.name, control]));
  const state = initial(doc, cell.name);
  const read = { cell, controls, state };
  for (const [key, value] of given) {
    const why = taken(read, key, value, doc);
    if (why) unknown.push({ key, value, why });
  }
  return { state, unknown };
}

/** Put one key of a fragment into the state; why it was left out, or null. */
function taken({ cell, controls, state }, key, value, doc) {
  if (key === "cell") return value === cell.name ? null : "unknown";
  if (key === "v") return value === doc.vrest ? null : "version";
  try {
    if (key === "block") return block(cell, controls, state, value);
    if (key.startsWith("with:")) {
      const companions = controls.get(key.slice(5))?.companions;
      if (!companions) return "unknown";
      if (value !== "none" && !companions.some(({ how, ion }) => `${how} ${ion}` === value)) return "value";
      state.companions[key.slice(5)] = value;
    } else if (Object.hasOwn(KEYS, key)) {
      const found = KEYS[key].read(value);
      if (key === "x" && !controls.has(found)) return "value";
      if (key === "membrane" && found >= cell.membranes.length) return "outside";
      state[key] = found;
    } else if (controls.has(key)) {
      const found = finite(value);
      if (!allowed(controls.get(key), found)) return "outside";
      state.values[key] = found;
    } else return "unknown";
  } catch {
    return "value";
  }
  return null;
}

function allowed({ minimum, maximum }, value) {
  return !(value < (minimum ?? -Infinity)) && !(value > (maximum ?? Infinity));
}

function block(cell, controls, state, value) {
  const [, id, detail, start, end] = BLOCK.exec(value) ?? bad();
  const times = { start: Number(start), end: end === undefined ? null : Number(end) };
  if (times.end !== null && times.end <= times.start) return "value";
  if (id === SET) {
    const at = (detail ?? "").lastIndexOf("=");
    const control = controls.get(detail?.slice(0, at));
    if (!control) return "unknown";
    const found = finite(detail.slice(at + 1));
    if (!allowed(control, found)) return "outside";
    state.blocks.push({ id, control: control.name, value: found, ...times });
    return null;
  }
  const known = cell.blocks.find((each) => each.id === id);
  if (!known) return "unknown";
  const dose = detail === undefined ? known.dose?.default : whole.read(detail);
  if (dose !== undefined && !(dose < (known.dose?.grid.length ?? 0))) return "outside";
  state.blocks.push({ id, ...times, ...(dose === undefined ? {} : { dose }) });
  return null;
}

/**
 * The state and its history.
 *
 * `set(patch, {history})`: true begins a step that undo takes back, "merge" goes on with it (a drag), false leaves the
 * history as it is. `step` counts these steps, so that whoever shows what was before a drag knows when one begins.
 */
export function createStore(doc, state = initial(doc)) {
  const past = [];
  const future = [];
  const listeners = new Set();
  let now = Object.freeze({ ...state });
  let step = 0;

  function changed(next, steps) {
    now = Object.freeze(next);
    step += steps;
    for (const listener of [...listeners]) listener(now);
  }

  function move(from, to) {
    if (!from.length) return;
    to.push(now);
    const next = { ...from.pop() };
    for (const key of LOOKS) {
      delete next[key];
      if (now[key] !== undefined) next[key] = now[key];
    }
    changed(next, 1);
  }

  function open(next) {
    past.push(now);
    future.length = 0;
    changed({ ...next }, 1);
  }

  return {
    get: () => now,
    set(patch, { history = true } = {}) {
      for (const key of Object.keys(patch))
        if (!Object.hasOwn(KEYS, key) && !["cell", "values", "blocks", "companions"].includes(key))
          throw new RangeError(`The state has no "${key}".`);
      if (history) future.length = 0;
      if (history === true) past.push(now);
      changed({ ...now, ...patch }, history === true ? 1 : 0);
    },
    /** Take the whole of another state, such as that of a link. */
    open,
    undo: () => move(past, future),
    redo: () => move(future, past),
    reset() {
      const begin = initial(doc, now.cell);
      for (const key of STAYS) if (now[key] !== undefined) begin[key] = now[key];
      open(begin);
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    get step() {
      return step;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fragment: () => toFragment(now, doc),
    fromFragment: (fragment) => fromFragment(fragment, doc),
  };
}
