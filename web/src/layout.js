// The screen: top bar, read-outs, controls, plots and meaning; three columns, two, or tabs on a phone.
import { createBar, MODES } from "./bar.js";
import { createBlocks, createScenarios } from "./blocks.js";
import { createControls } from "./controls.js";
import { el, setAttribute, write } from "./dom.js";
import { createMeaning, summary } from "./meaning.js";
import { sayIn } from "./strings/document.js";
import { createT, languageOf } from "./strings/index.js";
import { createStrip } from "./strip.js";

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
  let screen = null;
  let key = "";
  let timer = 0;
  let waiting = {};
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
    const language = languageOf(state.lang, navigator.languages);
    const wanted = `${state.cell}|${language}`;
    if (wanted === key) return;
    const focused = document.activeElement?.id;
    key = wanted;
    screen?.leave();
    screen?.element.remove();
    document.documentElement.lang = language;
    const t = createT(language);
    sayIn(doc, t);
    screen = createScreen({ state, doc, store, plots, modes, copies, actions, checked, model, say, quiet, t });
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
    get t() {
      return screen.t;
    },
  };
}

function createScreen({ state: first, doc, store, plots, modes, copies, actions, checked, model, say, quiet, t }) {
  const cell = doc.cells.find(({ name }) => name === first.cell);
  const shown = { now: true, settled: true, plots: true };
  let view = null;
  let mode = null;
  let modeName = "";
  let said = "";

  const notices = el("section", { className: "notices", "aria-label": t("notice.title") });
  function notice(text) {
    const item = el(
      "p",
      { className: "notice" },
      text,
      el("button", { type: "button", className: "icon", "aria-label": t("notice.close"), onclick: () => item.remove() }, "✕"),
    );
    notices.append(item);
    say(text);
  }

  const strip = createStrip({ cell, store, t });
  const panels = Object.fromEntries(
    PANELS.map((name) => [
      name,
      el(
        "section",
        { id: `panel-${name}`, className: `panel ${name}`, "aria-labelledby": `title-${name}` },
        el("h2", { id: `title-${name}`, className: "visually-hidden" }, t(`panel.${name}`)),
      ),
    ]),
  );

  // controls
  const controlsHost = el("div", {});
  const blocksHost = el("div", {});
  const cardsHost = el("div", { className: "cards" });
  const offered = (group, list, host) =>
    el(
      "details",
      { className: "fold" },
      el(
        "summary",
        {},
        el("span", {}, t(group)),
        el("span", { className: "count names" }, list.map(({ label }) => shortOf(label)).join(", ")),
      ),
      host,
    );
  if (cell.scenarios.length) panels.controls.append(offered("group.scenarios", cell.scenarios, cardsHost));
  panels.controls.append(offered("group.do", cell.blocks, blocksHost), controlsHost);
  const controls = createControls({ host: controlsHost, cell, store, t, say });
  const blocks = createBlocks({ host: blocksHost, cell, store, t, say });
  createScenarios({ host: cardsHost, cell, store, t, say });

  // meaning, before the plots: one of them stands in it
  const meaningHost = el("div", {});
  const coveredMeaning = el("p", { className: "covered", hidden: true }, t("plots.covered"));
  panels.meaning.append(meaningHost, coveredMeaning);
  const meaning = createMeaning({ host: meaningHost, cell, doc, t, checked });

  // plots
  const modeHost = el("div", { className: "modes" });
  const plotsHost = el("div", { className: "figures" });
  const covered = el("p", { className: "covered", hidden: true }, t("plots.covered"));
  panels.plots.append(modeHost, plotsHost, covered);

  const options = {
    t,
    doc,
    store,
    onX: (value, phase) => controls.ask(acrossIndex(), value, phase !== "start"),
    onDrop: () => store.set({ drops: [...(store.get().drops ?? []), ...dropped()] }, { history: true }),
    onData: (data) => store.set({ data }, { history: true }),
    onBlock: (index, times, phase) =>
      store.set(
        { blocks: store.get().blocks.map((block, k) => (k === index ? { ...block, ...times } : block)) },
        { history: phase === "start" ? true : "merge" },
      ),
  };
  /** Of the control that V is drawn against. */
  const acrossIndex = () =>
    cell.controls.findIndex(({ name }) => name === (store.get().x ?? cell.controls[cell.bath_ion.control].name));

  /** What V is now against what is drawn, by both clocks. */
  function dropped() {
    const m = view.state.membrane ?? 0;
    const x = view.values[acrossIndex()];
    const points = [];
    if (Number.isFinite(view.now.v[m])) points.push({ x, v: view.now.v[m], kind: "now" });
    if (view.rest.isRest) points.push({ x, v: view.rest.v[m], kind: "settled" });
    return points;
  }

  const mounted = Object.fromEntries(
    Object.entries(plots)
      .filter(([id]) => id !== "curve" || cell.bath_ion)
      .map(([id, create]) => {
        const figure = el("div", { className: `figure ${id}` });
        (id === "waterfall" ? meaning.waterfall : plotsHost).append(figure);
        return [id, create(figure, options)];
      }),
  );

  const { bar, syncBar, close } = createBar({
    cell,
    doc,
    store,
    t,
    copies,
    actions,
    notice,
    viewNow: () => view,
    plots: mounted,
  });
  const tabs = createTabs(panels, t);
  const main = el("main", { id: "main", className: "columns", tabIndex: -1 }, ...PANELS.map((name) => panels[name]));
  const element = el(
    "div",
    { className: "screen", onpointerdown: close },
    el("a", { className: "skip", href: "#main", onclick: skip }, t("bar.skip")),
    bar,
    el("div", { className: "stays" }, strip.element, el("nav", { "aria-label": t("tabs.title") }, tabs.element)),
    notices,
    main,
  );

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

  return {
    element,
    t,
    notice,
    sync,
    update,
    leave: () => {
      mode?.leave();
      tabs.leave();
    },
  };
}

/** The name of what can be done without what it does: a fold-out says what is in it. */
const shortOf = (label) => label.split(/[:(]/)[0].trim();

/** Controls | Plots | Meaning on a narrow screen; on a wide one all three stand and the tabs are gone. */
function createTabs(panels, t) {
  const narrow = matchMedia(NARROW);
  const tabs = PANELS.map((name) =>
    el(
      "button",
      { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => choose(name) },
      t(`panel.${name}`),
    ),
  );
  const element = el("div", { className: "tabs", role: "tablist", onkeydown: onKey }, ...tabs);
  let chosen = "plots";

  function onKey(event) {
    const at = PANELS.indexOf(chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: PANELS.length - 1 }[event.key];
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
      const mine = name === chosen;
      const panel = panels[name];
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
