import assert from "node:assert/strict";
import { test } from "node:test";

import { hash, logUniform, mean, mulberry32, normal, sem, stream } from "../src/modes/random.js";

const draws = (n, make) => Array.from({ length: n }, make);

test("mulberry32 gives the numbers of the same recurrence in Python's integers", () => {
  const python = new Map([
    [0, [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]],
    [1, [0.6270739405881613, 0.002735721180215478, 0.5274470399599522]],
    [0xffffffff, [0.8964226141106337, 0.189478256739676, 0.7156526781618595]],
  ]);
  for (const [seed, expected] of python) assert.deepEqual(draws(3, mulberry32(seed)), expected);
});

test("texts are hashed as FNV-1a's published examples", () => {
  assert.deepEqual(["", "a", "foobar"].map(hash), [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});

test("each use of a seed has draws of its own, and always the same", () => {
  const first = draws(4, stream(3, "a"));
  assert.deepEqual(draws(4, stream(3, "a")), first);
  assert.notDeepEqual(draws(4, stream(3, "b")), first);
  assert.notDeepEqual(draws(4, stream(4, "a")), first);
});

test("normal draws have the moments and the tails of a normal distribution", () => {
  const random = stream(11, "moments");
  const n = 40000;
  const xs = draws(n, () => normal(random));
  const moment = (k) => mean(xs.map((x) => x ** k));
  // five standard errors of each moment
  assert.ok(Math.abs(moment(1)) < 5 / Math.sqrt(n));
  assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / n));
  assert.ok(Math.abs(moment(3)) < 5 * Math.sqrt(15 / n));
  assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / n));
  const beyond = xs.filter((x) => Math.abs(x) > 1.959964).length / n;
  assert.ok(Math.abs(beyond - 0.05) < 5 * Math.sqrt((0.05 * 0.95) / n));
  assert.ok(xs.every(Number.isFinite));
});

test("a logarithm is uniform between its ends", () => {
  const random = stream(5, "log");
  const xs = draws(20000, () => logUniform(random, 0.5, 8));
  assert.ok(xs.every((x) => x >= 0.5 && x < 8));
  assert.ok(Math.abs(xs.filter((x) => x < 2).length / xs.length - 0.5) < 0.02);
});

test("mean and standard error of a worked example", () => {
  const xs = [2, 4, 4, 4, 5, 5, 7, 9];
  assert.equal(mean(xs), 5);
  assert.ok(Math.abs(sem(xs) - Math.sqrt(32 / 7 / 8)) < 1e-15);
});
