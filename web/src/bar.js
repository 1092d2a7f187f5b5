// The top bar: cell, mode, undo, redo, reset, share, export, language, dark or light.
import { disclosure, el, setAttribute, write } from "./dom.js";
import { createT, LANGUAGES } from "./strings/index.js";

export const MODES = ["explore", "predict", "build", "lab"];

/** Cell, mode, undo, redo, reset, share, export, language, theme. */
export function createBar({ cell, doc, store, t, copies, actions, notice, viewNow, plots }) {
  const select = (id, label, options, onchange, place = "") =>
    el(
      "div",
      { className: `field ${place}` },
      el("select", { id, "aria-label": label, onchange }, ...options.map(([value, text]) => el("option", { value }, text))),
    );
  const cells = select(
    "cell",
    t("bar.cell"),
    doc.cells.map(({ name }) => [name, name.replaceAll("_", " ")]), // a title may say what V is, which a mode hides
    (event) =>
      store.set(
        { cell: event.target.value, values: {}, blocks: [], companions: {}, drops: [], data: [], membrane: 0, x: null },
        { history: true },
      ),
  );
  const mode = el(
    "fieldset",
    { className: "segments" },
    el("legend", { className: "visually-hidden" }, t("bar.mode")),
    ...MODES.map((name) =>
      el(
        "label",
        {},
        el("input", { type: "radio", name: "mode", value: name, onchange: () => store.set({ mode: name }, { history: true }) }),
        el("span", {}, t(`mode.${name}`)),
      ),
    ),
  );
  const command = (name, sign, run) =>
    el("button", { type: "button", className: name, title: t(`bar.${name}`), onclick: run }, ...signed(sign, t(`bar.${name}`)));
  const undo = command("undo", "↶", () => store.undo());
  const redo = command("redo", "↷", () => store.redo());
  const reset = command("reset", "⟲", () => store.reset());

  const copied = el("textarea", { id: "copied", readOnly: true, hidden: true, rows: 3, "aria-label": t("share.text") });
  const told = el("p", { className: "note", id: "copied-note" });
  async function copy(text) {
    copied.value = text;
    copied.hidden = false;
    try {
      await navigator.clipboard.writeText(text);
      write(told, t("share.copied"));
    } catch {
      copied.focus();
      copied.select();
      write(told, t("share.select"));
    }
  }
  const link = () => `${location.href.split("#")[0]}#${store.fragment().replace(/^#/, "")}`;
  const run = (work) => async () => {
    if (!viewNow()) return notice(t("bar.wait"));
    try {
      const text = await work(viewNow());
      if (typeof text === "string") write(done, text);
    } catch (error) {
      notice(t("bar.failed", { why: error.message }));
    }
  };
  const item = (label, onclick) => el("li", {}, el("button", { type: "button", onclick }, label));
  const sharePanel = el(
    "div",
    { id: "share-panel", className: "menu" },
    el("p", {}, t("share.hint")),
    el(
      "ul",
      {},
      item(t("share.link"), () => copy(link())),
      ...copies.map(({ label, text }) =>
        item(
          t(label),
          run(async (view) => {
            await copy(text(view));
          }),
        ),
      ),
    ),
    copied,
    told,
  );
  const done = el("p", { className: "note" });
  const exportPanel = el(
    "div",
    { id: "export-panel", className: "menu" },
    el(
      "ul",
      {},
      ...actions.map(({ label, run: act }) =>
        item(
          t(label),
          run((view) => act(view, plots)),
        ),
      ),
      item(t("export.print"), () => window.print()),
    ),
    done,
  );
  const share = disclosure(t("bar.share"), sharePanel);
  const exporting = disclosure(t("bar.export"), exportPanel);
  const close = (event) => {
    for (const [button, panel] of [
      [share, sharePanel],
      [exporting, exportPanel],
    ]) {
      if (!panel.contains(event.target) && event.target !== button) button.open(false);
    }
  };
  const more = el(
    "button",
    {
      type: "button",
      className: "narrow",
      "aria-expanded": "false",
      onclick: () => setAttribute(more, "aria-expanded", String(bar.classList.toggle("whole"))),
    },
    t("bar.more"),
  );
  const bar = el(
    "header",
    { className: "bar" },
    el("h1", {}, "vrest"),
    cells,
    mode,
    el("div", { className: "buttons", role: "group", "aria-label": t("bar.history") }, undo, redo, reset),
    more,
    el(
      "div",
      { className: "buttons extra" },
      el("div", { className: "drop" }, share, sharePanel),
      el("div", { className: "drop" }, exporting, exportPanel),
    ),
    Object.keys(LANGUAGES).length > 1
      ? select(
          "language",
          t("bar.language"),
          Object.keys(LANGUAGES).map((name) => [name, createT(name)("language.name")]),
          (event) => store.set({ lang: event.target.value }, { history: false }),
          "extra",
        )
      : "",
    themeButton(store, t),
  );
  bar.addEventListener("focusout", (event) => event.relatedTarget && close({ target: event.relatedTarget }));
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close({ target: bar });
  });

  return {
    bar,
    close,
    syncBar(state) {
      bar.querySelector("#cell").value = cell.name;
      for (const input of mode.querySelectorAll("input")) input.checked = input.value === (state.mode ?? MODES[0]);
      setAttribute(undo, "aria-disabled", store.canUndo ? null : "true");
      setAttribute(redo, "aria-disabled", store.canRedo ? null : "true");
      const language = bar.querySelector("#language");
      if (language) language.value = t.language;
    },
  };
}

/** A sign, for where there is no room for words, and the words. */
const signed = (sign, words) => [
  el("span", { className: "sign", "aria-hidden": "true" }, sign),
  el("span", { className: "words" }, words),
];

function themeButton(store, t) {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const button = el(
    "button",
    {
      type: "button",
      className: "theme extra",
      title: t("bar.dark"),
      "aria-pressed": String(dark()),
      onclick: () => {
        store.set({ theme: dark() ? "light" : "dark" }, { history: false });
        setAttribute(button, "aria-pressed", String(dark()));
      },
    },
    ...signed("◐", t("bar.dark")),
  );
  return button;
}
