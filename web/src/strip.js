// The read-outs.
import { el, setAttribute, write } from "./dom.js";
import { reader, same } from "./meaning.js";

/** What is always in sight: V at once and settled with what they were, the E of each ion, the outcome. */
export function createStrip({ cell, store, t }) {
  const clock = (name) => {
    const value = el("data", { id: `v-${name}`, value: "" }, "–");
    const by = el("span", { className: "by" });
    return {
      value,
      by,
      element: el(
        "div",
        { className: `clock ${name}` },
        el("dt", {}, t(`clock.${name}`)),
        el("dd", {}, value, el("span", { className: "unit" }, " mV"), by),
      ),
    };
  };
  const now = clock("now");
  const settled = clock("settled");
  const ions = el("div", { className: "ions" });
  const which = el("span", { className: "hint" });
  const membrane =
    cell.membranes.length > 1
      ? el(
          "select",
          { id: "membrane", onchange: () => store.set({ membrane: Number(membrane.value) }, { history: true }) },
          ...cell.membranes.map((name, k) => el("option", { value: k }, name)),
        )
      : null;
  const element = el(
    "section",
    { className: "strip", "aria-label": t("strip.title") },
    membrane && el("div", { className: "field" }, el("label", { for: "membrane" }, t("strip.membrane")), membrane),
    el("dl", { className: "clocks" }, now.element, settled.element),
    ions,
  );
  let drawn = null;
  let values = [];

  function set({ value, by }, v, before, hidden, none) {
    const known = Number.isFinite(v) && v !== null;
    value.value = known && !hidden ? String(v) : "";
    write(value, hidden ? "?" : known ? t.mV(v) : none);
    value.classList.toggle("words", !hidden && !known);
    write(by, known && !hidden && !same(v, before, t) ? t("strip.by", { by: v - before }) : "");
    value.nextSibling.hidden = hidden || !known;
  }

  return {
    element,
    sync(state) {
      if (membrane) membrane.value = state.membrane ?? 0;
    },
    update(view, shown) {
      const m = view.state.membrane ?? 0;
      const name = cell.membranes[m];
      const { rest } = view;
      set(now, view.now.v[m], view.before.v[m], !shown.now || !shown.plots, t("strip.none"));
      set(
        settled,
        rest.isRest ? rest.v[m] : NaN,
        view.before.v[m],
        !shown.plots || (!shown.settled && rest.isRest),
        t(
          rest.pending
            ? "strip.pending"
            : rest.undecided || !t.has(`outcome.${rest.outcome}`)
              ? "proof.none"
              : `outcome.${rest.outcome}`,
        ),
      );
      setAttribute(element, "aria-busy", rest.pending ? "true" : null);
      // where there is no settled state the E are those of the contents as they are
      const told = rest.isRest && rest.read;
      const read = reader(cell.readings, told ? rest.read : view.now.read);
      write(which, t(told ? "strip.E.settled" : "strip.E.now"));
      if (drawn !== m) {
        drawn = m;
        values = read.places("E", name).map(([ion]) => ({ ion, text: el("span", {}) }));
        ions.replaceChildren(
          which,
          ...values.map(({ ion, text }) =>
            el("span", { className: `ion ion-${ion}` }, el("span", { className: "name" }, "E", el("sub", {}, ion), " "), text),
          ),
        );
      }
      for (const { ion, text } of values) {
        const E = read.value("E", name, ion);
        write(text, shown.plots && (shown.settled || !told) ? (Number.isFinite(E) ? t.mV(E) : "–") : "?");
      }
    },
  };
}
