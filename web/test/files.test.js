import test from "node:test";
import assert from "node:assert/strict";
import { column, csv, provenance, sheetPage, toml } from "../src/files.js";

const cell = {
  name: "my_cell", title: "My\ncell", file: "my_cell", reference: { rests: true },
  controls: [{ name: "outside.K", unit: "mM", value: 5 }, { name: "P", unit: "cm/s", value: 1e-6 }],
  toml: 'K = {value = "@@0@@ mM"}\nP = "@@1@@ cm/s"\n',
};
const view = { cell, values: Float64Array.of(0.1 + 0.2, 5e-324), state: { values: { "outside.K": 8 }, blocks: [], until: 60 }, run: { stages: [] } };

test("numbers keep all digits, units stand in the heading, nothing stays nothing", () => {
  const table = { columns: [{ label: "[K] outside", name: "outside.K", unit: "mM" }, { label: "V", unit: "mV" }, { label: "said" }], rows: [[0.1 + 0.2, -70.00000000000001, 'a "b", c'], [1, null, undefined], [2, NaN, "x\ny"]] };
  assert.equal(csv(table), 'outside.K (mM),V (mV),said\r\n0.30000000000000004,-70.00000000000001,"a ""b"", c"\r\n1,,\r\n2,,"x\ny"\r\n');
});

test("the cell's file gets the numbers of the page, and no line breaks out of the comments", () => {
  const lines = provenance({ view, doc: { vrest: "9.9" }, fragment: "#cell=my_cell&outside.K=8", when: new Date(0) });
  const text = toml(view, lines);
  assert.ok(text.endsWith('K = {value = "0.30000000000000004 mM"}\nP = "5e-324 cm/s"\n'));
  assert.ok(text.split("\n").slice(0, lines.length).every((line) => line.startsWith("# ")));
  assert.match(text, /vrest 9\.9: My cell, 1970-01-01T00:00:00\.000Z/);
  assert.match(text, /link: #cell=my_cell&outside\.K=8/);
  assert.match(text, /command: vrest settled my_cell --set "outside\.K=8 mM"/);
  assert.throws(() => toml({ ...view, values: [1, NaN] }, []), /P has no number/);
});

test("what people wrote cannot become markup of the sheet", () => {
  const page = sheetPage({ columns: [{ label: "reason" }, { label: "predicted", unit: "mV" }], rows: [["<img src=x onerror=alert(1)>", "-60.00"]] }, Object.assign((key) => key, { language: "en" }), ["a & b"]);
  assert.ok(page.includes("<td>&lt;img src=x onerror=alert(1)&gt;</td><td>-60.00</td>"));
  assert.ok(page.includes("<th>predicted, mV</th>") && page.includes("a &amp; b"));
});

test("pictures stand below each other", () => {
  const one = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100.5" viewBox="0 0 300 100.5"></svg>';
  const found = column([one, one.replace("300", "400")]);
  assert.match(found, /width="400" height="233" viewBox="0 0 400 233"/);
  assert.ok(found.includes('<svg y="0" xmlns') && found.includes('<svg y="116.5" xmlns'));
});
