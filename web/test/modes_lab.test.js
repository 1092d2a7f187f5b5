import assert from "node:assert/strict";
import { test } from "node:test";

import { CELLS, NOISE, bathAt, candidates, csv, drawn, fitCommands, hiddenCell, impale, series, truthAt } from "../src/modes/hidden.js";
import { mean, sem, stream } from "../src/modes/random.js";
import { fakeCell, fakeModel, fakeState } from "./modes_fakes.js";

const cell = fakeCell();
const model = fakeModel(cell);
const STEPS = 100;
const name = (k) => cell.controls[k].name;

test("strengths of channels and pumps may be hidden, not those of the ion that is varied", () => {
  assert.deepEqual(candidates(cell, fakeState()).map(name), ["Na_leak.permeability", "Cl_leak.permeability", "pump.max_rate"]);
  assert.deepEqual(candidates(fakeCell({ bath_ion: null }), fakeState()), []);
});

test("a truth stays within known ranges and differs enough to be found", () => {
  const counts = new Map();
  for (let seed = 1; seed <= 300; seed++) {
    const truth = drawn(cell, [5, 6, 7], stream(seed, "t"));
    counts.set(truth.length, (counts.get(truth.length) ?? 0) + 1);
    for (const { k, value } of truth) {
      const ratio = value / cell.controls[k].value;
      assert.ok(Math.max(ratio, 1 / ratio) >= 1.25 && Math.max(ratio, 1 / ratio) < 2.51, `${seed} ${name(k)} ${ratio}`);
      if (name(k) === "pump.max_rate") assert.ok(value >= 50 && value <= 130);
    }
    assert.equal(new Set(truth.map(({ k }) => k)).size, truth.length);
  }
  assert.deepEqual([...counts.keys()].sort(), [2, 3]);
});

test("where a range leaves no room nothing is drawn", () => {
  const narrow = structuredClone(cell);
  narrow.controls[7].range = [58, 62];
  assert.equal(drawn(narrow, [5, 7], stream(1, "t")), null);
});

test("a seed is a cell: the same again, another from another seed; what V does not answer to is never hidden", async () => {
  const first = await hiddenCell(model, cell, fakeState(), STEPS);
  assert.deepEqual(await hiddenCell(model, cell, fakeState(), STEPS), first);
  const seeds = [1, 2, 3, 4, 5, 6, 8, 9];
  const others = await Promise.all(seeds.map((seed) => hiddenCell(model, cell, fakeState({ seed }), STEPS)));
  for (const { truth } of others) {
    assert.notDeepEqual(truth, first.truth);
    assert.ok(truth.every(({ k }) => name(k) !== "Cl_leak.permeability"));
  }
});

test("a cell of whose numbers V tells less than two hides nothing", async () => {
  const deaf = {
    ask: async (states) => (await model.ask(states)).map((view) => ({ ...view, now: { v: [-70] }, rest: { ...view.rest, v: [-70] } })),
  };
  assert.equal(await hiddenCell(deaf, cell, fakeState(), STEPS), null);
});

test("a cell that is not at rest after so many steps is not hidden, and gives no reading but at once", async () => {
  const slow = fakeModel(cell, { needs: STEPS + 1 });
  assert.equal(await hiddenCell(slow, cell, fakeState(), STEPS), null);
  const hidden = { values: {} };
  assert.ok(Number.isNaN((await truthAt(slow, cell, fakeState(), hidden, [5], STEPS))[0].settled));
  assert.ok(Number.isFinite((await truthAt(slow, cell, fakeState({ reading: "now" }), hidden, [5], STEPS))[0].now));
});

test("impalements scatter around the truth as they say, and repeat with the link", async () => {
  const hidden = await hiddenCell(model, cell, fakeState(), STEPS);
  const [, { settled }] = await truthAt(model, cell, fakeState(), hidden, [5, 10], STEPS);
  const [there] = await model.ask([fakeState({ values: { ...hidden.values, "outside.K": 10, "outside.Na": 140 } })]);
  assert.equal(settled, there.rest.v[0]);
  const state = fakeState();
  assert.deepEqual(impale(state, 10, 0, settled), impale(state, 10, 0, settled));
  assert.notDeepEqual(impale(state, 10, 0, settled), impale(state, 10, 1, settled));
  const many = Array.from({ length: 2000 }, (_, repeat) => impale(state, 10, repeat, settled));
  const all = many.flat();
  assert.equal(all.length, 2000 * CELLS);
  assert.ok(all.every((v) => Math.abs(10 * v - Math.round(10 * v)) < 1e-9));
  assert.ok(Math.abs(mean(all) - settled) < (5 * NOISE) / Math.sqrt(all.length));
  const sd = Math.sqrt(mean(all.map((v) => (v - settled) ** 2)));
  assert.ok(Math.abs(sd - NOISE) < (5 * NOISE) / Math.sqrt(2 * all.length));
  // the squares of standard errors of the mean estimate the variance of a mean of five
  assert.ok(Math.abs(mean(many.map((xs) => sem(xs) ** 2)) / (NOISE ** 2 / CELLS) - 1) < 0.1);
});

test("the series runs over the slider, and a bath without a companion is refused", () => {
  assert.deepEqual(series(cell.controls[0]), [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]);
  assert.equal(bathAt(cell, fakeState(), {}, 200), null);
});

test("the table has a row for each impalement, and what kept the bath neutral", () => {
  const rows = [{ x: 3, readings: [-74.1, -73.25] }, { x: 5, readings: [-70] }];
  assert.equal(csv(cell, fakeState(), rows, "seed 7"), "# seed 7\noutside.K (mM),outside.Na (mM),Vm (mV)\n3,147,-74.1\n3,147,-73.3\n5,145,-70.0\n");
});

test("the commands quote what a shell would take apart; at once the cell is the one at rest", () => {
  const hidden = { truth: [{ k: 5, value: 0.1 }, { k: 7, value: 90 }] };
  const frees = "--free Na_leak.permeability --free pump.max_rate";
  assert.deepEqual(fitCommands(cell, fakeState(), hidden, "lab_7.csv"), [
    `vrest fit lab_7.csv --cell "my cell.toml" --config sharp --model settled ${frees}`,
  ]);
  assert.deepEqual(fitCommands(cell, fakeState({ reading: "now" }), hidden, "a.csv"), [
    'vrest rest "my cell.toml" -o fake_rest.toml',
    `vrest fit a.csv --cell fake_rest.toml --config sharp --model instant ${frees}`,
  ]);
});
