// What Lab hides and reads, without a browser: `node lab.mjs DOCUMENT READING SEED... [slow]`, of the document's first cell.
// Printed is a list of {truth: [[name, value]] or null, impaled: [{values of all controls, v or null}]}. `slow` has a clock
// that is always late.
import { readFileSync } from "node:fs";
import { Engine } from "./src/engine.js";
import { createModel } from "./src/model.js";
import { axisOf } from "./src/modes/cells.js";
import { bathAt, hiddenCell, series, truthAt } from "./src/modes/hidden.js";
import { initial } from "./src/state.js";

const [path, reading, ...seeds] = process.argv.slice(2);
const doc = JSON.parse(readFileSync(path, "utf8"));
if (seeds.at(-1) === "slow") {
  seeds.pop();
  let now = 0;
  performance.now = () => (now += 1000);
}
const model = createModel({ doc, engine: new Engine(doc.kernels) });
const [cell] = doc.cells;
const steps = doc.certificate.tries_lab;
const found = [];
for (const seed of seeds) {
  const state = { ...initial(doc), reading, seed: Number(seed) };
  const hidden = await hiddenCell(model, cell, state, steps);
  const xs = hidden ? series(cell.controls[axisOf(cell, state)]).filter((x) => bathAt(cell, state, {}, x) !== null) : [];
  const read = await truthAt(model, cell, state, hidden, xs, steps);
  const at = (x) => ({ ...hidden.values, ...bathAt(cell, state, hidden.values, x) });
  found.push({
    truth: hidden?.truth.map(({ k, value }) => [cell.controls[k].name, value]) ?? null,
    impaled: xs.map((x, i) => ({ values: cell.controls.map(({ name, value }) => at(x)[name] ?? value), v: read[i][reading], outcome: read[i].outcome })),
  });
}
console.log(JSON.stringify(found));
