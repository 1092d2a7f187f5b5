// The page starts here: document -> engine -> golden cases -> screen.

import { Engine, Unable } from "./engine.js";
import { command, createExports } from "./export.js";
import { unlike } from "./golden.js";
import { createLayout } from "./layout.js";
import { createModel } from "./model.js";
import { createMode as build } from "./modes/build.js";
import { createMode as lab } from "./modes/lab.js";
import { createMode as predict } from "./modes/predict.js";
import { createPlot as currents } from "./plots/currents.js";
import { createPlot as curve } from "./plots/curve.js";
import { createPlot as ladder } from "./plots/ladder.js";
import { createPlot as timecourse } from "./plots/timecourse.js";
import { createPlot as waterfall } from "./plots/waterfall.js";
import { createStore, fromFragment } from "./state.js";
import { createT, languageOf } from "./strings/index.js";

const FORMAT = 1;
const LINK = 300; // ms without a change after which the address follows the state

const root = document.documentElement;
const host = document.getElementById("vrest");

/** Words in place of numbers. */
function refuse(text) {
  const alert = document.createElement("p");
  alert.setAttribute("role", "alert");
  alert.className = "refused";
  alert.textContent = text;
  host.replaceChildren(alert);
  root.dataset.vrest = "refused";
}

/** A document that is none, in words. */
class Broken extends Error {}

/** A browser that computes something else than vrest; what differs, in words. */
class Unlike extends Error {}

function read(t) {
  let doc;
  try {
    doc = JSON.parse(document.getElementById("vrest-doc").textContent);
  } catch (cause) {
    throw new Broken(`${cause.message}.`, { cause });
  }
  if (doc?.format !== FORMAT) throw new Broken(t("core.format", { got: String(doc?.format), allowed: String(FORMAT) }));
  return doc;
}

/** Compile the kernels of a cell and run its golden cases. */
async function prepare(doc, model, name) {
  await model.load(name);
  const differs = unlike(model.of(name), doc.cells.find((cell) => cell.name === name), doc.certificate);
  if (differs) throw new Unlike(differs);
}

/** Why the page shows no numbers. */
function refusal(error, t, doc, cell) {
  const command = `vrest rest ${cell}`;
  if (error instanceof Broken) return t("core.broken", { why: error.message, cell });
  if (error instanceof Unable) return t(error.key, { command });
  if (error instanceof Unlike) return t("core.unlike", { what: error.message, version: doc.vrest, command });
  return t("core.failed", { why: String(error) });
}

/** What was left out of a link, as notices. */
function notices(unknown, t, version) {
  const texts = unknown.filter(({ why }) => why === "version").map(({ value }) => t("core.link.version", { value, version }));
  const left = unknown.filter(({ why }) => why !== "version");
  if (left.length) texts.push(t("core.link", { what: left.map((each) => t(`core.link.${each.why}`, each)).join("; ") }));
  return texts;
}

async function boot() {
  let t = createT(languageOf(undefined, navigator.languages));
  let doc = null;
  let cell = "CELL";
  try {
    doc = read(t);
    const { state, unknown } = fromFragment(location.hash, doc);
    t = createT(languageOf(state.lang, navigator.languages));
    cell = state.cell;
    const now = { t };
    const model = createModel({
      doc,
      engine: new Engine(doc.kernels),
      t: (key, values) => now.t(key, values),
      command: (asked) => command({ doc, ...asked }),
    });
    await prepare(doc, model, cell);
    start({ doc, model, state, unknown, now });
  } catch (error) {
    refuse(refusal(error, t, doc, cell));
    console.error(error);
  }
}

function start({ doc, model, state, unknown, now }) {
  const store = createStore(doc, state);
  const layout = createLayout({
    host, doc, store, model,
    ...createExports({ doc, store, t: () => layout.t }),
    plots: { ladder, curve, timecourse, currents, waterfall },
    modes: { predict, build, lab },
    checked: doc.vrest,
  });
  now.t = (key, values) => layout.t(key, values);
  let view = null;
  let ghost = null;
  let { step } = store;
  let frame = 0;
  let link = 0;

  /** One frame for all that changed since the last; while more can be told it goes on. */
  function ask() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (!model.loaded(store.get().cell)) return;
      view = model.compute(store.get(), { ghost: ghost?.cell.name === store.get().cell ? ghost : null });
      layout.update(view);
      if (view.pending) setTimeout(ask);
    });
  }

  function follow() {
    const asked = store.get();
    if (store.step !== step) [step, ghost] = [store.step, view];
    root.dataset.mode = asked.mode;
    clearTimeout(link);
    // the frame of a notebook has no address of its own
    if (location.protocol !== "about:") link = setTimeout(() => history.replaceState(null, "", store.fragment()), LINK);
    if (model.loaded(asked.cell)) ask();
    else
      prepare(doc, model, asked.cell).then(ask, (error) => {
        refuse(refusal(error, layout.t, doc, asked.cell));
        console.error(error);
      });
  }

  addEventListener("hashchange", () => {
    const found = fromFragment(location.hash, doc);
    for (const text of notices(found.unknown, layout.t, doc.vrest)) layout.notice(text);
    store.open(found.state);
  });
  store.subscribe(follow);
  for (const text of notices(unknown, layout.t, doc.vrest)) layout.notice(text);
  view = model.compute(store.get()); // which a mode may have changed as it began
  layout.update(view);
  follow();
  root.dataset.vrest = "checked";
  performance.measure("vrest first numbers", { start: 0 });
  if (view.pending) setTimeout(ask);
}

boot();
