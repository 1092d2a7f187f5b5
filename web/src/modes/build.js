// Build: a cell is put together one transport at a time. V at once all along; a settled one only where there is a rest.

import { el, write } from "../dom.js";
import { button, createPanel, showing, whose } from "./panel.js";
import { alwaysOn, buildShows, offAfter, stepsOf, valuesAt } from "./steps.js";

export function createMode({ store, doc, t, host, show: showPage }) {
  const panel = createPanel(host, "build", t("build.title"));
  const show = showing(showPage);
  const mV = (x) => `${t.mV(x)}\u00a0mV`;
  const verdict = el("p", { className: "mode-verdict" });
  const command = el("code");
  let drawn = "";
  let pressed = false; // a step was asked for here, so that reading goes on at its heading

  const cellOf = (state) => doc.cells.find((c) => c.name === state.cell);
  const at = (state, steps) => Math.min(Math.max(state.step ?? 0, 0), steps.length - 1);

  function go(i) {
    const state = store.get();
    const cell = cellOf(state);
    pressed = true;
    store.set({ step: i, values: valuesAt(cell, stepsOf(cell), i, state.values), blocks: [] }, { history: true });
  }

  function draw(state) {
    const cell = cellOf(state);
    const steps = stepsOf(cell);
    const i = at(state, steps);
    const key = `${cell.name},${i},${state.membrane}`;
    if (key === drawn) return;
    drawn = key;
    const step = steps[i];
    const fixed = alwaysOn(cell);
    const list = steps.map((s, j) =>
      el("li", { "aria-current": j === i ? "step" : null }, button(t(`build.${s.id}.title`), () => go(j), { disabled: j === i })));
    const heading = el("h3", { tabIndex: -1 }, t("build.step", { i: i + 1, n: steps.length, title: t(`build.${step.id}.title`) }));
    const adds = step.adds.map((k) => cell.controls[k].label).join(", ");
    panel.draw(
      el("ol", { className: "mode-steps" }, ...list),
      heading,
      el("p", {}, t(`build.${step.id}.does`)),
      adds ? el("p", {}, t("build.adds", { what: adds })) : null,
      i === 0 && fixed.length ? el("p", {}, t("build.always_on", { what: fixed.join(", ") })) : null,
      el("p", {}, el("strong", {}, t("build.question")), " ", t(`build.${step.id}.question`)),
      whose(cell, state, t),
      verdict,
      command,
      el("details", {}, el("summary", {}, t("build.notice")), el("p", {}, t(`build.${step.id}.notice`))),
      el("p", {}, button(t("build.back"), () => go(i - 1), { disabled: i === 0 }), " ",
        button(t("build.forward"), () => go(i + 1), { disabled: i === steps.length - 1 }), " ", button(t("build.again"), again)));
    if (pressed) heading.focus();
    pressed = false;
  }

  function bare(history) {
    const cell = cellOf(store.get());
    store.set({ step: 0, values: valuesAt(cell, stepsOf(cell), 0, {}), blocks: [] }, { history });
  }

  /** A cell that is not begun, or was reset, begins bare. */
  function begin() {
    if ((store.get().step ?? null) === null) bare("merge");
  }

  function again() {
    pressed = true;
    bare(true);
  }

  function judge(view) {
    const m = view.state.membrane ?? 0;
    const { now, rest } = view;
    const said = [Number.isFinite(now.v[m]) ? t("build.now", { v: mV(now.v[m]) }) : t("build.now_undefined")];
    if (rest.pending) said.push(t("build.pending"));
    else if (rest.outcome === "undecided") said.push(t("build.undecided", { text: rest.text }));
    else if (rest.isRest) said.push(t("build.rests", { v: mV(rest.v[m]), text: rest.text }));
    else said.push(t("build.no_rest", { text: rest.text }));
    write(verdict, said.join(" "));
    write(command, rest.undecided ?? "");
    command.hidden = !rest.undecided;
    if (!rest.pending) show({ settled: rest.isRest });
  }

  return {
    enter() {
      panel.mount();
      begin();
      const state = store.get();
      const cell = cellOf(state);
      const steps = stepsOf(cell);
      // Whoever comes back from another mode goes on where they were.
      if (!offAfter(cell, steps, at(state, steps), state.values))
        store.set({ values: valuesAt(cell, steps, at(state, steps), state.values), blocks: [] }, { history: "merge" });
      draw(store.get());
    },
    leave() {
      drawn = "";
      panel.remove();
      show({});
    },
    update(view) {
      begin();
      buildShows(store.get().values);
      draw(store.get());
      judge(view);
    },
  };
}
