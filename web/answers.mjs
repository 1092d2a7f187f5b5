// What a page answers, without a browser: `node answers.mjs DOCUMENT ASKED`, both JSON. ASKED is a list of values of all
// controls of the document's first cell; printed is a list of {outcome, why, without, v, state,
// now, slowest, rounding}.
import { readFileSync } from "node:fs";
import { Engine } from "./src/engine.js";
import { createModel } from "./src/model.js";

const [doc, asked] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
const model = createModel({ doc, engine: new Engine(doc.kernels) });
const [{ name }] = doc.cells;
await model.load(name);
const cell = model.of(name);
const answers = asked.map((values) => {
  const { now, rest } = cell.answer(Float64Array.from(values));
  rest.advance(doc.certificate.tries);
  const points = rest.search?.points;
  const { outcome, why, without, v } = rest;
  const state = rest.state && [...rest.state];
  return { outcome, why, without, v, state, now: now.v, slowest: points?.slowest[0], rounding: points?.rounding[0] };
});
console.log(JSON.stringify(answers));
