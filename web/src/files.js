// What leaves the page as a file: tables, pictures, the cell, the lab sheet, each with where its numbers come from.
import { commands } from "./commands.js";

export const TYPES = { csv: "text/csv;charset=utf-8", svg: "image/svg+xml;charset=utf-8", html: "text/html;charset=utf-8", toml: "application/toml" };

const cellText = (value) => {
  const text = value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A table as CSV with units in its heading; numbers with all digits, nothing where there is none. */
export function csv({ columns, rows }) {
  const head = columns.map(({ label, name, unit }) => `${name ?? label}${unit ? ` (${unit})` : ""}`);
  return [head, ...rows].map((row) => row.map(cellText).join(",")).join("\r\n") + "\r\n";
}

/** Lines that say where numbers come from. */
export function provenance({ view, doc, fragment, when = new Date() }) {
  const { cell } = view, { protocol, href } = globalThis.location ?? {};
  const place = protocol?.startsWith("http") ? href.split("#")[0] : "";
  return [
    `vrest ${doc.vrest}: ${cell.title || cell.name}, ${when.toISOString()}`,
    `V = inside minus outside; outward current of positive charge is positive`,
    `link: ${place}#${fragment.replace(/^#/, "")}`,
    ...commands(view).split("\n").filter((line) => !line.startsWith("#")).map((line) => `command: ${line}`),
  ].map((line) => line.replace(/\s+/g, " "));
}

export const comments = (lines) => lines.map((line) => `# ${line}\r\n`).join("");

/** The cell as its file, with the values of the page in full digits. */
export function toml(view, lines) {
  const { cell, values } = view;
  const text = cell.toml.replace(/@@(\d+)@@/g, (_, k) => {
    const value = values[Number(k)];
    if (!Number.isFinite(value)) throw new Error(`${cell.controls[Number(k)].name} has no number.`);
    return String(value);
  });
  return `${lines.map((line) => `# ${line}\n`).join("")}${text}`;
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

/** A table as a page to print, with room for a name. */
export function sheetPage({ columns, rows }, t, lines) {
  const tags = (name, cells) => cells.map((cell) => `<${name}>${escaped(cell)}</${name}>`).join("");
  const head = tags("th", columns.map(({ label, unit }) => (unit ? `${label}, ${unit}` : label)));
  return `<!doctype html><html lang="${t.language}"><meta charset="utf-8"><title>${escaped(t("lab.title"))}</title>
<style>body{font:11pt/1.4 system-ui,sans-serif;margin:2em}table{border-collapse:collapse;width:100%}th,td{border:1px solid #888;padding:.3em .5em;text-align:start;vertical-align:top}td:empty::after{content:"\\00a0"}footer{font-size:8pt;margin-top:2em;overflow-wrap:anywhere}@page{size:landscape}</style>
<h1>${escaped(t("lab.title"))}</h1><p>${escaped(t("lab.name"))} ______________________</p>
<table><thead><tr>${head}</tr></thead><tbody>${rows.map((row) => `<tr>${tags("td", row.map((value) => value ?? ""))}</tr>`).join("\n")}</tbody></table>
<footer>${lines.map((line) => `<div>${escaped(line)}</div>`).join("")}</footer></html>\n`;
}

/** SVG text as a PNG, twice as fine as the screen. */
export async function png(svg) {
  const image = new Image();
  image.src = `data:${TYPES.svg},${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** Pictures below each other as one SVG, with lines of text at the foot of the last. */
export function column(pictures) {
  let height = 0, width = 0;
  const placed = pictures.map((text) => {
    const [, wide] = /<svg[^>]* width="([\d.]+)"/.exec(text), [, high] = /<svg[^>]* height="([\d.]+)"/.exec(text), y = height;
    height += Number(high) + 16;
    width = Math.max(width, Number(wide));
    return text.replace("<svg", `<svg y="${y}"`);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="#ffffff"/>${placed.join("")}</svg>`;
}

/** Hands a file to the browser; says under what name. */
export function save(t, name, content, type) {
  if (window !== window.top && window.origin === "null") throw new Error(t("export.framed"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name.replace(/[^\w.-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  return t("export.saved", { name: link.download });
}

/** Saves one plot as "csv", "svg" or "png"; says under what name. */
export async function savePlot({ plot, id, kind, view, doc, fragment, t }) {
  const lines = provenance({ view, doc, fragment }), name = `vrest_${view.cell.name}_${id}.${kind}`;
  if (kind === "csv") return save(t, name, comments(lines) + csv(plot.toTable(view)), TYPES.csv);
  return kind === "svg" ? save(t, name, plot.svg(lines), TYPES.svg) : save(t, name, await png(plot.svg(lines)));
}
