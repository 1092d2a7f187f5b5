import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { eigenvalues } from "../src/eigenvalues.js";

// Random, badly scaled, stiff and sparse matrices of 1 to 30 rows with the eigenvalues that LAPACK finds;
// "error": 1e-14 of the norm of the balanced matrix, times the condition number of the eigenvalue.
const known = JSON.parse(readFileSync(new URL("eigenvalues.json", import.meta.url)));

function farthest(found, expected) {
  const left = new Set(expected.re.keys());
  let worst = 0;
  for (let i = 0; i < found.re.length; i++) {
    let nearest = -1;
    let least = Infinity;
    for (const j of left) {
      const distance = Math.hypot(found.re[i] - expected.re[j], found.im[i] - expected.im[j]) / expected.error[j];
      if (distance < least) [nearest, least] = [j, distance];
    }
    left.delete(nearest);
    worst = Math.max(worst, least);
  }
  return worst;
}

test("eigenvalues are those of LAPACK", () => {
  for (const expected of known) {
    const found = eigenvalues(Float64Array.from(expected.matrix), expected.n);
    assert.ok(farthest(found, expected) < 1, `${expected.n} rows`);
  }
});

test("a companion matrix has the roots of its polynomial", () => {
  // (x + 1)(x + 2)(x - 3)(x^2 + 2 x + 5)
  const coefficients = [-30, -47, -20, -2, 2];
  const matrix = new Float64Array(25);
  for (let i = 0; i < 5; i++) {
    matrix[i * 5 + 4] = -coefficients[i];
    if (i) matrix[i * 5 + i - 1] = 1;
  }
  const { re, im } = eigenvalues(matrix, 5);
  const found = [...re.keys()].map((i) => [re[i], im[i]]);
  for (const [real, imaginary] of [[-2, 0], [-1, 0], [3, 0], [-1, 2], [-1, -2]])
    assert.ok(found.some(([u, v]) => Math.hypot(u - real, v - imaginary) < 1e-13), `${real} ${imaginary}`);
});

test("what is not finite has none, and one row has itself", () => {
  assert.equal(eigenvalues(Float64Array.of(1, NaN, 0, 1), 2), null);
  assert.deepEqual([...eigenvalues(Float64Array.of(-7), 1).re], [-7]);
  assert.deepEqual([...eigenvalues(new Float64Array(4), 2).re], [0, 0]);
});
