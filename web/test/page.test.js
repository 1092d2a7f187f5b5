// What the screen's parts compute: numbers read and written, companions, steps, texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { choiceOf, companionOf } from "../src/companions.js";
import { changed, charged, moved, positionOf, stepOf, valueAt } from "../src/controls.js";
import { accountOf, formulasOf, pumpOf, summary } from "../src/meaning.js";
import { inField, niceStep, readNumber, readTime, timeInField } from "../src/numbers.js";
import { createT, languageOf, unitText } from "../src/strings/index.js";

const t = createT("en");

test("numbers are read as people write them", () => {
  for (const [text, value] of [
    ["8", 8],
    ["8 mM", 8],
    ["8mM", 8],
    [" 4,5 ", 4.5],
    ["0,125", 0.125],
    ["−70.5", -70.5],
    ["1e-6", 1e-6],
    [".5", 0.5],
    ["4,5e−3", 0.0045],
    ["1000", 1000],
  ]) {
    assert.deepEqual(readNumber(text, "mM").value, value, text);
  }
  assert.equal(readNumber("37 °C", "degC").value, 37);
  assert.equal(readNumber("1 µF/cm²", "uF/cm2").value, 1);
  assert.equal(readNumber("2 m/(Pa s)", "m/(Pa s)").value, 2);
});

test("a bath with a charge of its own is named", () => {
  const companions = [{}];
  const controls = [
    { name: "outside.K", value: 5, companions },
    { name: "outside.Ca", value: 2, companions },
    { name: "outside.Cl", value: 110, companions },
    { name: "inside.K", value: 140, companions: [] },
  ];
  const cell = { controls, compartments: ["outside", "inside"], valences: { K: 1, Ca: 2, Cl: -1 } };
  assert.deepEqual(charged(cell, [5, 2, 110, 120]), []);
  assert.deepEqual(charged(cell, [8.1, 2, 113.1, 140]), []);
  assert.deepEqual(charged(cell, [5.0000001, 2, 110.0000001, 140]), []);
  assert.deepEqual(charged(cell, [3, 3, 110, 140]), []);
  assert.deepEqual(charged(cell, [5, 3, 110, 140]), [{ place: "outside", net: 2 }]);
});

test("what could be read in two ways, or not at all, is refused in words", () => {
  for (const [text, problem] of [
    ["", "number.empty"],
    ["eight", "number.unreadable"],
    ["1,250", "number.comma"],
    ["1,2,3", "number.unreadable"],
    ["1.5.2", "number.unreadable"],
    ["1,234.5", "number.unreadable"],
    ["8 µM", "number.unit"],
    ["8 mm", "number.unit"],
    ["8 MM", "number.unit"],
    ["--8", "number.unreadable"],
    ["1e999", "number.unreadable"],
  ]) {
    const read = readNumber(text, "mM");
    assert.equal(read.problem, problem, text);
    assert.equal(read.value, undefined, text);
    assert.doesNotMatch(t(read.problem, { ...read.values, unit: "mM" }), /[{}]/);
  }
});

test("times need a unit, and come back exact", () => {
  for (const [text, seconds] of [
    ["5 min", 300],
    ["2h", 7200],
    ["90 s", 90],
    ["1,5 h", 5400],
    ["0", 0],
    ["250 ms", 0.25],
    ["1 d", 86400],
  ])
    assert.equal(readTime(text).value, seconds);
  assert.equal(readTime("5").problem, "time.bare");
  assert.equal(readTime("5 years").problem, "time.unit");
  for (const seconds of [0, 0.25, 1, 90, 300, 301, 100, 5400, 7200, 86400, 1234567])
    assert.equal(readTime(timeInField(seconds)).value, seconds);
  assert.equal(timeInField(5400), "1.5 h");
  assert.equal(timeInField(301), "301 s");
});

test("what a field shows is read again", () => {
  for (const value of [5, 145, 8.015463522675413, 1e-6, 5.4217303576714164e-8, -70.25, 0, 1e10]) {
    const again = readNumber(inField(value), "mM").value;
    assert.ok(Math.abs(again - value) <= 5e-6 * Math.abs(value), `${value} -> ${inField(value)}`);
  }
});

