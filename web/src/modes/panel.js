// What the panels of the modes are made of.

import { el, write } from "../dom.js";

const STOPS = "input, button, select, textarea, summary, [tabindex]";

let named = 0;
/** An id that nothing else on the page has. */
export const fresh = (prefix) => `${prefix}-${++named}`;

/** The mode's place on the page: a section that is there from `mount` to `remove`. */
export function createPanel(host, name, title) {
  const id = fresh(name);
  const body = el("div");
  const doing = el("p", { className: "mode-note", hidden: true });
  const section = el("section", { className: "mode", "aria-labelledby": id }, el("h2", { id }, title), doing, body);
  return {
    mount: () => host.prepend(section),
    remove: () => section.remove(),
    /** Until the next `draw` this is being worked out. */
    busy(text) {
      section.setAttribute("aria-busy", "true");
      write(doing, text);
      doing.hidden = false;
    },
    /** What the panel holds; who works by keys stays at the same place of it. */
    draw(...children) {
      const stops = () => [...body.querySelectorAll(STOPS)];
      const at = stops().indexOf(document.activeElement);
      const label = document.activeElement.getAttribute("aria-label");
      body.replaceChildren(...children.filter(Boolean));
      doing.hidden = true;
      section.setAttribute("aria-busy", "false");
      if (at >= 0) (stops().find((stop) => label && stop.getAttribute("aria-label") === label) ?? stops()[at])?.focus();
    },
  };
}

/** Which membrane V is of, where a cell has several. */
export const whose = (cell, state, t) =>
  cell.membranes.length > 1 ? el("p", { className: "mode-note" }, t("modes.membrane", { name: cell.membranes[state.membrane ?? 0] })) : null;

/** `show`, called only when what it says changes: showing draws the page, and drawing asks the mode again. */
export function showing(show) {
  let last = "{}";
  return (what) => {
    const next = JSON.stringify(what);
    if (next === last) return;
    last = next;
    show(what);
  };
}

/** A table with a head; `rows` hold texts or elements. */
export const table = (caption, head, rows) =>
  el("div", { className: "mode-scroll", tabIndex: 0, role: "region", "aria-label": caption },
    el("table", { className: "mode-table" },
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))))));

/** A button that does not send a form. */
export const button = (text, onclick, properties = {}) => el("button", { type: "button", onclick, ...properties }, text);

/** A button that saves a file, and what came of it. */
export function saving(text, run) {
  const told = el("span", { role: "status" });
  const act = () => {
    try {
      write(told, run());
    } catch (error) {
      write(told, error.message);
    }
  };
  return el("p", {}, button(text, act), " ", told);
}

/** A choice of one: options are [value, text]. */
export const radios = (legend, options) => {
  const name = fresh("choice");
  const labels = options.map(([value, text]) =>
    el("label", { className: "mode-choice" }, el("input", { type: "radio", name, value }), " ", text));
  return el("fieldset", {}, el("legend", {}, legend), ...labels);
};

/** The value chosen, or null. */
export const chosen = (fieldset) => fieldset.querySelector("input:checked")?.value ?? null;
