// The screen: top bar, read-outs, controls, plots and meaning; three columns, two, or tabs on a phone.
import { createBlocks, createScenarios } from "./blocks.js";
import { createControls } from "./controls.js";
import { disclosure, el, setAttribute, write } from "./dom.js";
import { createMeaning, reader, summary } from "./meaning.js";
import { createT, LANGUAGES, languageOf } from "./strings/index.js";

const MODES = ["explore", "predict", "build", "lab"];
const PANELS = ["controls", "plots", "meaning"];

/** Below this width the panels are tabs; the style sheet has the same. */
const NARROW = "(max-width: 56.24em)";

/** ms without a change after which the sentence is said. */
const QUIET = 500;

/**
 * Mounts the page in `host` -> { update(view), notice(text), t }.
 *
 * plots: { id: createPlot }; modes: { id: createMode }; copies: [{ id, label, text(view) }] and actions:
 * [{ id, label, run(view, plots) }], labels being keys of texts; checked: the version the page was checked against.
 * A change of cell or language builds the screen anew; all else is kept and updated.
 */
export function createLayout({ host, doc, store, plots = {}, modes = {}, copies = [], actions = [], checked, model }) {
  const live = el("p", { id: "live", className: "visually-hidden", role: "status", "aria-live": "polite" });
  let screen = null, key = "", timer = 0, waiting = {};
  host.replaceChildren(live);

  /** Said once nothing has changed for a while: the last of many, a message before what the numbers have become. */
  function say(text, kind = "message") {
    waiting[kind] = text;
    clearTimeout(timer);
    timer = setTimeout(() => {
      write(live, [waiting.message, waiting.numbers].filter(Boolean).join(" "));
      waiting = {};
    }, QUIET);
  }

  /** What a mode hides is not said. */
  const quiet = () => delete waiting.numbers;

  function build(state) {
    const language = languageOf(state.lang, navigator.languages), wanted = `${state.cell}|${language}`;
    if (wanted === key) return;
    const focused = document.activeElement?.id;
    key = wanted;
    screen?.leave();
    screen?.element.remove();
    document.documentElement.lang = language;
    screen = createScreen({ state, doc, store, plots, modes, copies, actions, checked, model, say, quiet, t: createT(language) });
    host.prepend(screen.element);
    if (focused) document.getElementById(focused)?.focus();
  }

  function follow() {
    const state = store.get();
    if (state.theme) document.documentElement.dataset.theme = state.theme;
    build(state);
    screen.sync(state);
  }

  store.subscribe(follow);
  follow();
  return {
    update(view) {
      if (checked && view.cell.name === store.get().cell) screen.update(view);
    },
    notice: (text) => screen.notice(text),
    get t() { return screen.t; },
  };
}