test("texts hold numbers with a true minus and sensible digits", () => {
  assert.equal(t.mV(-69.97), "−70.0");
  assert.equal(t.mV(-0.04), "0.0");
  assert.equal(t.signed(3.66), "+3.7");
  assert.equal(t.signed(-3.66), "−3.7");
  assert.equal(t.signed(0.01), "+0.01");
  assert.equal(t.signed(-0.0004), "0.0");
  assert.equal(t.number(5.4217e-8), "5.42×10⁻⁸");
  assert.equal(t.number(NaN), "–");
  assert.equal(t.number(-0), "0");
  assert.equal(t.time(328.5), "5.48 min");
  assert.equal(t.time(0), "0 s");
  assert.equal(t.unit("pmol/cm2/s"), "pmol/cm²/s");
  assert.equal(unitText("uF/cm2"), "µF/cm²");
  assert.equal(unitText("150 uM"), "150 µM");
  assert.equal(t.spoken(t.mV(-76.5), "mV"), "minus 76.5 millivolts");
  assert.equal(t.spoken("8", "mM"), "8 millimolar");
});

test("a language falls back to English; a text that nobody has is an error", () => {
  const languages = { en: { a: "{v:mV} mV", b: "only here" }, de: { a: "{v:mV} Millivolt" } };
  const de = createT("de", languages);
  assert.equal(de("a", { v: -70 }), "−70,0 Millivolt");
  assert.equal(de("b"), "only here");
  assert.throws(() => de("c"), /no text "c"/);
  assert.equal(languageOf("xx", ["yy-ZZ", "en-GB"]), "en");
  assert.equal(languageOf(undefined, []), "en");
});

const bath = (name, value, companions, rest = {}) => ({
  name,
  value,
  label: name,
  unit: "mM",
  low: value / 100,
  high: 30 * value,
  log: true,
  minimum: 0,
  maximum: 10000,
  companions,
  companion: companions.length ? 0 : null,
  ...rest,
});
const K = bath("outside.K", 5, [
  { how: "swap", ion: "Na", control: 1, factor: -1 },
  { how: "with", ion: "Cl", control: 2, factor: 1 },
]);
const controls = [K, bath("outside.Na", 145, []), bath("outside.Cl", 110, [])];

test("a companion keeps the bath neutral, and its limit stops both", () => {
  const charge = (values) => values[0] + values[1] - values[2];
  const start = [5, 145, 110];
  const apply = ({ changes }) => changes.reduce((values, [k, value]) => values.with(k, value), start);
  for (const companion of K.companions) {
    for (const wanted of [0, 0.5, 8, 50, 140]) {
      const change = moved(controls, start, 0, wanted, companion);
      assert.ok(Math.abs(charge(apply(change)) - charge(start)) < 1e-9);
      assert.equal(change.limit, null);
    }
  }
  const stopped = moved(controls, start, 0, 300, K.companions[0]);
  assert.deepEqual(stopped, {
    changes: [
      [0, 150],
      [1, 0],
    ],
    limit: { index: 1, value: 0 },
  });
  assert.deepEqual(moved(controls, start, 0, -1, undefined), { changes: [[0, 0]], limit: { index: 0, value: 0 } });
});

test("a limit that is no possible value leaves all as it was", () => {
  const inside = [bath("inside.K", 140, [], { exclusive: true })];
  assert.deepEqual(moved(inside, [140], 0, 0, undefined), { changes: [], limit: { index: 0, value: 0, barred: true } });
  assert.deepEqual(moved(inside, [140], 0, 1e-9, undefined).changes, [[0, 1e-9]]);
});

test("a state holds only what differs from the reference cell", () => {
  assert.deepEqual(
    changed(controls, { "outside.K": 8, "outside.Na": 142 }, [
      [0, 5],
      [1, 145.00000000000003],
    ]),
    {},
  );
  assert.deepEqual(changed(controls, {}, [[0, 8]]), { "outside.K": 8 });
});

test("a companion is the one chosen, else the control's own", () => {
  assert.equal(choiceOf(K, {}), "swap Na");
  assert.equal(companionOf(K, {}).ion, "Na");
  assert.equal(companionOf(K, { "outside.K": "none" }), null);
  assert.equal(companionOf(K, { "outside.K": "with Cl" }).control, 2);
  assert.equal(choiceOf({ name: "temperature", companion: null, companions: [] }, {}), "none");
});

