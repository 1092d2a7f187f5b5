// The controls of a cell: a slider and a number box each, in fold-outs, with the ions that keep a bath neutral.
import { choiceOf, companionOf } from "./companions.js";
import { disclosure, el, setAttribute, write } from "./dom.js";
import { costOf } from "./meaning.js";
import { clean, inField, niceStep, readNumber } from "./numbers.js";

const GROUPS = ["solutions", "membrane", "pump", "more"];

/** Presses of a key that follow each other as fast as this, in ms, are undone as one. */
const ONE_GESTURE = 1000;

/** Of all ions of a bath, what is no charge: numbers are kept to 12 digits. */
const ROUNDED = 1e-9;

/** Positions of a slider from end to end. */
const ENDS = 1000;

/** Where on its slider a value of a control stands, 0 to 1000. */
export function positionOf({ low, high, log }, value) {
  const part = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return ENDS * Math.min(Math.max(Number.isNaN(part) ? 0 : part, 0), 1);
}

/** The value at a position of its slider, to 3 digits or a tenth of a step; the ends are exact. */
export function valueAt(control, position) {
  const { low, high, log } = control;
  const part = position / ENDS;
  if (part <= 0) return low;
  if (part >= 1) return high;
  if (log) return Number((low * (high / low) ** part).toPrecision(3));
  const grain = stepOf(control) / 10;
  return clean(Math.round((low + part * (high - low)) / grain) * grain);
}

/** What an arrow key adds: about a fiftieth of the reference value. */
export function stepOf({ value, low, high, log }) {
  return niceStep(log && value ? Math.abs(value) / 50 : (high - low) / 100);
}

/**
 * What changes when one control is asked for a value: [[index, value], …] of it and of its companion, and where a
 * limit stopped it, { index of whose limit, value of the limit }. A limit that cannot be reached itself (a
 * concentration inside is above 0) leaves all as it was. values: of all controls, before the change.
 */
export function moved(controls, values, index, wanted, companion) {
  const within = (k, value) => Math.min(Math.max(value, controls[k].minimum ?? -Infinity), controls[k].maximum ?? Infinity);
  const barred = (k, value) => controls[k].exclusive && value <= controls[k].minimum;
  let value = within(index, wanted);
  let limit = value === wanted ? null : { index, value };
  if (barred(index, value)) return { changes: [], limit: { index, value, barred: true } };
  if (!companion) return { changes: [[index, value]], limit };
  const { control: other, factor } = companion;
  const follows = values[other] + factor * (value - values[index]);
  let there = within(other, follows);
  if (barred(other, there)) return { changes: [], limit: { index: other, value: there, barred: true } };
  if (there !== follows) {
    limit = { index: other, value: there };
    value = clean(values[index] + (there - values[other]) / factor);
  } else there = clean(there);
  return {
    changes: [
      [index, value],
      [other, there],
    ],
    limit,
  };
}

/** The `values` of a state with changes made: only what differs from the reference cell. */
export function changed(controls, values, changes) {
  const result = { ...values };
  for (const [index, value] of changes) {
    const { name, value: reference } = controls[index];
    if (clean(value) === clean(reference)) delete result[name];
    else result[name] = value;
  }
  return result;
}

/** The value of each control in a state. */
export const valuesOf = (controls, state) => controls.map(({ name, value }) => state.values[name] ?? value);

/** [{place, net}] of baths which the values leave with another net charge than the reference has, mM of unit charges. */
export function charged({ controls, compartments, valences }, values) {
  return compartments.flatMap((place) => {
    const ions = controls
      .map(({ name, value, companions }, k) => ({ ion: name.split(".")[1], own: companions?.length && name.startsWith(`${place}.`), there: values[k], by: values[k] - value }))
      .filter(({ own }) => own);
    const net = ions.reduce((sum, { ion, by }) => sum + valences[ion] * by, 0);
    const all = ions.reduce((sum, { there }) => sum + there, 0);
    return Math.abs(net) > ROUNDED * all ? [{ place, net }] : [];
  });
}

/** ARIA reads no exponents. */
const plain = (value) => new Intl.NumberFormat("en", { useGrouping: false, maximumSignificantDigits: 6 }).format(value);