function createScreen({ state: first, doc, store, plots, modes, copies, actions, checked, model, say, quiet, t }) {
  const cell = doc.cells.find(({ name }) => name === first.cell);
  const shown = { now: true, settled: true, plots: true };
  let view = null, mode = null, modeName = "", said = "";

  const notices = el("section", { className: "notices", "aria-label": t("notice.title") });
  function notice(text) {
    const item = el("p", { className: "notice" }, text, el("button", { type: "button", className: "icon", "aria-label": t("notice.close"), onclick: () => item.remove() }, "✕"));
    notices.append(item);
    say(text);
  }

  const strip = createStrip({ cell, store, t });
  const panels = Object.fromEntries(PANELS.map((name) => [name, el("section", { id: `panel-${name}`, className: `panel ${name}`, "aria-labelledby": `title-${name}` }, el("h2", { id: `title-${name}` }, t(`panel.${name}`)))]));

  // controls
  const controlsHost = el("div", {}), blocksHost = el("div", {}), cardsHost = el("div", { className: "cards" });
  panels.controls.append(controlsHost, el("details", { className: "fold" }, el("summary", {}, t("group.do")), blocksHost));
  if (cell.scenarios.length) panels.controls.append(el("details", { className: "fold" }, el("summary", {}, t("group.scenarios")), cardsHost));
  const controls = createControls({ host: controlsHost, cell, store, t, say });
  const blocks = createBlocks({ host: blocksHost, cell, store, t, say });
  createScenarios({ host: cardsHost, cell, store, t, say });

  // meaning, before the plots: one of them stands in it
  const meaningHost = el("div", {});
  const coveredMeaning = el("p", { className: "covered", hidden: true }, t("plots.covered"));
  panels.meaning.append(meaningHost, coveredMeaning);
  const meaning = createMeaning({ host: meaningHost, cell, doc, t, checked });

  // plots
  const modeHost = el("div", { className: "modes" }), plotsHost = el("div", { className: "figures" });
  const covered = el("p", { className: "covered", hidden: true }, t("plots.covered"));
  panels.plots.append(modeHost, plotsHost, covered);

  const options = {
    t, doc, store,
    onX: (value, phase) => controls.ask(acrossIndex(), value, phase !== "start"),
    onDrop: () => store.set({ drops: [...(store.get().drops ?? []), ...dropped()] }, { history: true }),
    onData: (data) => store.set({ data }, { history: true }),
    onBlock: (index, times, phase) => store.set(
      { blocks: store.get().blocks.map((block, k) => (k === index ? { ...block, ...times } : block)) },
      { history: phase === "start" ? true : "merge" },
    ),
  };
  /** Of the control that V is drawn against. */
  const acrossIndex = () => cell.controls.findIndex(({ name }) => name === (store.get().x ?? cell.controls[cell.bath_ion.control].name));

  /** What V is now against what is drawn, by both clocks. */
  function dropped() {
    const m = view.state.membrane ?? 0, x = view.values[acrossIndex()], points = [];
    if (Number.isFinite(view.now.v[m])) points.push({ x, v: view.now.v[m], kind: "now" });
    if (view.rest.isRest) points.push({ x, v: view.rest.v[m], kind: "settled" });
    return points;
  }

  const mounted = Object.fromEntries(Object.entries(plots).filter(([id]) => id !== "curve" || cell.bath_ion).map(([id, create]) => {
    const figure = el("div", { className: `figure ${id}` });
    (id === "waterfall" ? meaning.waterfall : plotsHost).append(figure);
    return [id, create(figure, options)];
  }));

  const { bar, syncBar, close } = createBar({ cell, doc, store, t, copies, actions, notice, viewNow: () => view, plots: mounted });
  const tabs = createTabs(panels, t);
  const main = el("main", { id: "main", className: "columns", tabIndex: -1 }, ...PANELS.map((name) => panels[name]));
  const element = el("div", { className: "screen", onpointerdown: close },
    el("a", { className: "skip", href: "#main", onclick: skip }, t("bar.skip")), bar, el("div", { className: "stays" }, strip.element, el("nav", { "aria-label": t("tabs.title") }, tabs.element)), notices, main);

  /** The fragment of the address is the state of the page, so that a link within it must not change it. */
  function skip(event) {
    event.preventDefault();
    main.focus();
  }

  function show(what) {
    Object.assign(shown, { now: true, settled: true, plots: true }, what);
    plotsHost.hidden = !shown.plots;
    covered.hidden = shown.plots;
    if (view) update(view);
  }

  /** Whether the meaning can be told without telling what a mode hides. */
  const tellable = ({ rest }) => shown.plots && shown.now && (shown.settled || !rest.isRest);

  function setMode(name) {
    if (name === modeName) return;
    mode?.leave();
    show({});
    modeName = name;
    mode = modes[name]?.({ store, model, doc, t, host: modeHost, show }) ?? null;
    mode?.enter();
  }

  function sync(state) {
    controls.sync(state);
    blocks.sync(state);
    syncBar(state);
    strip.sync(state);
    setMode(state.mode ?? MODES[0]);
  }

  function update(next) {
    view = next;
    strip.update(view, shown);
    controls.update(view, shown);
    meaningHost.hidden = !tellable(view);
    coveredMeaning.hidden = tellable(view);
    if (tellable(view)) {
      meaning.update(view);
      const text = summary(view, t);
      if (said && text !== said) say(text, "numbers");
      said = text;
    } else quiet();
    if (shown.plots) for (const plot of Object.values(mounted)) plot.update({ ...view, show: { ...shown } });
    mode?.update(view);
  }

  return { element, t, notice, sync, update, leave: () => { mode?.leave(); tabs.leave(); } };
}

