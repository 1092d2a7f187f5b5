import test from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import texts from "../src/strings/en.js";

const SRC = new URL("../src/", import.meta.url);
const files = [...readdirSync(new URL("plots/", SRC)).filter((name) => name.endsWith(".js")).map((name) => `plots/${name}`), "files.js", "export.js"];
const source = files.map((name) => readFileSync(new URL(name, SRC), "utf8")).join("\n");

test("every text that plots and files ask for exists, and every text is asked for", () => {
  const asked = [...source.matchAll(/"((?:plot|ladder|curve|timecourse|currents|waterfall|export|copy|lab|ended)\.[\w.]+)"/g)].map(([, key]) => key);
  for (const key of asked) assert.ok(key in texts, key);
  const stems = [...source.matchAll(/t\(`([\w.]*)\$\{/g)].map(([, stem]) => stem).concat(["curve.", "ladder.", "currents.", "timecourse.", "waterfall."]);
  const own = Object.keys(texts).filter((key) => /^(plot|ladder|curve|timecourse|currents|waterfall|ended)\./.test(key));
  for (const key of own) assert.ok(asked.includes(key) || stems.some((stem) => stem && key.startsWith(stem)), key);
});

test("every outcome has words for tables and for a stretch of the curve without a rest", () => {
  const outcomes = ["rests", "rests_run_down", "unstable", "oscillates", "swells_without_limit", "runs_out", "neutral", "not_converged", "not_followed"];
  for (const name of [...outcomes, "pending", "undecided", "impossible"]) assert.ok(`ended.${name}` in texts, name);
});
