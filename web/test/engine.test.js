import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { Engine, form, Kernel, Unable, unpacked } from "../src/engine.js";

// Kernels are called by a table of addresses: shared numbers, what comes out without lanes, times, room for samples, then
// the arrays that go in and those that come out (numerics/compiler/lowering.py). A function in JavaScript reads them here.

const abi = {
  lanes: [[[2], "d"], [[], "l"]],
  shared: [[[2], "d"], [[], "l"]],
  outs: [[[2], "double", true], [[], "i64", true], [[], "i1", true], [[2], "double", true]],
  fields: ["scaled", "counts", "positive", "samples"],
  samples: 3,
};

/** scaled = a * shared[0] + shared[1]; counts = b + shared[2]; positive = a[0] > 0; samples = row + time. */
function reading(engine, calls) {
  return (table, lanes, own, times) => {
    const [whole, n] = [Number(lanes), Number(own)];
    calls.push([whole, n, Number(times)]);
    const view = new DataView(engine.memory.buffer);
    const address = (k) => view.getUint32(table + 4 * k, true);
    const real = (k, i) => view.getFloat64(address(k) + 8 * i, true);
    for (let i = 0; i < 2 * whole; i++) view.setFloat64(address(6) + 8 * i, real(4, i) * real(0, 0) + real(0, 1), true);
    for (let i = 0; i < whole; i++) {
      view.setBigInt64(address(7) + 8 * i, view.getBigInt64(address(5) + 8 * i, true) + view.getBigInt64(address(0) + 16, true), true);
      view.setUint8(address(8) + i, real(4, i) > 0 ? 1 : 0);
    }
    const count = Number(times);
    for (let row = 0; row < 2; row++)
      for (let k = 0; k < count; k++) if (real(2, k) < Infinity) view.setFloat64(address(3) + 8 * (row * count + k), row + real(2, k), true);
  };
}

function made() {
  const engine = new Engine({});
  const calls = [];
  return { engine, calls, kernel: new Kernel(engine, abi, reading(engine, calls)) };
}

test("arrays go in and come out row by row, with lanes in whole vectors", () => {
  const { kernel, calls } = made();
  const out = kernel.call(3, [Float64Array.of(1, -2, 3, 4, 5, 6), [7, -8, 2 ** 31 - 1]], [[10, 0.5], -1]);
  assert.deepEqual(calls, [[4, 3, 0]]);
  assert.deepEqual([...out.scaled.copy()], [10.5, -19.5, 30.5, 40.5, 50.5, 60.5]);
  assert.deepEqual([...out.scaled.row(1)], [40.5, 50.5, 60.5]);
  assert.deepEqual([0, 1, 2].map((lane) => out.counts.get(0, lane)), [6, -9, 2 ** 31 - 2]);
  assert.deepEqual([0, 1, 2].map((lane) => out.positive.get(0, lane)), [1, 0, 1]);
});

test("lanes beyond the last repeat it", () => {
  const { kernel, engine } = made();
  const rows = engine.rows(2, 3).set([1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...rows.view], [1, 2, 3, 3, 4, 5, 6, 6]);
  assert.deepEqual([...kernel.call(3, [rows, [0, 0, 0]], [[1, 0], 0]).scaled.view], [1, 2, 3, 3, 4, 5, 6, 6]);
  assert.deepEqual([...engine.rows(2, 3).spread([7, 8]).view], [7, 7, 7, 7, 8, 8, 8, 8]);
  rows.view.set([9, 9, 9, 0], 0);
  assert.deepEqual([...rows.pad().view.subarray(0, 4)], [9, 9, 9, 9]);
});

test("what one kernel gives another takes where it is, and growing memory moves nothing", () => {
  const { kernel, engine } = made();
  const other = new Kernel(engine, abi, reading(engine, []));
  const { scaled } = kernel.call(2, [[1, 2, 3, 4], [0, 0]], [[2, 0], 0]);
  engine.take(2 ** 24);
  const out = other.call(2, [scaled, [0, 0]], [[2, 1], 0]);
  assert.deepEqual([...out.scaled.copy()], [5, 9, 13, 17]);
  assert.deepEqual([...scaled.copy()], [2, 4, 6, 8]);
});

test("samples are written where there is room for them", () => {
  const { kernel, engine } = made();
  const times = engine.rows(1, 3).set([0.25, 0.5, Infinity]);
  const into = engine.rows(1, 6);
  into.view.fill(NaN);
  kernel.call(1, [[1, 2], [0]], [[1, 0], 0], { times, into });
  assert.deepEqual([...into.copy()], [0.25, 0.5, NaN, 1.25, 1.5, NaN]);
});

test("what does not fit is refused", () => {
  const { kernel, engine } = made();
  assert.throws(() => kernel.call(2, [[1, 2, 3], [0, 0]], [[1, 0], 0]), RangeError);
  assert.throws(() => kernel.call(2, [[1, 2, 3, 4]], [[1, 0], 0]), RangeError);
  assert.throws(() => kernel.call(2, [[1, 2, 3, 4], [0, 0]], [[1, 0]]), RangeError);
  assert.throws(() => kernel.call(2, [engine.rows(2, 3), [0, 0]], [[1, 0], 0]), RangeError);
});

test("a module is unpacked and runs in the memory of the engine", async () => {
  // (import "env" "__linear_memory" (memory 0)) (func (export "run") (param i32 i64 i64 i64)
  //   (f64.store (i32.load offset=20 (local.get 0)) (f64.load (i32.load offset=16 (local.get 0)))))
  const name = (text) => [text.length, ...new TextEncoder().encode(text)];
  const section = (kind, body) => [kind, body.length, ...body];
  const code = [0, 32, 0, 40, 2, 20, 32, 0, 40, 2, 16, 43, 3, 0, 57, 3, 0, 11];
  const module = Uint8Array.from([
    0, 97, 115, 109, 1, 0, 0, 0,
    ...section(1, [1, 96, 4, 127, 126, 126, 126, 0]),
    ...section(2, [1, ...name("env"), ...name("__linear_memory"), 2, 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0, 0]),
    ...section(10, [1, code.length, ...code]),
  ]);
  const packed = gzipSync(module).toString("base64");
  assert.deepEqual(await unpacked(packed), module);
  const own = { lanes: [[[], "d"]], shared: [], outs: [[[], "double", true]], fields: [""], samples: null };
  const engine = new Engine({ key: { abi: own, simd: packed, plain: packed }, broken: { abi: own, simd: packed.slice(0, 8), plain: "" } });
  const kernel = await engine.load("key");
  assert.equal(kernel.call(1, [[42]])[""].get(0, 0), 42);
  assert.equal(await engine.load("key"), kernel);
  await assert.rejects(engine.load("broken"));
  await assert.rejects(engine.load("none"), RangeError);
});

test("without WebAssembly it says so by the key of a text", () => {
  const own = globalThis.WebAssembly;
  assert.ok(["simd", "plain"].includes(form()));
  try {
    globalThis.WebAssembly = undefined;
    assert.throws(() => new Engine({}), (error) => error instanceof Unable && error.key === "core.no_webassembly");
  } finally {
    globalThis.WebAssembly = own;
  }
});