/** Cell, mode, undo, redo, reset, share, export, language, theme. */
function createBar({ cell, doc, store, t, copies, actions, notice, viewNow, plots }) {
  const select = (id, label, options, onchange) => el("div", { className: "field" }, el("label", { for: id }, label), el("select", { id, onchange }, ...options.map(([value, text]) => el("option", { value }, text))));
  const cells = select("cell", t("bar.cell"), doc.cells.map(({ name, title }) => [name, title || name]), (event) => store.set({ cell: event.target.value, values: {}, blocks: [], companions: {}, drops: [], data: [], membrane: 0, x: null }, { history: true }));
  const mode = el("fieldset", { className: "segments" }, el("legend", { className: "visually-hidden" }, t("bar.mode")),
    ...MODES.map((name) => el("label", {}, el("input", { type: "radio", name: "mode", value: name, onchange: () => store.set({ mode: name }, { history: true }) }), el("span", {}, t(`mode.${name}`)))));
  const command = (name, run) => el("button", { type: "button", onclick: run }, t(`bar.${name}`));
  const undo = command("undo", () => store.undo()), redo = command("redo", () => store.redo()), reset = command("reset", () => store.reset());

  const copied = el("textarea", { id: "copied", readOnly: true, rows: 3, "aria-label": t("share.text") });
  const told = el("p", { className: "note", id: "copied-note" });
  async function copy(text) {
    copied.value = text;
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
  const sharePanel = el("div", { id: "share-panel", className: "menu" },
    el("p", {}, t("share.hint")),
    el("ul", {}, item(t("share.link"), () => copy(link())), ...copies.map(({ label, text }) => item(t(label), run(async (view) => { await copy(text(view)); })))),
    copied, told);
  const done = el("p", { className: "note" });
  const exportPanel = el("div", { id: "export-panel", className: "menu" },
    el("ul", {}, ...actions.map(({ label, run: act }) => item(t(label), run((view) => act(view, plots)))), item(t("export.print"), () => window.print())), done);
  const share = disclosure(t("bar.share"), sharePanel), exporting = disclosure(t("bar.export"), exportPanel);
  const close = (event) => {
    for (const [button, panel] of [[share, sharePanel], [exporting, exportPanel]]) {
      if (!panel.contains(event.target) && event.target !== button) button.open(false);
    }
  };
  const bar = el("header", { className: "bar" },
    el("h1", {}, "vrest"), cells, mode,
    el("div", { className: "buttons", role: "group", "aria-label": t("bar.history") }, undo, redo, reset),
    el("div", { className: "buttons" }, el("div", { className: "drop" }, share, sharePanel), el("div", { className: "drop" }, exporting, exportPanel)),
    Object.keys(LANGUAGES).length > 1 ? select("language", t("bar.language"), Object.keys(LANGUAGES).map((name) => [name, createT(name)("language.name")]), (event) => store.set({ lang: event.target.value }, { history: true })) : "",
    themeButton(store, t));
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

function themeButton(store, t) {
  const root = document.documentElement, dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const button = el("button", { type: "button", className: "theme", "aria-pressed": String(dark()), onclick: () => {
    store.set({ theme: dark() ? "light" : "dark" }, { history: false });
    setAttribute(button, "aria-pressed", String(dark()));
  } }, t("bar.dark"));
  return button;
}

/** What is always in sight: V at once and settled with what they were, the E of each ion, the outcome. */
function createStrip({ cell, store, t }) {
  const clock = (name) => {
    const value = el("data", { id: `v-${name}`, value: "" }, "–"), by = el("span", { className: "by" });
    return { value, by, element: el("div", { className: `clock ${name}` }, el("dt", {}, t(`clock.${name}`)), el("dd", {}, value, el("span", { className: "unit" }, " mV"), by)) };
  };
  const now = clock("now"), settled = clock("settled");
  const ions = el("div", { className: "ions" }), which = el("span", { className: "hint" });
  const membrane = cell.membranes.length > 1 ? el("select", { id: "membrane", onchange: () => store.set({ membrane: Number(membrane.value) }, { history: true }) }, ...cell.membranes.map((name, k) => el("option", { value: k }, name))) : null;
  const element = el("section", { className: "strip", "aria-label": t("strip.title") },
    membrane && el("div", { className: "field" }, el("label", { for: "membrane" }, t("strip.membrane")), membrane),
    el("dl", { className: "clocks" }, now.element, settled.element), ions);
  let drawn = null, values = [];

  function set({ value, by }, v, before, hidden, none) {
    const known = Number.isFinite(v) && v !== null;
    value.value = known && !hidden ? String(v) : "";
    write(value, hidden ? "?" : known ? t.mV(v) : none);
    value.classList.toggle("words", !hidden && !known);
    write(by, known && !hidden && v !== before ? t("strip.by", { by: v - before }) : "");
    value.nextSibling.hidden = hidden || !known;
  }

  return {
    element,
    sync(state) {
      if (membrane) membrane.value = state.membrane ?? 0;
    },
    update(view, shown) {
      const m = view.state.membrane ?? 0, name = cell.membranes[m], { rest } = view;
      set(now, view.now.v[m], view.before.v[m], !shown.now || !shown.plots, t("strip.none"));
      set(settled, rest.isRest ? rest.v[m] : NaN, view.before.v[m], !shown.plots || (!shown.settled && rest.isRest), t(rest.pending ? "strip.pending" : rest.undecided || !t.has(`outcome.${rest.outcome}`) ? "proof.none" : `outcome.${rest.outcome}`));
      setAttribute(element, "aria-busy", rest.pending ? "true" : null);
      // where there is no settled state the E are those of the contents as they are
      const told = rest.hasState && rest.read, read = reader(cell.readings, told ? rest.read : view.now.read);
      write(which, t(told ? "strip.E.settled" : "strip.E.now"));
      if (drawn !== m) {
        drawn = m;
        values = read.places("E", name).map(([ion]) => ({ ion, text: el("span", {}) }));
        ions.replaceChildren(which, ...values.map(({ ion, text }) => el("span", { className: `ion ion-${ion}` }, el("span", { className: "name" }, "E", el("sub", {}, ion), " "), text)));
      }
      for (const { ion, text } of values) {
        const E = read.value("E", name, ion);
        write(text, shown.plots && (shown.settled || !told) ? (Number.isFinite(E) ? t.mV(E) : "–") : "?");
      }
    },
  };
}

/** Controls | Plots | Meaning on a narrow screen; on a wide one all three stand and the tabs are gone. */
function createTabs(panels, t) {
  const narrow = matchMedia(NARROW);
  const tabs = PANELS.map((name) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => choose(name) }, t(`panel.${name}`)));
  const element = el("div", { className: "tabs", role: "tablist", onkeydown: onKey }, ...tabs);
  let chosen = "plots";

  function onKey(event) {
    const at = PANELS.indexOf(chosen), to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: PANELS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(PANELS[(to + PANELS.length) % PANELS.length]);
    tabs[PANELS.indexOf(chosen)].focus();
  }

  function choose(name) {
    chosen = name;
    arrange();
  }

  function arrange() {
    element.hidden = !narrow.matches;
    PANELS.forEach((name, k) => {
      const mine = name === chosen, panel = panels[name];
      setAttribute(tabs[k], "aria-selected", String(mine));
      tabs[k].tabIndex = mine ? 0 : -1;
      panel.classList.toggle("away", narrow.matches && !mine);
      setAttribute(panel, "role", narrow.matches ? "tabpanel" : null);
      setAttribute(panel, "aria-labelledby", narrow.matches ? `tab-${name}` : `title-${name}`);
    });
  }

  narrow.addEventListener("change", arrange);
  arrange();
  return { element, leave: () => narrow.removeEventListener("change", arrange) };
}
