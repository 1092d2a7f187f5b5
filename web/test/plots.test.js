import test from "node:test";
import assert from "node:assert/strict";
import { readPoints } from "../src/plots/curve.js";
import { clockTicks, laid, nearest } from "../src/plots/timecourse.js";
import { line, wrapped } from "../src/plots/svg.js";
import { symbol } from "../src/rows.js";

test("points are read as people write them", () => {
  const points = [{ x: 2.5, v: -80.1 }, { x: 10, v: -56 }];
  for (const text of ["2.5 -80.1\n10 -56", "2.5,-80.1\r\n10,-56\r\n", "x\tv\n2,5\t\u221280,1\n10\t\u221256", "2,5; -80,1\n10; -56", "# mine\n2.5, -80.1\n\n10, -56"])
    assert.deepEqual(readPoints(text), { points }, text);
});

test("what is no point is named and nothing is shown", () => {
  assert.deepEqual(readPoints("2.5 -80\n10 foo"), { wrong: { line: 2, text: "10 foo" } });
  assert.deepEqual(readPoints("0 -80"), { wrong: { line: 1, text: "0 -80" } });
  assert.deepEqual(readPoints("1 2 3"), { wrong: { line: 1, text: "1 2 3" } });
  assert.deepEqual(readPoints("2.5 -80\n4"), { wrong: { line: 2, text: "4" } });
  assert.deepEqual(readPoints("2,5,-80"), { wrong: { line: 1, text: "2,5,-80" } });
  assert.ok(readPoints("").wrong);
  assert.ok(readPoints("only words").wrong);
});

test("blocks that overlap lie in different lanes", () => {
  const blocks = [{ start: 300, end: 1500 }, { start: 600, end: 900 }, { start: 1500, end: null }, { start: 0, end: 300 }];
  const lanes = laid(blocks, 7200);
  assert.deepEqual(lanes, [0, 1, 0, 0]);
});

test("times on the axis and the nearest sample", () => {
  assert.deepEqual(clockTicks(7200, 5), [0, 1800, 3600, 5400, 7200]);
  assert.deepEqual(clockTicks(60, 4), [0, 20, 40, 60]);
  assert.equal(nearest([0, 1, 5, 10], 3.2), 2);
  assert.equal(nearest([0, 1, 5, 10], 2.9), 1);
  assert.equal(nearest([0, 1, 5, 10], 99), 3);
});

test("a line has gaps where there is no value", () => {
  const same = (v) => v;
  assert.equal(line([0, 1, 2, 3, 4], [5, 6, NaN, null, 7], same, same), "M0 5L1 6M4 7");
});

test("footers are broken between words", () => {
  assert.deepEqual(wrapped("one two three", 7), ["one two", "three"]);
});

test("ions are written with their charges", () => {
  const cell = { valences: { K: 1, Cl: -1, Ca: 2, HCO3: -1, A: 0 } };
  assert.deepEqual(["K", "Cl", "Ca", "HCO3", "A"].map((ion) => symbol(cell, ion)), ["K\u207a", "Cl\u207b", "Ca\u00b2\u207a", "HCO\u2083\u207b", "A"]);
});
