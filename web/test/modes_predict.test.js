import assert from "node:assert/strict";
import { test } from "node:test";

import { numbers, withBathIon } from "../src/modes/cells.js";
import { OWN, agree, differences, directionOf, judged, questionsOf } from "../src/modes/questions.js";
import { createRecords, csvOf, sheet } from "../src/modes/records.js";
import en from "../src/strings/en.js";
import { createT } from "../src/strings/index.js";
import { fakeCell, fakeModel, fakeState } from "./modes_fakes.js";

const cell = fakeCell();
const byId = (id) => questionsOf(cell).find((q) => q.id === id);

test("the questions of a cell are those that it has the parts for", () => {
  assert.deepEqual(questionsOf(cell).map((q) => q.id), ["potassium", "pump", "sodium_permeability", "chloride", "sodium"]);
  const bare = fakeCell({ transports: cell.transports.filter((tr) => tr.kind !== "pump" && tr.ion !== "Cl") });
  assert.deepEqual(questionsOf(bare).map((q) => q.id), ["potassium", "sodium_permeability", "sodium"]);
  assert.deepEqual(questionsOf(fakeCell({ reference: { rests: false } })), []);
  assert.deepEqual(questionsOf(fakeCell({ bath_ion: null })).map((q) => q.id), ["pump", "sodium_permeability", "chloride"]);
});

test("the changes are what the questions say, and the bath stays neutral", () => {
  const potassium = byId("potassium");
  assert.deepEqual(potassium.start(cell), { "outside.K": 3, "outside.Na": 147 });
  assert.deepEqual(potassium.end(cell), {});
  assert.deepEqual(byId("pump").end(cell), { "pump.max_rate": 0 });
  assert.deepEqual(byId("sodium_permeability").end(cell), { "Na_leak.permeability": 0.1 });
  assert.deepEqual(byId("chloride").end(cell), { "Cl_leak.permeability": 2e-9 });
  assert.deepEqual(byId("sodium").end(cell), { "outside.Na": 72.5, "outside.Cl": 37.5 });
});

test("the classic question is asked of plasma; of other baths over the same ratio", () => {
  assert.deepEqual(byId("potassium").asked(cell), { low: 3, high: 5 });
  const squid = structuredClone(cell);
  squid.controls[0].value = 20;
  const asked = questionsOf(squid)[0];
  assert.deepEqual(asked.asked(squid), { low: 12, high: 20 });
  assert.deepEqual(asked.start(squid), { "outside.K": 12, "outside.Na": 153 });
  assert.deepEqual(asked.end(squid), {});
});

test("a bath that nothing can keep neutral is not made", () => {
  assert.equal(withBathIon(cell, {}, 0, 151, {}), null);
  assert.deepEqual(withBathIon(cell, {}, 0, 151, { "outside.K": "with Cl" }), { "outside.K": 151, "outside.Cl": 256 });
  assert.deepEqual(withBathIon(cell, {}, 0, 151, { "outside.K": "none" }), { "outside.K": 151 });
});

test("directions and numbers are held against each other from where V starts", () => {
  assert.deepEqual([0.6, 0.4, -0.4, -0.6].map(directionOf), ["up", "same", "same", "down"]);
  assert.ok(agree("up", -70, -66) && agree("same", -70, -70.3) && agree("down", -70, -75));
  assert.ok(!agree("up", -70, -75) && !agree("same", -70, -60));
  assert.deepEqual(judged({ direction: "up", v: -60 }, -70, -66), { direction: true, error: 6 });
  assert.deepEqual(judged({ direction: "down", v: -80 }, -70, -66), { direction: false, error: -14 });
  assert.equal(judged({ direction: "up", v: -60 }, -70, NaN), null);
});

test("own changes are told control by control", () => {
  const told = differences(cell, OWN.start(cell), { "outside.K": 8, "outside.Na": 142 });
  assert.deepEqual(told.map((d) => [d.control.name, d.from, d.to]), [["outside.K", 5, 8], ["outside.Na", 145, 142]]);
});

test("several states are asked for at once; what is not decided or has no rest has no settled number", async () => {
  const model = fakeModel(cell, { needs: 3 });
  const [seen, more] = await numbers(model, [fakeState(), fakeState({ values: { "outside.K": 10 } })]);
  assert.deepEqual(model.calls, [2]);
  assert.ok(more.settled > seen.settled);
  assert.ok(Math.abs(seen.settled - seen.now - 1) < 1e-12);
  assert.ok(Math.abs(seen.E.K - 26.7 * Math.log(5 / 140)) < 1e-12);
  const [impatient] = await numbers(model, [fakeState()], 2);
  assert.ok(Number.isNaN(impatient.settled) && impatient.now === seen.now && impatient.undecided);
  const [stopped] = await numbers(model, [fakeState({ values: { "pump.max_rate": 0 } })]);
  assert.ok(Number.isNaN(stopped.settled) && Number.isFinite(stopped.now) && stopped.outcome === "swells_without_limit");
});

