import test from "node:test";
import assert from "node:assert/strict";
import { commands, pythonCode, quoted, runCommand, settledCommand } from "../src/commands.js";
import { command } from "../src/export.js";

const CONTROLS = [
  { name: "outside.K", unit: "mM", value: 5, fixed_at_start: false },
  { name: "outside.Na", unit: "mM", value: 145, fixed_at_start: false },
  { name: "inside.K", unit: "mM", value: 140, fixed_at_start: true },
  { name: "pump.max_rate", unit: "pmol/cm2/s", value: 66.66725455171135, fixed_at_start: false },
  { name: "K_leak.count", unit: "1", value: 2, fixed_at_start: false },
];
const cell = (changes = {}) => ({ name: "my_cell", file: "my_cell", controls: CONTROLS, reference: { rests: true }, ...changes });
const view = (values, { blocks = [], stages = [], start = "rest", of = cell(), now = -70 } = {}) => ({
  cell: of, values: CONTROLS.map(({ name, value }) => values[name] ?? value), now: { v: [now] }, rest: { isRest: start === "rest" },
  state: { values, blocks, until: 7200, log: false }, run: { stages, start },
});

test("words are quoted so that a shell gives them back", async () => {
  const { execFileSync } = await import("node:child_process");
  for (const word of ["plain.toml", "two words", "it's", 'a "b"', "$HOME", "`id`", "a\\b", "-x.toml", "a!b", "%PATH%", "100 %", "a;rm b", "\u00e9t\u00e9 1"]) {
    const got = execFileSync("sh", ["-c", `printf %s ${quoted(word)}`], { encoding: "utf8" });
    assert.equal(got, word.startsWith("-") ? `./${word}` : word);
  }
});

test("nothing changed is a rest, a changed bath a settled, and both baths are named", () => {
  assert.equal(settledCommand({ values: {} }, cell()), "vrest rest my_cell");
  assert.equal(settledCommand({ values: { "outside.Na": 142, "outside.K": 8 } }, cell()), 'vrest settled my_cell --set "outside.K=8 mM" --set "outside.Na=142 mM"');
  assert.equal(settledCommand({ values: { "K_leak.count": 3 } }, cell()), "vrest settled my_cell --set K_leak.count=3");
});

test("changed contents begin from a file of the rest", () => {
  assert.equal(settledCommand({ values: { "inside.K": 130 } }, cell({ file: "my cell.toml" })), 'vrest rest "my cell.toml" -o my_cell_rest.toml\nvrest rest my_cell_rest.toml --set "inside.K=130 mM"');
  assert.match(commands(view({ "inside.K": 130 })), /# at once, .* Python$/);
});

test("a cell without a rest is taken as described", () => {
  const of = cell({ reference: { rests: false } });
  assert.equal(settledCommand({ values: { "outside.K": 8, "inside.K": 130 } }, of), 'vrest rest my_cell --set "outside.K=8 mM" --set "inside.K=130 mM"');
  const code = pythonCode(view({ "outside.K": 8 }, { of }));
  assert.match(code, /cell = vrest.load\("my_cell"\)/);
  assert.doesNotMatch(code, /before/);
});

test("a run says every change with all digits", () => {
  const off = [5, 145, 140, 0, 2], on = [5, 145, 140, 66.66725455171135, 2];
  const found = view({}, { blocks: [{}], stages: [{ start: 0, values: on }, { start: 300, values: off }, { start: 1500.5, values: on }] });
  assert.equal(runCommand(found), 'vrest run my_cell --from-rest --at "300 s" "pump.max_rate=0 pmol/cm2/s" --at "1500.5 s" "pump.max_rate=66.66725455171135 pmol/cm2/s" --until "7200 s"');
  assert.equal(commands(found), `vrest rest my_cell\n${runCommand(found)}`);
  assert.match(pythonCode(found), /\("1500.5 s", "pump.max_rate=66.66725455171135 pmol\/cm2\/s"\)\], "7200 s", start=settled.state\)/);
});

test("a run from what is described does not begin at rest", () => {
  const stages = [{ start: 0, values: [90, 145, 140, 0, 2] }];
  const found = view({ "outside.K": 90 }, { blocks: [{}], stages, start: "described" });
  assert.equal(runCommand(found), 'vrest rest my_cell -o my_cell_rest.toml\nvrest run my_cell_rest.toml --set "outside.K=90 mM" --at "0 s" "pump.max_rate=0 pmol/cm2/s" --until "7200 s"');
  assert.doesNotMatch(pythonCode(found), /start=/);
  const asked = (start) => command({ what: "run", state: { ...found.state, blocks: [] }, cell: cell(), start });
  assert.doesNotMatch(asked("described"), /--from-rest/);
  assert.match(asked("rest"), /--from-rest/);
});

test("Python asks for no number that there is not", () => {
  const code = pythonCode(view({ "outside.K": 90 }, { start: "described", now: null }));
  assert.doesNotMatch(code, /instant|settled\.v_rest/);
  assert.match(code, /print\(before\.v_rest, settled\.outcome\.name\)/);
});

test("Python puts contents first and freezes them at once", () => {
  assert.equal(pythonCode(view({ "outside.K": 8, "inside.K": 130.25 })), [
    "import vrest", "", 'before = vrest.rest("my_cell")', "cell = before.as_cell()",
    'cell = vrest.apply(cell, {"inside.K": 130.25})  # contents, mM', 'changes = {"outside.K": 8}',
    "now = vrest.instant(cell, changes)  # contents frozen", "settled = vrest.rest(vrest.apply(cell, changes))",
    "print(before.v_rest, now.v, settled.v_rest, settled.outcome.name)  # mV",
  ].join("\n"));
});
