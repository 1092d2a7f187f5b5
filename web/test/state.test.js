import assert from "node:assert/strict";
import test from "node:test";
import { createStore, fromFragment, initial, toFragment } from "../src/state.js";

const bath = (name, ions) => ({
  name, value: 5, minimum: 0, maximum: null, companions: ions.map((ion, control) => ({ how: "swap", ion, control, factor: -1 })),
});
const doc = {
  vrest: "0.2.0",
  cells: [
    {
      name: "one cell", membranes: ["a", "b"],
      controls: [bath("outside.K", ["Na"]), bath("outside.Na", []), { name: "temperature", value: 37, minimum: 0, maximum: 60 }],
      blocks: [{ id: "ouabain", dose: { grid: [1, 2, 3], default: 1 } }, { id: "pump_off", dose: null }],
    },
    { name: "other", membranes: ["a"], controls: [], blocks: [] },
  ],
};

const full = {
  ...initial(doc),
  values: { "outside.K": 0.1 + 0.2, "outside.Na": 1e-21, temperature: 1e22 > 60 ? 36.6 : 0 },
  mode: "lab", until: 1 / 3, log: true, x: "outside.K", membrane: 1,
  companions: { "outside.K": "swap Na" },
  blocks: [
    { id: "pump_off", start: 300, end: null },
    { id: "ouabain", start: 1e-7, end: 1.5e3, dose: 2 },
    { id: "set", control: "outside.K", value: 1.25e-3, start: 0, end: 12.5 },
  ],
  drops: [{ x: 8, v: -63.123456789012345, kind: "settled" }, { x: 3, v: -70, kind: "now" }],
  data: [{ x: 5, v: -1e-9 }],
  question: "silverthorn", answered: "1,2;3", step: 2, seed: 42, reading: "now", impaled: [3, 5.5, 8], lang: "de", theme: "dark",
};

test("a state goes into the fragment and comes back with all digits", () => {
  const fragment = toFragment(full, doc);
  assert.deepEqual(fromFragment(fragment, doc), { state: full, unknown: [] });
  assert.deepEqual(fromFragment(new URL(`file:///page.html${fragment}`).hash, doc), { state: full, unknown: [] });
});

test("a fragment is readable and says only what differs", () => {
  assert.equal(toFragment(initial(doc, "other"), doc), "#cell=other&v=0.2.0");
  const state = { ...initial(doc), values: { "outside.K": 8 }, blocks: [{ id: "pump_off", start: 300, end: 1500 }] };
  assert.equal(toFragment(state, doc), "#cell=one+cell&outside.K=8&block=pump_off@300-1500&v=0.2.0");
});

test("a block without a dose has the usual one, where there are doses", () => {
  assert.deepEqual(fromFragment("#block=ouabain@1-2&block=pump_off@3-", doc).state.blocks, [
    { id: "ouabain", start: 1, end: 2, dose: 1 }, { id: "pump_off", start: 3, end: null },
  ]);
});

test("what a fragment says that the page does not know is named and left out", () => {
  const { state, unknown } = fromFragment(
    "#cell=none&outside.K=-1&outside.Na=many&outside.Li=3&temperature=61&mode=play&membrane=2&x=inside.K&with:outside.K=swap+Li" +
      "&block=ouabain:3@1-2&block=TTX@1-2&block=set:outside.K=-2@1-2&block=pump_off@5-1&drops=1,2&until=-1&log=yes&v=9&seed=%E0%A4%A",
    doc,
  );
  assert.deepEqual(state, initial(doc));
  assert.deepEqual(unknown.map(({ key, why }) => `${key} ${why}`), [
    "seed value", "cell unknown", "outside.K outside", "outside.Na value", "outside.Li unknown", "temperature outside", "mode value",
    "membrane outside", "x value", "with:outside.K value", "block outside", "block unknown", "block outside", "block value",
    "drops value", "until value", "log value", "v version",
  ]);
});

test("a drag is one step of undo", () => {
  const store = createStore(doc);
  const seen = [];
  store.subscribe((state) => seen.push(state.values["outside.K"]));
  store.set({ values: { "outside.K": 6 } }, { history: true });
  store.set({ values: { "outside.K": 7 } }, { history: "merge" });
  store.set({ values: { "outside.K": 8 } }, { history: "merge" });
  store.set({ until: 60 });
  assert.equal(store.step, 2);
  store.undo();
  assert.equal(store.get().until, 7200);
  assert.equal(store.get().values["outside.K"], 8);
  store.undo();
  assert.deepEqual(store.get(), initial(doc));
  assert.ok(!store.canUndo && store.canRedo);
  store.redo();
  assert.equal(store.get().values["outside.K"], 8);
  store.set({ log: true });
  assert.ok(!store.canRedo);
  store.reset();
  assert.deepEqual(store.get(), initial(doc));
  store.undo();
  assert.ok(store.get().log);
  assert.deepEqual(seen, [6, 7, 8, 8, 8, undefined, 8, 8, undefined, 8]);
});

test("another state is taken whole, and undo comes back", () => {
  const store = createStore(doc, full);
  const looks = { lang: "de", theme: "dark" };
  store.open({ ...fromFragment("#cell=other", doc).state, ...looks });
  assert.deepEqual(store.get(), { ...initial(doc, "other"), ...looks });
  store.undo();
  assert.deepEqual(store.get(), full);
});

test("undo and redo leave language and colours as they are", () => {
  const store = createStore(doc, { ...initial(doc), theme: "dark" });
  store.set({ log: true });
  store.set({ lang: "de", theme: "light" }, { history: false });
  store.undo();
  assert.deepEqual(store.get(), { ...initial(doc), lang: "de", theme: "light" });
  store.set({ lang: "en" }, { history: false });
  store.redo();
  assert.deepEqual(store.get(), { ...initial(doc), log: true, lang: "en", theme: "light" });
  const linked = createStore(doc, full);
  linked.open(initial(doc));
  linked.undo();
  assert.deepEqual([linked.get().log, linked.get().lang, linked.get().theme], [true, undefined, undefined]);
});

test("a state refuses what it cannot hold", () => {
  assert.throws(() => createStore(doc).set({ valuse: {} }), RangeError);
});