test("every question has its texts, and the texts only names that the feedback has", () => {
  const names = ["from", "at_once", "settled", "E_from", "E_to", "E_change"];
  for (const q of questionsOf(cell)) {
    assert.ok(q.reasons.includes(q.right));
    assert.ok(en[`predict.${q.id}.title`] && en[`predict.${q.id}.ask`]);
    for (const reason of q.reasons) {
      assert.ok(en[`predict.${q.id}.reason.${reason}`], `${q.id} ${reason}`);
      const text = en[`predict.${q.id}.because.${reason}`];
      const used = [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
      assert.ok(used.length > 0 && used.every((name) => names.includes(name)), text);
      assert.ok(!/\d+(\.\d+)? mV/.test(text), `a number of millivolts that was not computed: ${text}`);
    }
  }
});

const record = {
  at: "2026-11-27T08:00:00.000Z", cell: "fake", question: "More K", change: "K from 3 to 5 mM", start: -74.27,
  predicted: {
    now: { direction: "up", v: -72, clock: "at once", said: "less negative" },
    settled: { direction: "up", v: -70, clock: "settled", said: "less negative" },
  }, reason: '=sum(A1), "quoted"',
  observed: { now: -72.17, settled: NaN, outcome: "swells_without_limit" },
};
const t = createT("en");
const memory = () => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text), kept };
};

test("predictions outlive the page where there is storage", () => {
  const storage = memory();
  createRecords(storage).add(record);
  const again = createRecords(storage);
  assert.equal(again.kept(), true);
  assert.equal(again.all()[0].predicted.now.v, -72);
  assert.equal(sheet(again.all(), t).rows.length, 2);
  again.clear();
  assert.deepEqual(createRecords(storage).all(), []);
});

test("without storage predictions are kept until the page closes, and what others wrote is left alone", () => {
  const forbidden = { getItem() { throw new Error("SecurityError"); } };
  const foreign = memory();
  foreign.setItem("vrest.predictions", "not JSON");
  for (const storage of [forbidden, null, foreign]) {
    const records = createRecords(storage);
    records.add(record);
    assert.equal(records.all().length, 1);
    assert.equal(records.kept(), false);
  }
  assert.equal(foreign.kept.get("vrest.predictions"), "not JSON");
});

test("the lab sheet leaves unobserved numbers empty and no text that a spreadsheet would run", () => {
  const { columns, rows } = sheet([record], t);
  const at = (label) => columns.findIndex((c) => c.label === label);
  assert.deepEqual(rows.map((row) => [row[at("clock")], row[at("observed")], row[at("error")]]), [["at once", "-72.17", "0.17"], ["settled", "", ""]]);
  const lines = csvOf([record], t).split("\r\n");
  assert.ok(lines[0].includes("predicted (mV),observed (mV),error (mV)"));
  assert.ok(lines[1].includes(`"'=sum(A1), ""quoted"""`));
  assert.ok(lines[1].includes(",-72.00,"));
  assert.deepEqual(rows.map((row) => row[at("outcome")]), ["swells without limit", "swells without limit"]);
  const none = { ...record, start: -0.001, predicted: { now: { ...record.predicted.now, v: -0.004 } }, observed: { ...record.observed, now: 0 } };
  assert.deepEqual(sheet([none], t).rows[0].slice(at("before"), at("before") + 5), ["0.00", "less negative", "0.00", "0.00", "0.00"]);
});

test("the head of the lab sheet is in the language of the page, its cells in that of the answer", () => {
  const { columns, rows } = sheet([record], createT("de"));
  assert.deepEqual(columns.map((c) => c.label).slice(4, 8), ["wann", "vorher", "vorhergesagte Richtung", "vorhergesagt"]);
  assert.deepEqual(columns.filter((c) => c.unit === "mV").map((c) => c.label), ["vorher", "vorhergesagt", "beobachtet", "Fehler"]);
  assert.deepEqual(rows.map((row) => row.slice(4, 7)), [["at once", "-74.27", "less negative"], ["settled", "-74.27", "less negative"]]);
});
