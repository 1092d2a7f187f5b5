import assert from "node:assert/strict";
import { test } from "node:test";
import de from "../src/strings/de.js";
import en from "../src/strings/en.js";

const names = (text) => [...text.matchAll(/\{\w+(?::[^}]+)?\}/g)].map(([name]) => name).sort();

test("German says all that English says, with the same numbers in it", () => {
  const own = Object.keys(de).filter((key) => !key.startsWith("document.")); // in English it is the document that says these
  assert.deepEqual(own.sort(), Object.keys(en).sort());
  for (const key of own) assert.deepEqual(names(de[key]), names(en[key]), key);
});