test("positions and values of a slider belong together", () => {
  for (const control of [K, bath("temperature", 37, [], { low: 0, high: 45, log: false })]) {
    assert.equal(valueAt(control, 0), control.low);
    assert.equal(valueAt(control, 1000), control.high);
    for (const position of [100, 333, 500, 871])
      assert.ok(Math.abs(positionOf(control, valueAt(control, position)) - position) < 1.5);
  }
  assert.equal(positionOf(K, 0), 0);
  assert.equal(positionOf(K, 1e6), 1000);
  assert.equal(stepOf(K), 0.1);
  assert.equal(niceStep(0.37), 0.2);
});

const membrane = "neuron";
const rows = {
  v: -63.93,
  chord_pump: -4.14,
  chord_paths: 0,
  chord_one_sided: 0,
  ghk: -60.34,
  mullins_noda: -63.93,
  mullins_noda_minus_ghk: -4.73,
  ghk_without_cl: -59.2,
  charge_moved: 2.45,
};
const accounts = [
  ...Object.keys(rows).map((quantity) => ({ quantity, place: [membrane] })),
  ...["E", "driving_force", "chord_share"].flatMap((quantity) =>
    ["K", "Na"].map((ion) => ({ quantity, place: [membrane, ion] })),
  ),
  { quantity: "turnover", place: [membrane, "pump"] },
  { quantity: "current", place: [membrane, "pump"] },
];
const readings = [
  { quantity: "fluxes", place: [membrane, "K", "K_leak"] },
  { quantity: "fluxes", place: [membrane, "K", "pump"] },
  { quantity: "E", place: [membrane, "K"] },
  { quantity: "E", place: [membrane, "Na"] },
];
const transports = [
  { label: "K_leak", membrane, kind: "channel" },
  { label: "pump", membrane, kind: "pump" },
];
const view = {
  cell: {
    membranes: [membrane],
    walls: [{ name: membrane, inside: "inside", outside: "outside", closes: false, free: ["K", "Na"] }],
    valences: { K: 1, Na: 1 },
    transports,
    accounts,
    readings,
  },
  state: { membrane: 0, values: { "outside.K": 8 }, blocks: [] },
  account: [...Object.values(rows), -77.1, 66.66, 13.17, -130.6, 0.629, 0.095, 0.0539, 5.2],
  before: { v: [-70] },
  now: { v: [-66.34] },
  off: { now: { v: [-60.34] }, rest: { isRest: true, v: [-0.26], text: "Run down.", read: [0, 0, -0.3, -0.2] } },
  rest: { isRest: true, v: [-63.93], tau: 328.5, read: [0.1, -0.1, -77.1, 66.66], text: "It rests.", outcome: "rests" },
};
const doc = {
  certificate: { passive_mV: 0.01, tie: 0.005, rounding_share: 1e-9, run_down: { together: 0.1, nearer: 0.5 } },
};
const put = (quantity, ...rest) => {
  const [value, place] = [rest.pop(), [membrane, ...rest]];
  return (view) => ({
    ...view,
    account: view.account.with(accounts.findIndex((row) => row.quantity === quantity && row.place.join() === place.join()), value),
  });
};
const of = (...changes) => changes.reduce((found, change) => change(found), view);

test("the account is told with the numbers of the view", () => {
  const lines = accountOf(view, doc, t);
  assert.equal(
    lines[0],
    "V is −63.9 mV, a vote of the open channels: each ion pulls towards its E with its share of the conductance. " +
      "K⁺ has the largest share (63 %) and pulls towards E_K = −77.1 mV.",
  );
  assert.deepEqual(pumpOf(view, doc, t), [
    "Stopping the pump: +3.6 mV at once, to −60.3 mV, with the contents unchanged.",
    "Then another +60.1 mV as the gradients run down, to −0.3 mV.",
  ]);
  const [ghk, chord, mullins] = formulasOf(view, doc, t);
  assert.match(ghk, /says −60.3 mV.*V is −3.6 mV from there, by what it leaves out: the current of the pump\.$/);
  assert.match(chord, /pump’s part is −4.1 mV/);
  assert.match(mullins, /says −63.9 mV; GHK says −59.2 mV/);
  // where the chord equation gives the step itself, one number is enough
  assert.equal(formulasOf(of(put("chord_pump", -3.61)), doc, t).length, 2);
  assert.equal(
    summary(view, t),
    "At once V is −66.3 mV, +3.7 mV from −70.0 mV. Once settled it is −63.9 mV, +6.1 mV from the start. The slowest time constant is 5.48 min.",
  );
  const begun = { membrane: 0, values: {}, blocks: [] };
  assert.match(summary({ ...view, state: begun }, t), /^The cell rests at −63.9 mV.*Nothing has been changed yet/);
  assert.doesNotMatch(summary({ ...view, state: { ...begun, blocks: [{}] } }, t), /Nothing/);
});