/** -> { sync(state), update(view, shown), ask(index, value, goesOn) }: mounts the controls of a cell in `host`. */
export function createControls({ host, cell, store, t, say }) {
  const { controls } = cell;
  const gesture = { index: -1, at: 0, base: null };
  let synced = null; // values for which notes hold
  const asked = {}; // what a switched-off transport had before
  let view = null;

  /** Asks for a value; all of one gesture is undone as one. goesOn: a later event of the same gesture. */
  function ask(index, wanted, goesOn) {
    const state = store.get();
    if (!goesOn || gesture.index !== index || !gesture.base)
      Object.assign(gesture, { index, base: valuesOf(controls, state), fresh: true });
    const { changes, limit } = moved(controls, gesture.base, index, wanted, companionOf(controls[index], state.companions));
    if (changes.length) {
      store.set({ values: changed(controls, state.values, changes) }, { history: gesture.fresh ? true : "merge" });
      Object.assign(gesture, { fresh: false, at: performance.now() });
    }
    rows[index].tell(limit && limitText(index, limit));
  }

  function limitText(index, limit) {
    const { label, unit } = controls[limit.index];
    const at = { label, limit: limit.value, unit };
    if (limit.barred) return t("controls.limit.barred", at);
    if (limit.index === index) return t("controls.limit", at);
    return t("controls.limit.companion", { ...at, stopped: valuesOf(controls, store.get())[index], own: controls[index].label });
  }

  function onKey(event, index) {
    const control = controls[index];
    const way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
    const inBox = event.target.type === "text";
    if (event.ctrlKey || event.metaKey || (inBox && /Left|Right/.test(event.key))) return;
    const goesOn = performance.now() - gesture.at < ONE_GESTURE && gesture.index === index;
    if (way) {
      const size = stepOf(control) * way * (event.shiftKey ? 10 : 1) * (event.altKey ? 0.1 : 1);
      const value = valuesOf(controls, store.get())[index];
      event.preventDefault();
      ask(index, clean(value + size), goesOn);
    } else if (!inBox && (event.key === "Home" || event.key === "End")) {
      event.preventDefault();
      ask(index, event.key === "Home" ? control.low : control.high, goesOn);
    }
  }

  function createRow(control, index) {
    const id = `c${index}`;
    const unit = t.unit(control.unit);
    const noteId = `${id}-note`;
    const label = el("label", { for: `${id}-range`, id: `${id}-label` }, control.label);
    const range = el("input", {
      type: "range",
      id: `${id}-range`,
      min: 0,
      max: ENDS,
      step: "any",
      "aria-describedby": noteId,
      onpointerdown: () => {
        gesture.base = null;
      },
      oninput: () => ask(index, valueAt(control, Number(range.value)), gesture.index === index && gesture.base),
      onchange: () => {
        gesture.base = null;
      },
      onkeydown: (event) => onKey(event, index),
    });
    const box = el("input", {
      type: "text",
      inputMode: "decimal",
      autocomplete: "off",
      id: `${id}-box`,
      role: "spinbutton",
      "aria-label": t("controls.box", { label: control.label, unit }),
      "aria-describedby": noteId,
      onkeydown: (event) => {
        if (event.key === "Enter") commit();
        else if (event.key === "Escape" && box.value !== shown) {
          box.value = shown;
          commit();
        } else onKey(event, index);
      },
      onchange: () => commit(),
    });
    const note = el("p", { className: "note", id: noteId });
    const reset = el(
      "button",
      {
        type: "button",
        className: "icon",
        "aria-label": t("controls.reset", { label: control.label, value: control.value, unit }),
        title: t("controls.reset.title"),
        onclick: () => {
          ask(index, control.value);
          range.focus();
        },
      },
      "↺",
    );
    const about = aboutPanel(control, `${id}-about`);
    const help = disclosure("?", about, { className: "icon", "aria-label": t("controls.about", { label: control.label }) });
    const toggle =
      control.switch &&
      el("input", {
        type: "checkbox",
        role: "switch",
        "aria-label": t("controls.switch", { label: control.label }),
        onchange: () => {
          const now = valuesOf(controls, store.get())[index];
          if (now !== 0) asked[index] = now;
          ask(index, now !== 0 ? 0 : (asked[index] ?? (control.value || valueAt(control, ENDS / 2))));
        },
      });
    const choice = companionChoice(control, index);
    const row = el(
      "div",
      { className: "control", "data-control": control.name },
      el(
        "div",
        { className: "head" },
        el("div", { className: "what" }, toggle ? el("label", { className: "tap" }, toggle) : null, label, help),
        el("div", { className: "number" }, box, el("span", { className: "unit" }, unit)),
      ),
      el("div", { className: "slider" }, range, reset),
      choice,
      note,
      about,
    );
    let shown = "";
    let value = NaN;
    let problem = false;

    function commit() {
      if (box.value === shown) {
        if (problem) tell(null);
        problem = false;
        box.removeAttribute("aria-invalid");
        return;
      }
      const read = readNumber(box.value, control.unit);
      problem = read.problem !== undefined;
      setAttribute(box, "aria-invalid", problem ? "true" : null);
      if (problem) {
        tell(t(read.problem, { ...read.values, unit }), true);
        return;
      }
      shown = ""; // what was typed is replaced by what the control took
      ask(index, read.value);
      sync(valuesOf(controls, store.get())[index]);
    }

    function tell(text, bad = false) {
      write(note, text ?? "");
      note.classList.toggle("bad", bad);
      if (text) say(text);
    }

    function sync(next, state) {
      if (next !== value || shown === "") {
        value = next;
        const held = inField(value);
        const typing = document.activeElement === box && box.value !== shown && shown !== "";
        if (!typing) {
          if (problem) tell(null); // the number has moved on without what was typed
          problem = false;
          box.removeAttribute("aria-invalid");
          box.value = held;
        }
        shown = held;
        range.value = positionOf(control, value);
        setAttribute(box, "aria-valuenow", plain(value));
        if (toggle) toggle.checked = value !== 0;
        reset.disabled = clean(value) === clean(control.value);
        row.classList.toggle("off", control.switch && value === 0);
        row.classList.toggle("different", !reset.disabled);
        speak();
      }
      if (choice && state) choice.value = choiceOf(control, state.companions);
    }

    function speak() {
      const own = control.switch && value === 0 ? t("controls.off") : t.spoken(t.number(value, 4), control.unit);
      const E = view && nernst(cell, view, control);
      const text = E ? t("controls.valuetext", { own, ion: E.ion, E: t.spoken(t.mV(E.value), "mV") }) : own;
      setAttribute(range, "aria-valuetext", text);
      setAttribute(box, "aria-valuetext", text);
    }

    if (control.minimum !== null) setAttribute(box, "aria-valuemin", plain(control.minimum));
    if (control.maximum !== null) setAttribute(box, "aria-valuemax", plain(control.maximum));
    /** What was said of a limit holds no longer once values have changed; what cannot be read still stands in its box. */
    const calm = () => problem || tell(null);

    return { row, sync, tell, calm, speak };
  }

  function companionChoice(control, index) {
    if (!control.companions?.length) return null;
    const name = (ion) => controls[control.companions.find((c) => c.ion === ion).control].label;
    return el(
      "select",
      {
        className: "companion",
        "aria-label": t("controls.companion", { label: control.label }),
        onchange: (event) => {
          gesture.base = null;
          store.set({ companions: { ...store.get().companions, [control.name]: event.target.value } }, { history: true });
          rows[index].tell(event.target.value === "none" ? t("controls.companion.none.note") : null);
        },
      },
      ...control.companions.map(({ how, ion }) =>
        el("option", { value: `${how} ${ion}` }, t(`controls.companion.${how}`, { label: name(ion) })),
      ),
      el("option", { value: "none" }, t("controls.companion.none")),
    );
  }

  function aboutPanel(control, id) {
    const unit = t.unit(control.unit);
    const facts = [
      ["controls.about.reference", t("controls.quantity", { value: control.value, unit })],
      control.range && ["controls.about.range", t("controls.range", { low: control.range[0], high: control.range[1], unit })],
      control.source && ["controls.about.source", control.source],
      ["controls.about.step", t("controls.quantity", { value: stepOf(control), unit })],
      ["controls.about.name", control.name],
    ];
    return el(
      "div",
      { className: "about", id },
      control.doc ? el("p", {}, control.doc) : null,
      el("dl", {}, ...facts.filter(Boolean).flatMap(([key, text]) => [el("dt", {}, t(key)), el("dd", {}, text)])),
    );
  }

  const rows = controls.map(createRow);
  const folds = GROUPS.filter((group) => controls.some((control) => control.group === group)).map((group, k) => {
    const count = el("span", { className: "count" });
    const mine = controls.map((control, index) => index).filter((index) => controls[index].group === group);
    mine.sort((a, b) => (controls[a].name === "temperature") - (controls[b].name === "temperature")); // ions come first
    const fold = el(
      "details",
      { className: "fold", open: k === 0 },
      el("summary", {}, t(`group.${group}`), count),
      ...mine.map((index) => rows[index].row),
    );
    return { group, fold, count, mine };
  });
  const charge = el("p", { className: "note bath" });
  const contents = el("p", { className: "note contents" });
  folds.find(({ group }) => group === "solutions")?.fold.append(charge, contents);
  const cost = el("p", { className: "hint cost" });
  folds.find(({ group }) => group === "pump")?.fold.append(cost);
  host.replaceChildren(...folds.map(({ fold }) => fold), el("p", { className: "hint" }, t("controls.hint")));

  return {
    sync(state) {
      const values = valuesOf(controls, state);
      rows.forEach(({ sync }, k) => sync(values[k], state));
      if (state.values !== synced) for (const { calm } of rows) calm();
      synced = state.values;
      write(charge, charged(cell, values).map((each) => t("controls.charged", each)).join(" "));
      write(contents, controls.some(({ name, fixed_at_start }) => fixed_at_start && name in state.values) ? t("controls.contents") : "");
      for (const { count, mine } of folds) {
        const different = mine.filter((k) => controls[k].name in state.values).length;
        write(count, different ? t("controls.changed", { count: different }) : "");
      }
    },
    ask,
    /** shown: which clocks may be told. */
    update(next, shown) {
      view = shown.settled && shown.plots ? next : null;
      for (const { speak } of rows) speak();
      write(cost, view && view.rest.hasState ? costOf(view, t) : "");
    },
  };
}

/** { ion, value in mV } of the settled Nernst potential of the ion whose concentration a control is; null if none. */
function nernst(cell, view, control) {
  const read = view.rest.hasState && view.rest.read;
  const [place, ion] = control.name.split(".");
  if (!read || !cell.compartments.includes(place)) return null;
  const k = cell.readings.findIndex(
    ({ quantity, place }) => quantity === "E" && place[0] === cell.membranes[view.state.membrane ?? 0] && place[1] === ion,
  );
  return k >= 0 && Number.isFinite(read[k]) ? { ion, value: read[k] } : null;
}
