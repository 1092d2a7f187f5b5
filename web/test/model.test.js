import assert from "node:assert/strict";
import test from "node:test";
import { samplesOf, stagesOf, withBlocks } from "../src/run.js";

const cell = {
  controls: ["outside.K", "outside.Na", "pump.max_rate"].map((name) => ({ name })),
  blocks: [
    { id: "half", dose: { grid: [1, 2], default: 1 }, sets: [{ control: 2, op: "scale", by: [0.5, 0.25] }] },
    { id: "off", dose: null, sets: [{ control: 2, op: "set", by: [0] }] },
    {
      id: "potassium", dose: null,
      sets: [{ control: 0, op: "add", by: [3] }, { control: 1, op: "add", by: [-3], follows: 0, factor: -1 }],
    },
  ],
};
const values = Float64Array.of(5, 145, 60);

test("blocks compose in the order in which they stand", () => {
  assert.deepEqual([...withBlocks(values, [{ id: "half" }], cell)], [5, 145, 15]);
  assert.deepEqual([...withBlocks(values, [{ id: "half", dose: 0 }, { id: "set", control: "pump.max_rate", value: 8 }], cell)], [5, 145, 8]);
  assert.deepEqual([...withBlocks(values, [{ id: "set", control: "pump.max_rate", value: 8 }, { id: "half", dose: 0 }], cell)], [5, 145, 4]);
  assert.deepEqual([...values], [5, 145, 60]);
});

test("a companion follows the change of its ion, whatever that is", () => {
  const set = { id: "set", control: "outside.K", value: 12 };
  assert.deepEqual([...withBlocks(values, [{ id: "potassium" }], cell)], [8, 142, 60]);
  assert.deepEqual([...withBlocks(values, [set, { id: "potassium" }], cell)], [15, 142, 60]);
});

test("stages begin and end where blocks do, inside the run", () => {
  const blocks = [{ id: "off", start: 100, end: 300 }, { id: "potassium", start: 200, end: null }, { id: "off", start: 2000, end: 3000 }];
  const stages = stagesOf(values, { until: 1000, blocks }, cell);
  assert.deepEqual(stages.map(({ start, end, values: held }) => [start, end, ...held]), [
    [0, 100, 5, 145, 60], [100, 200, 5, 145, 0], [200, 300, 8, 142, 0], [300, 1000, 8, 142, 60],
  ]);
  assert.deepEqual(stagesOf(values, { until: 10, blocks: [{ id: "off", start: 0, end: null }] }, cell).map(({ values: held }) => held[2]), [0]);
});

test("samples begin and end with each stage and increase within it", () => {
  const stages = [{ start: 0, end: 100 }, { start: 100, end: 7200 }];
  for (const log of [false, true]) {
    const samples = samplesOf(stages, 7200, log);
    samples.forEach((own, k) => {
      assert.equal(own[0], stages[k].start);
      assert.equal(own.at(-1), stages[k].end);
      assert.ok(own.every((at, i) => i === 0 || at > own[i - 1]), `${log} ${k}`);
    });
    assert.ok(samples.flat().length <= 124);
  }
  assert.ok(samplesOf(stages, 7200, true)[0].length > samplesOf(stages, 7200, false)[0].length);
});
