import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../src/strings/", import.meta.url);
const parts = readdirSync(folder).flatMap((file) => /^en\.(\w+)\.js$/.exec(file)?.[1] ?? []);
const texts = async (language, part) => (await import(new URL(`${language}.${part}.js`, folder))).default;
const names = (text) => [...text.matchAll(/\{\w+(?::[^}]+)?\}/g)].map(([name]) => name).sort();

for (const part of parts)
  test(`German says all that English says, with the same numbers in it: ${part}`, async () => {
    const [en, de] = [await texts("en", part), await texts("de", part)];
    assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
    for (const key of Object.keys(en)) assert.deepEqual(names(de[key]), names(en[key]), key);
  });

test("there are parts to compare", () => assert.ok(parts.includes("modes")));
