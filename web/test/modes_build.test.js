import assert from "node:assert/strict";
import { test } from "node:test";

import { alwaysOn, offAfter, stepsOf, valuesAt } from "../src/modes/steps.js";
import en from "../src/strings/en.js";
import { fakeCell } from "./modes_fakes.js";

const cell = fakeCell();
const steps = stepsOf(cell);
const names = (step) => step.adds.map((k) => cell.controls[k].name);

test("a cell is built in Baptista's order, and each strength is switched on once", () => {
  assert.deepEqual(steps.map((s) => s.id), ["membrane", "ions", "k_leak", "na_leak", "pump", "cl_leak", "others", "water"]);
  assert.deepEqual(names(steps[6]), ["nkcc.rate"]);
  const all = steps.flatMap((s) => s.adds).sort((a, b) => a - b);
  assert.deepEqual(all, cell.controls.flatMap((c, k) => (c.switch ? [k] : [])));
});

test("steps for which a cell has nothing are left out, and so is what it has off", () => {
  const off = structuredClone(cell);
  off.controls[8].value = 0;
  off.transports = off.transports.filter((tr) => tr.ion !== "Cl");
  off.controls[6].switch = false;
  assert.deepEqual(stepsOf(off).map((s) => s.id), ["membrane", "ions", "k_leak", "na_leak", "pump", "water"]);
});

test("every transport of a later step is off, and the whole cell is the reference again", () => {
  let values = { "outside.K": 12 };
  for (let i = 0; i < steps.length; i++) {
    values = valuesAt(cell, steps, i, values);
    const off = steps.slice(i + 1).flatMap((s) => names(s));
    for (const name of steps.flatMap((s) => names(s))) assert.equal(values[name] === 0, off.includes(name), `${i} ${name}`);
  }
  assert.deepEqual(values, { "outside.K": 12 });
});

test("what was set on the way stays when going on, and is gone with its step", () => {
  const on = valuesAt(cell, steps, 4, { "pump.max_rate": 30 });
  assert.equal(on["pump.max_rate"], 30);
  assert.equal(valuesAt(cell, steps, 3, on)["pump.max_rate"], 0);
});

test("a state is of a step if all later transports are off", () => {
  assert.ok(offAfter(cell, steps, 3, valuesAt(cell, steps, 3, {})));
  assert.ok(!offAfter(cell, steps, 2, valuesAt(cell, steps, 3, {})));
  assert.ok(offAfter(cell, steps, steps.length - 1, {}));
});

test("what the page cannot switch off is named", () => {
  assert.deepEqual(alwaysOn(cell), ["leak of all"]);
});

test("each step says what it does, asks and tells what to notice", () => {
  for (const { id } of steps) for (const part of ["title", "does", "question", "notice"]) assert.ok(en[`build.${id}.${part}`], `${id} ${part}`);
});