test("a small change of V is not said to be none, and none is not said to be one", () => {
  const at = (now, settled) => summary({ ...view, now: { v: [now] }, rest: { ...view.rest, v: [settled] } }, t);
  assert.match(at(-69.96, -70.004), /−70\.0 mV, \+0\.04 mV from −70\.0 mV\. .*−0\.004 mV from the start/);
  assert.match(at(-70 + 1e-13, -70), /^At once V stays at −70\.0 mV\. Once settled it is −70\.0 mV, as at the start/);
  assert.equal(t.signed(-65.1), "−65.1");
});

test("an ion at its E does not pull; it is passive only where nothing but its channels moves it", () => {
  const first = (...changes) => accountOf(of(...changes), doc, t).join(" ");
  const still = put("driving_force", "K", 0.001);
  assert.match(first(still), /K⁺ has the largest share \(63 %\), but V is at its E, so it pulls nowhere\./);
  assert.match(first(still), /Of the ions that pull, Na⁺ has the largest share \(9\.5 %\) and pulls towards E_Na = 66\.7 mV\./);
  const follows = (found) => ({ ...found, rest: { ...found.rest, read: found.rest.read.with(1, 0) } });
  assert.match(first(still, follows), /but it is passive: nothing but its channels moves it/);
  const tied = (found) => ({ ...found, cell: { ...found.cell, walls: [{ ...found.cell.walls[0], free: ["Na"] }] } });
  assert.doesNotMatch(first(still, follows, tied), /passive/);
});

test("one ion alone with open channels sets V, and is not called passive", () => {
  const lines = accountOf(of(put("driving_force", "K", 0.001), put("chord_share", "Na", 0)), doc, t);
  assert.equal(lines[0], "V is −63.9 mV: only K⁺ has open channels, so V sits at E_K = −77.1 mV, where they carry nothing.");
  const both = accountOf(of(put("driving_force", "K", 0.001), put("driving_force", "Na", 0.001)), doc, t);
  assert.equal(both[0], "V is −63.9 mV. In equilibrium there, at E = V: K⁺ and Na⁺.");
});

test("equal shares are told together, and a negative one with what it does to the others", () => {
  assert.match(accountOf(of(put("chord_share", "Na", 0.627)), doc, t)[0], /K⁺ and Na⁺ have the largest shares \(63 % and 63 %\) and pull/);
  const small = of(put("chord_share", "K", 0.0047), put("chord_share", "Na", 0.0074));
  assert.match(accountOf(small, doc, t)[0], /Na⁺ has the largest share \(0\.74 %\)/);
  assert.match(accountOf(of(put("chord_share", "Na", -0.1)), doc, t)[1], /^Negative shares.*Na⁺ \(−10 %\)/);
});

test("what becomes of V without the pump is said as it is, also where nothing runs down or nothing settles", () => {
  const off = (now, rest) => pumpOf({ ...view, off: { now: { v: [now] }, rest: { ...view.off.rest, ...rest } } }, doc, t);
  assert.match(off(-60.34, { read: [0, 0, -70, 50], v: [-58] })[1], /^Then another \+2\.3 mV as the contents change, to −58\.0 mV\.$/);
  assert.deepEqual(off(-63.93, { v: [-63.93] }), ["Stopping the pump: V does not move at once.", "It stays there."]);
  assert.match(off(-63.93, {})[1], /^Then \+63\.7 mV as the gradients run down/);
  assert.deepEqual(off(null, { isRest: false, v: [null], text: "It swells." }), [
    "Stopping the pump: no potential between −400 and +400 mV that V drifts to carries zero current.",
    "Where the cell goes without the pump: It swells.",
  ]);
});

test("a pump that stands still gives nothing", () => {
  const still = of(put("turnover", "pump", 0), put("current", "pump", 0));
  assert.ok(accountOf(still, doc, t).includes(t("account.no_pump")));
  assert.deepEqual(pumpOf(still, doc, t), []);
  assert.deepEqual(formulasOf(still, doc, t), []);
});

test("where there is no rest, the outcome is told in words and no number", () => {
  const none = { ...view, rest: { ...view.rest, isRest: false, v: [NaN], text: "There is no resting state." } };
  assert.match(summary(none, t), /There is no resting state\.$/);
  assert.doesNotMatch(summary(none, t), /settled/);
});
