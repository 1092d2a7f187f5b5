// The page's modules and style, each bundled into one file of src/vrest/page/static that asks for nothing.
// `node build.mjs` writes them, `node build.mjs --check` says whether what is committed is what the sources give.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const WEB = dirname(fileURLToPath(import.meta.url));
const STATIC = fileURLToPath(new URL("../src/vrest/page/static/", import.meta.url));
const FILES = { "open.js": "src/open.js", "page.js": "src/main.js", "page.css": "src/style.css" };

async function bundled(name, source) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: WEB,
    entryPoints: [source],
    outfile: STATIC + name,
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  }).catch(() => process.exit(1)); // it has said why
  const asked = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  if (asked.length) {
    console.error(`web/${source}: a page opens without a network, and this asks for ${asked.join(", ")}; put it into web/src`);
    process.exit(1);
  }
  return Buffer.from(outputFiles[0].contents);
}

const check = process.argv.slice(2).join() === "--check";
if (process.argv.length > 2 && !check) {
  console.error(`build.mjs: got ${process.argv.slice(2).join(" ")}; allowed is --check or nothing`);
  process.exit(2);
}
await mkdir(STATIC, { recursive: true });
for (const [name, source] of Object.entries(FILES)) {
  const made = await bundled(name, source);
  const path = STATIC + name;
  const shown = relative(dirname(WEB), path);
  if (!check) {
    await writeFile(path, made);
    console.log(`${shown}: ${made.length} bytes`);
    continue;
  }
  const there = await readFile(path).catch(() => null);
  if (there?.equals(made)) continue;
  console.error(`${shown} ${there ? "is not what web/src gives" : "is missing"}: run make web and commit it`);
  process.exitCode = 1;
}
