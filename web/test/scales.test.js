import test from "node:test";
import assert from "node:assert/strict";
import { extent, linear, logarithmic, logTicks, niceStep, spread, sticky, stretches, ticks } from "../src/plots/scales.js";

test("scales go there and back", () => {
  const X = linear(-100, 50, 300, 0), L = logarithmic(0.1, 100, 40, 340);
  assert.equal(X(-100), 300);
  assert.equal(X(50), 0);
  assert.ok(Math.abs(X.invert(X(-63.9)) + 63.9) < 1e-12);
  assert.ok(Math.abs(L(1) - 140) < 1e-9 && Math.abs(L(10) - 240) < 1e-9);
  assert.ok(Math.abs(L.invert(L(8)) - 8) < 1e-12);
});

test("ticks are round numbers within the range", () => {
  assert.deepEqual(ticks(-100, 100, 5), [-100, -50, 0, 50, 100]);
  assert.deepEqual(ticks(0, 0.35, 4), [0, 0.1, 0.2, 0.3]);
  assert.equal(niceStep(7, 5), 2);
  assert.deepEqual(logTicks(0.5, 150, 10), [0.5, 1, 2, 5, 10, 20, 50, 100]);
  assert.deepEqual(logTicks(0.5, 150, 6), [1, 3, 10, 30, 100]);
  assert.deepEqual(logTicks(0.5, 150, 3), [1, 10, 100]);
});

test("a range stays while it holds what is drawn, and gives way when it does not", () => {
  const first = sticky(null, -89, 61);
  assert.ok(first[0] <= -89 && first[1] >= 61);
  assert.equal(sticky(first, -80, 55), first);
  const grown = sticky(first, -150, 61);
  assert.ok(grown[0] <= -150);
  const shrunk = sticky(grown, -70, -60);
  assert.ok(shrunk[1] - shrunk[0] < 30 && shrunk[0] <= -70 && shrunk[1] >= -60);
  assert.deepEqual(sticky(first, Infinity, -Infinity), first);
});

test("a range never jumps to and fro while a value creeps", () => {
  let range = null, changes = 0;
  for (let v = -70; v < 0; v += 0.1) {
    const next = sticky(range, v - 20, v + 20);
    if (next !== range) changes += 1;
    assert.ok(next[0] <= v - 20 && next[1] >= v + 20);
    range = next;
  }
  assert.ok(changes < 12, String(changes));
});

/** The best places by trying all that a fine grid has. */
function bruteForce([a, b, c], gap) {
  let best = null, least = Infinity;
  for (let x = 0; x <= 40; x += 0.25)
    for (let y = x + gap; y <= 50; y += 0.25)
      for (let z = y + gap; z <= 60; z += 0.25) {
        const cost = (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2;
        if (cost < least) [least, best] = [cost, [x, y, z]];
      }
  return best;
}

test("labels keep apart and stay as near as can be", () => {
  for (const wanted of [[10, 11, 12], [10, 30, 31], [5, 5, 40], [20, 20, 20]]) {
    const found = spread(wanted, 8, 0, 60), best = bruteForce(wanted, 8);
    found.forEach((place, k) => assert.ok(Math.abs(place - best[k]) <= 0.2, `${found} ${best}`));
  }
  assert.deepEqual(spread([30, 10], 5, 0, 60), [30, 10]);
});

test("labels stay within the picture", () => {
  const found = spread([-20, -19, 100, 101], 10, 0, 60);
  assert.ok(Math.min(...found) >= 0 && Math.max(...found) <= 60);
  const sorted = [...found].sort((a, b) => a - b);
  for (let k = 1; k < sorted.length; k += 1) assert.ok(sorted[k] - sorted[k - 1] >= 10 - 1e-9);
});

test("extents pass over what is not a number, stretches name runs of neighbours", () => {
  assert.deepEqual(extent([NaN, 3, null], new Float64Array([-1, Infinity])), [-1, 3]);
  assert.deepEqual(stretches(7, (k) => [1, 2, 5].includes(k)), [[1, 2], [5, 5]]);
});

test("numbers that differ by rounding alone have a range", () => {
  const [lo, hi] = sticky(null, -114.40508023191056, -114.40508023191054);
  assert.ok(lo < -114.41 && hi > -114.4 && ticks(lo, hi, 6).length > 2);
});
