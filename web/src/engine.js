// Memory and calls of kernels in WebAssembly. It knows arrays, nothing of neurons or units.
//
// Arrays end with an axis of lanes, as in Python: of (rows, n) the numbers of a row stand side by side. Inside the
// memory a row is as long as whole vectors; what is beyond n repeats the last lane.

const WIDTH = 2; // numbers in a vector of WebAssembly
const STACK = 1 << 20; // bytes below the arrays; the stack grows down from there
const PAGE = 65536;
const SIZE = { double: 8, i64: 8, i32: 4, i1: 1 };
const KIND = { d: "double", l: "i64", q: "i64", i: "i32", "?": "i1" }; // NumPy's characters

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt))
const VECTORS = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** What keeps a browser from running kernels; `key` is that of the text which says so and names the way out. */
export class Unable extends Error {
  constructor(key, cause) {
    super(key, { cause });
    this.key = key;
  }
}

/** "simd" or "plain": which form of the kernels this browser runs. */
export function form() {
  if (typeof WebAssembly !== "object") throw new Unable("core.no_webassembly");
  return WebAssembly.validate(Uint8Array.from(VECTORS)) ? "simd" : "plain";
}

/** Bytes of a module from base64 of gzip. */
export async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An array (rows, lanes) in the memory of an engine. */
export class Rows {
  constructor(engine, kind, count, n) {
    this.kind = kind;
    this.count = count;
    this.n = n;
    this.stride = Math.ceil(n / WIDTH) * WIDTH;
    this.at = engine.take(SIZE[kind] * count * this.stride);
    this.engine = engine;
    this.seen = null;
  }

  /** The numbers; i64 as their lower and upper halves. Not valid any more once the memory has grown. */
  get view() {
    const { buffer } = this.engine.memory;
    if (!this.seen || this.seen.buffer !== buffer) {
      const length = this.count * this.stride;
      if (this.kind === "double") this.seen = new Float64Array(buffer, this.at, length);
      else if (this.kind === "i1") this.seen = new Uint8Array(buffer, this.at, length);
      else this.seen = new Int32Array(buffer, this.at, this.kind === "i64" ? 2 * length : length);
    }
    return this.seen;
  }

  get(row, lane) {
    const k = row * this.stride + lane;
    return this.view[this.kind === "i64" ? 2 * k : k];
  }

  /** Take the numbers of an array (rows, n) from outside. */
  set(values) {
    const { view, count, n, stride, kind } = this;
    if (values.length !== count * n) throw new RangeError(`${values.length} numbers for (${count}, ${n})`);
    if (kind === "i64") {
      for (let row = 0; row < count; row++)
        for (let lane = 0; lane < stride; lane++) {
          const value = values[row * n + Math.min(lane, n - 1)];
          view[2 * (row * stride + lane)] = value;
          view[2 * (row * stride + lane) + 1] = value < 0 ? -1 : 0;
        }
    } else if (n === stride) view.set(values);
    else
      for (let row = 0; row < count; row++) {
        for (let lane = 0; lane < n; lane++) view[row * stride + lane] = values[row * n + lane];
        view.fill(values[(row + 1) * n - 1], row * stride + n, (row + 1) * stride);
      }
    return this;
  }

  /** Each row is one number in all lanes. */
  spread(values, of = 1, lane = 0) {
    const { view, count, stride } = this;
    for (let row = 0; row < count; row++) view.fill(values[row * of + lane], row * stride, (row + 1) * stride);
    return this;
  }

  /** Fill the lanes beyond n after rows were written through `view`. */
  pad() {
    const { view, count, n, stride } = this;
    if (n < stride) for (let row = 0; row < count; row++) view.fill(view[row * stride + n - 1], row * stride + n, (row + 1) * stride);
    return this;
  }

  /** A copy of a row outside. */
  row(row) {
    return this.view.slice(row * this.stride, row * this.stride + this.n);
  }

  /** A copy (rows, n) outside. */
  copy() {
    const { view, count, n, stride } = this;
    if (n === stride) return view.slice();
    const found = new view.constructor(count * n);
    for (let row = 0; row < count; row++) found.set(view.subarray(row * stride, row * stride + n), row * n);
    return found;
  }
}

const rows = (shape) => shape.reduce((a, b) => a * b, 1);

/** A kernel: f(lanes, shared[, times]) -> arrays by name. */
export class Kernel {
  constructor(engine, abi, run) {
    this.engine = engine;
    this.abi = abi;
    this.run = run;
    this.ready = new Map();
    this.lanes = abi.lanes.map(([shape, kind]) => [rows(shape), KIND[kind]]);
    this.words = abi.shared.flatMap(([shape, kind]) => new Array(rows(shape)).fill(KIND[kind]));
    const told = abi.outs.filter(([, , wide], k) => !wide && k !== abi.samples);
    this.given = engine.take(8 * (this.words.length + 1));
    this.told = engine.take(8 * (told.reduce((sum, [shape]) => sum + rows(shape), 0) + 1));
  }

  /** Arrays of so many lanes: what goes in, what comes out. They are used again by the next call of as many. */
  arrays(n) {
    let found = this.ready.get(n);
    if (!found) {
      const { engine, abi } = this;
      const into = this.lanes.map(([count, kind]) => new Rows(engine, kind, count, n));
      const out = {};
      const wide = [];
      abi.outs.forEach(([shape, kind, lanes], k) => {
        if (!lanes || k === abi.samples) return;
        out[abi.fields[k]] = new Rows(engine, kind, rows(shape), n);
        wide.push(out[abi.fields[k]]);
      });
      found = { into, out, wide, table: engine.take(4 * (4 + into.length + wide.length)) };
      this.ready.set(n, found);
    }
    return found;
  }

  /** Write what all lanes share. */
  give(numbers) {
    const { words } = this;
    const { reals, halves } = this.engine;
    if (numbers.length !== words.length) throw new RangeError(`${numbers.length} shared numbers for ${words.length}`);
    let word = this.given / 8;
    for (let k = 0; k < words.length; k++, word++) {
      if (words[k] === "double") reals[word] = numbers[k];
      else {
        halves[2 * word] = numbers[k];
        halves[2 * word + 1] = numbers[k] < 0 ? -1 : 0;
      }
    }
  }

  /**
   * @param {number} n Lanes.
   * @param {(Rows|ArrayLike<number>)[]} lanes What goes in: arrays of an engine are read where they are, others copied.
   * @param {(number|number[])[]} shared What all lanes share.
   * @param {{times: Rows, into: Rows}|null} samples Where samples are taken: times (1, times) ending with infinity,
   *   room (states, times) for one lane.
   * @returns Arrays by name, valid until the next call with as many lanes.
   */
  call(n, lanes, shared = [], samples = null) {
    const { engine } = this;
    const { into, out, wide, table } = this.arrays(n);
    if (lanes.length !== into.length) throw new RangeError(`${lanes.length} arrays for ${into.length}`);
    const addresses = lanes.map((array, k) => {
      if (array instanceof Rows) {
        if (array.n !== n || array.count !== into[k].count || array.kind !== into[k].kind)
          throw new RangeError(`array ${k} is (${array.count}, ${array.n}), not (${into[k].count}, ${n})`);
        return array.at;
      }
      return into[k].set(array).at;
    });
    this.give(shared.flat(2));
    const { halves } = engine;
    const at = table / 4;
    halves[at] = this.given;
    halves[at + 1] = this.told;
    halves[at + 2] = samples ? samples.times.at : this.told;
    halves[at + 3] = samples ? samples.into.at : this.told;
    addresses.forEach((address, k) => (halves[at + 4 + k] = address));
    wide.forEach((array, k) => (halves[at + 4 + addresses.length + k] = array.at));
    const whole = Math.ceil(n / WIDTH) * WIDTH;
    this.run(table, BigInt(whole), BigInt(n), BigInt(samples ? samples.times.n : 0));
    return out;
  }
}

/** Kernels of one document and the memory that they share. */
export class Engine {
  constructor(kernels) {
    this.kernels = kernels;
    this.form = form();
    try {
      this.memory = new WebAssembly.Memory({ initial: (4 * STACK) / PAGE });
      this.stack = new WebAssembly.Global({ value: "i32", mutable: true }, STACK);
    } catch (cause) {
      throw new Unable("core.no_memory", cause);
    }
    this.top = STACK;
    this.loaded = new Map();
    this.view();
  }

  view() {
    this.reals = new Float64Array(this.memory.buffer);
    this.halves = new Int32Array(this.memory.buffer);
  }

  /** The address of so many bytes, which stay taken. */
  take(bytes) {
    const at = this.top;
    this.top = (at + bytes + 15) & ~15;
    const missing = this.top - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.max(Math.ceil(missing / PAGE), 16));
      } catch (cause) {
        throw new Unable("core.no_memory", cause);
      }
      this.view();
    }
    return at;
  }

  rows(count, n, kind = "double") {
    return new Rows(this, kind, count, n);
  }

  /** The kernel of a key of the document, compiled when it is first asked for. */
  load(key) {
    let found = this.loaded.get(key);
    if (!found) {
      found = this.instantiated(key);
      this.loaded.set(key, found);
      found.catch(() => this.loaded.delete(key));
    }
    return found;
  }

  async instantiated(key) {
    const packed = this.kernels[key];
    if (!packed) throw new RangeError(`no kernel ${key}`);
    const bytes = await unpacked(packed[this.form]);
    const imports = { env: { __linear_memory: this.memory, __stack_pointer: this.stack, fmod: (a, b) => a % b } };
    try {
      const { instance } = await WebAssembly.instantiate(bytes, imports);
      return new Kernel(this, packed.abi, instance.exports.run);
    } catch (cause) {
      throw new Unable(cause instanceof WebAssembly.CompileError ? "core.forbidden" : "core.no_memory", cause);
    }
  }
}
