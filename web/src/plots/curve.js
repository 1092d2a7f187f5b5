// V against a bath ion on a logarithmic axis: settled, at once, Nernst, GHK; where there is no rest; points and data.
import { HALO, axes, color, dash, figure, handle, html, line, make, marks, say, set } from "./svg.js";
import { extent, logTicks, logarithmic, linear, spread, sticky, stretches, ticks } from "./scales.js";
import { chosen } from "../rows.js";

const SERIES = ["nernst", "ghk", "now", "settled"]; // later ones lie on top

/** onX(value, phase) sets the ion, onDrop() keeps the present points, onData(points) shows points [{x, v}] that were pasted. */
export function createPlot(host, { t, doc, store, onX, onDrop, onData }) {
  let view = null, range = null, X = null;
  const plot = figure(host, { t, doc, store, name: "curve", draw, toTable });
  const hatch = pattern(plot);
  const axis = axes(plot.svg);
  const gap = marks(() => {
    const group = make("g", {}, plot.svg);
    return Object.assign(group, {
      rect: make("rect", { fill: `url(#${hatch})`, stroke: color("shade"), "stroke-opacity": 0.5 }, group),
      text: make("text", { "text-anchor": "middle", "font-size": "90%", ...HALO }, group),
    });
  });
  const shadow = make("path", { fill: "none", stroke: "currentColor", "stroke-opacity": 0.22, "stroke-width": 5 }, plot.svg);
  const series = marks((name) => {
    const group = make("g", {}, plot.svg), ink = name === "settled" ? "v" : name.replace("nernst ", "");
    const look = { fill: "none", stroke: color(ink), "stroke-width": name === "settled" ? 2.6 : 2, "stroke-dasharray": dash(ink) };
    return Object.assign(group, {
      path: make("path", look, group),
      sample: make("path", look, group),
      lead: make("path", { fill: "none", stroke: "currentColor", "stroke-opacity": 0.35 }, group),
      label: make("text", {}, group),
    });
  });
  const dots = marks((key) => make("path", { fill: "none", stroke: key.startsWith("data") ? color("ghk") : "currentColor", "stroke-width": 1.8 }, plot.svg));
  const guide = make("line", { stroke: "currentColor", "stroke-opacity": 0.45, "stroke-dasharray": "2 3" }, plot.svg);
  const knob = make("path", { fill: "currentColor" }, plot.svg);
  const at = {
    now: make("circle", { fill: "none", stroke: color("now"), "stroke-width": 2.5 }, plot.svg),
    settled: make("circle", { fill: color("v") }, plot.svg),
  };

  const grip = handle(plot.body, "plot-grip", {
    start: () => ({ from: X(value()), phase: "start" }),
    move(dx, _dy, kept) {
      onX(clamped(X.invert(kept.from + dx)), kept.phase);
      kept.phase = "move";
    },
    end: (kept) => kept.phase === "move" && onX(value(), "end"),
    step: (n) => onX(clamped(X.invert(X(value()) + (n * (X(limits()[1]) - X(limits()[0]))) / 200)), "start"),
    low: () => onX(limits()[0], "start"),
    high: () => onX(limits()[1], "start"),
  });

  const button = (key, act) => {
    const node = html("button", { type: "button" }, plot.tools, t(key));
    node.addEventListener("click", act);
    return node;
  };
  button("curve.drop", () => onDrop());
  const clear = button("curve.clear", () => store.set({ drops: [], data: [] }, { history: true }));
  const paste = pasted(plot, { t, onData, unit: () => control().unit });

  /** What a mode keeps back is not drawn, nor said. */
  const hides = (name) => view.show?.[name] === false;
  /** Neighbours so far apart lie on two branches: no line joins them. */
  const leap = () => (range[1] - range[0]) / 8;
  const control = () => view.cell.controls[view.curve.control];
  const value = () => view.values[view.curve.control];
  const limits = () => [view.curve.x[0], view.curve.x.at(-1)];
  const clamped = (x) => Math.max(limits()[0], Math.min(limits()[1], x));
  const ion = () => control().path.split(".").at(-1);
  const current = () => [
    { x: value(), v: hides("now") ? NaN : view.now.v[chosen(view)] ?? NaN, kind: "now" },
    { x: value(), v: view.rest.isRest && !hides("settled") ? view.rest.v[chosen(view)] : NaN, kind: "settled" },
  ];

  function draw() {
    const { em, full, width } = plot.size, height = 19 * full, { curve } = view, k = chosen(view);
    set(plot.element, { "aria-busy": curve.pending ? "true" : null });
    const box = { left: 4.2 * em, right: width - 7.4 * em, top: 0.8 * em, bottom: height - 3.2 * em };
    const lines = { nernst: curve.nernst[k], now: hides("now") ? [] : curve.now[k], settled: hides("settled") ? [] : curve.settled[k], ghk: hides("settled") ? null : curve.ghk?.[k] };
    const points = [...view.state.drops, ...view.state.data];
    const [lo, hi] = extent(lines.now, lines.settled, lines.ghk ?? [], points.map(({ v }) => v), current().map(({ v }) => v));
    const [low, high] = extent(lines.nernst); // the Nernst line leaves the picture before it flattens the rest
    const wide = hi - lo || 20;
    range = sticky(range, Math.max(Math.min(lo, low), lo - 0.4 * wide), Math.min(Math.max(hi, high), hi + 0.3 * wide));
    X = logarithmic(curve.x[0], curve.x.at(-1), box.left, box.right);
    const Y = linear(range[0], range[1], box.bottom, box.top);
    plot.sized(height);
    axis({
      X, Y, box, em, yName: "V, mV", xName: t("curve.x", { label: control().label, unit: control().unit }),
      x: logTicks(curve.x[0], curve.x.at(-1), (box.right - box.left) / (2.2 * em)), xText: t.number,
      y: ticks(range[0], range[1], 7), yText: t.number,
    });
    const within = clip(range);

    for (const [first, last] of hides("settled") ? [] : gaps(view)) {
      const left = first ? (X(curve.x[first]) + X(curve.x[first - 1])) / 2 : box.left;
      const right = last < curve.x.length - 1 ? (X(curve.x[last]) + X(curve.x[last + 1])) / 2 : box.right;
      const node = gap(`${first}`), label = t(`ended.${curve.outcomes[first]}`);
      set(node.rect, { x: left, y: box.top, width: right - left, height: box.bottom - box.top });
      const middle = (left + right) / 2, fits = right - left > 0.55 * em * label.length;
      set(node.text, fits
        ? { x: middle, y: box.top + 1.3 * em, transform: null }
        : { x: 0, y: 0, transform: `translate(${middle + 0.35 * em} ${box.top + (box.bottom - box.top) * 0.5}) rotate(-90)` });
      say(node.text, right - left > 1.2 * em ? label : "");
    }
    gap.swept();

    set(shadow, { d: view.ghost?.curve?.settled[k] && !hides("settled") ? line(view.ghost.curve.x, view.ghost.curve.settled[k].map(within), X, Y, leap()) : "" });
    const ends = [];
    for (const name of SERIES) {
      if (!lines[name]) continue;
      const ys = Array.from(lines[name], within), last = ys.findLastIndex(Number.isFinite);
      const node = series(name === "nernst" ? `nernst ${ion()}` : name);
      set(node.path, { d: line(curve.x, ys, X, Y, leap()) });
      for (const part of [node.label, node.sample, node.lead]) set(part, { display: last < 0 ? "none" : null });
      say(node.label, name === "nernst" ? t("curve.nernst", { ion: ion() }) : t(`curve.${name}`));
      if (last >= 0) ends.push({ node, x: X(curve.x[last]), y: Y(ys[last]) });
    }
    series.swept();
    const places = spread(ends.map(({ y }) => y), 1.35 * em, box.top + 0.3 * em, box.bottom - 0.3 * em);
    ends.forEach(({ node, x, y }, n) => {
      const start = box.right + 0.9 * em;
      set(node.lead, { d: `M${x + 2} ${y}L${start - 2} ${places[n]}` });
      set(node.sample, { d: `M${start} ${places[n]}h${1.9 * em}` });
      set(node.label, { x: start + 2.2 * em, y: places[n] + 0.35 * em });
    });

    points.forEach(({ x, v, kind }, n) => {
      if (!(x >= curve.x[0] && x <= curve.x.at(-1) && v >= range[0] && v <= range[1])) return;
      const data = n >= view.state.drops.length, s = 0.36 * em, a = X(x), b = Y(v);
      set(dots(`${data ? "data" : "drop"}${n}`), {
        d: data ? `M${a - s} ${b - s}l${2 * s} ${2 * s}m0 ${-2 * s}l${-2 * s} ${2 * s}` : `M${a - s} ${b}l${s} ${-s}l${s} ${s}l${-s} ${s}z`,
        stroke: data ? color("ghk") : kind === "now" ? color("now") : color("v"),
      });
    });
    dots.swept();

    const x = X(clamped(value())), inside = value() >= curve.x[0] && value() <= curve.x.at(-1);
    set(guide, { x1: x, x2: x, y1: box.top, y2: box.bottom });
    set(knob, { d: `M${x} ${box.bottom - 0.9 * em}l${0.55 * em} ${0.9 * em}h${-1.1 * em}z` });
    for (const { v, kind } of current()) {
      const shown = inside && Number.isFinite(v) && v >= range[0] && v <= range[1];
      set(at[kind], { cx: x, cy: shown ? Y(v) : 0, r: kind === "now" ? 0.55 * em : 0.4 * em, display: shown ? null : "none" });
    }
    Object.assign(grip.style, { left: `${x - 22}px`, width: "44px", top: `${box.top}px`, height: `${box.bottom - box.top + em}px`, position: "absolute", cursor: "ew-resize" });
    const [now, settled] = current();
    set(grip, {
      "aria-label": t("curve.grip", { label: control().label }), "aria-valuemin": curve.x[0], "aria-valuemax": curve.x.at(-1), "aria-valuenow": value(),
      "aria-valuetext": t("curve.value", { x: t.number(value(), 4), unit: control().unit, now: t.mV(now.v), settled: settled.v === settled.v ? t.mV(settled.v) : t(`curve.${view.rest.outcome === "pending" || view.rest.outcome === "undecided" ? "unknown" : "no_rest"}`) }),
    });
    clear.hidden = !points.length;
    plot.summarised(sentence());
  }

  function sentence() {
    const { curve } = view, k = chosen(view), [now, settled] = current();
    if (hides("now") || (hides("settled") && view.rest.isRest)) return t("plot.kept_back");
    const values = { label: control().label, x: t.number(value(), 4), unit: control().unit, now: t.mV(now.v), settled: t.mV(settled.v) };
    const none = { pending: "curve.summary_pending", undecided: "curve.summary_undecided" }[view.rest.outcome] ?? "curve.summary_none";
    const parts = [t(view.rest.isRest ? "curve.summary" : none, values)];
    if (curve.pending) {
      const known = curve.outcomes.filter((outcome) => outcome !== "pending").length;
      parts.push(t("curve.working", { known: `${known}`, all: `${curve.outcomes.length}` }));
    }
    if (hides("settled")) return parts[0];
    const known = curve.settled[k].findIndex(Number.isFinite), last = Array.from(curve.settled[k]).findLastIndex(Number.isFinite);
    if (known >= 0 && last > known)
      parts.push(t("curve.summary_range", {
        from: t.mV(curve.settled[k][known]), to: t.mV(curve.settled[k][last]), unit: control().unit,
        low: t.number(curve.x[known]), high: t.number(curve.x[last]),
      }));
    for (let n = 1; n < curve.x.length; n += 1) {
      const [a, b] = [curve.settled[k][n - 1], curve.settled[k][n]];
      if (Math.abs(b - a) > leap()) parts.push(t("curve.summary_leap", { from: t.mV(a), to: t.mV(b), low: t.number(curve.x[n - 1]), high: t.number(curve.x[n]), unit: control().unit }));
    }
    for (const [first, end] of gaps(view))
      parts.push(t(first === end ? "curve.summary_gap_one" : "curve.summary_gap", { low: t.number(curve.x[first]), high: t.number(curve.x[end]), unit: control().unit, why: t(`ended.${curve.outcomes[first]}`) }));
    return parts.join(" ");
  }

  function toTable(next) {
    view = next;
    const { curve, cell } = view, k = chosen(view), { label, unit } = cell.controls[curve.control];
    const said = (values) => Array.from(values ?? [], (v) => (Number.isFinite(v) ? v : null));
    const settled = said(hides("settled") ? curve.x.map(() => NaN) : curve.settled[k]), now = said(hides("now") ? curve.x.map(() => NaN) : curve.now[k]), nernst = said(curve.nernst[k]), ghk = said(hides("settled") ? null : curve.ghk?.[k]);
    const columns = [
      { label, unit }, { label: t("curve.settled"), unit: "mV" }, { label: t("plot.outcome") }, { label: t("curve.now"), unit: "mV" },
      { label: t("curve.nernst", { ion: ion() }), unit: "mV" }, ...(ghk.length ? [{ label: "GHK", unit: "mV" }] : []), { label: t("plot.kind") },
    ];
    const one = (x, rest, outcome, at, line, other, kind) => [x, rest, outcome, at, line, ...(ghk.length ? [other] : []), kind];
    const rows = Array.from(curve.x, (x, n) => one(x, settled[n], t(`ended.${curve.outcomes[n]}`), now[n], nernst[n], ghk[n] ?? null, t("curve.kind_curve")));
    for (const { x, v, kind } of view.state.drops) rows.push(one(x, kind === "now" ? null : v, null, kind === "now" ? v : null, null, null, t("curve.kind_drop")));
    for (const { x, v } of view.state.data) rows.push(one(x, v, null, null, null, null, t("curve.kind_data")));
    return { columns, rows };
  }

  function take(next) {
    if (view && next.state.x !== view.state.x) range = null;
    view = next;
    paste.told(view.state.data);
  }

  return plot.face(take);
}

/** Stretches of one and the same outcome without a settled V. */
function gaps({ curve, state, cell }) {
  const k = Math.min(state.membrane ?? 0, cell.membranes.length - 1), found = [];
  for (const [first, last] of stretches(curve.x.length, (n) => !Number.isFinite(curve.settled[k][n]) || curve.settled[k][n] === null))
    for (let n = first; n <= last; n += 1)
      if (n > first && curve.outcomes[n] === curve.outcomes[n - 1]) found.at(-1)[1] = n;
      else found.push([n, n]);
  return found;
}

const clip = ([lo, hi]) => (v) => (v !== null && v >= lo && v <= hi ? v : NaN);

/** Hatching, so that a gap is seen without colour; its id. */
function pattern({ svg, element }) {
  const id = `${element.getAttribute("aria-labelledby")}-hatch`;
  const tile = make("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, make("defs", {}, svg));
  make("rect", { width: 7, height: 7, fill: color("shade"), "fill-opacity": 0.1 }, tile);
  make("line", { x1: 0, x2: 0, y1: 0, y2: 7, stroke: color("shade"), "stroke-opacity": 0.5, "stroke-width": 1.5 }, tile);
  return id;
}

/** A field for measured points, two numbers a line. What cannot be read is named and nothing is shown. */
function pasted({ element }, { t, onData, unit }) {
  const details = html("details", { class: "plot-paste" }, element);
  html("summary", {}, details, t("curve.paste"));
  const id = `${element.getAttribute("aria-labelledby")}-paste`;
  const label = html("label", { for: id }, details, t("curve.paste_how"));
  const field = html("textarea", { id, rows: 4, spellcheck: "false", "aria-describedby": `${id}-said` }, details);
  const button = html("button", { type: "button" }, details, t("curve.paste_show"));
  const said = html("p", { id: `${id}-said`, class: "plot-said", role: "status" }, details);
  details.addEventListener("toggle", () => say(label, t("curve.paste_how", { unit: unit() })));
  button.addEventListener("click", () => {
    const { points, wrong } = readPoints(field.value);
    field.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (wrong) said.textContent = t("curve.paste_wrong", wrong);
    else onData(points);
  });
  return { told: (data) => field.getAttribute("aria-invalid") !== "true" && say(said, data.length ? t("curve.paste_shown", { count: data.length }) : "") };
}

/** Points of pasted text, or {wrong: {line, text}} for the first line that is not two numbers with x above 0.
 *  A first line of words is a heading. A comma is a decimal sign where spaces, tabs or semicolons part the numbers. */
export function readPoints(text) {
  const points = [];
  const lines = text.split(/\r?\n/);
  for (const [k, raw] of lines.entries()) {
    const trimmed = raw.replaceAll("\u2212", "-").trim();
    if (!trimmed || trimmed.startsWith("#")) continue;
    const cells = (/[\t;]|\S\s+\S/.test(trimmed) ? trimmed.replace(/,(?=\s)/g, " ").split(/[\t; ]+/).map((cell) => cell.replace(",", ".")) : trimmed.split(",")).filter(Boolean);
    const [x, v] = cells.map(Number);
    if (cells.length === 2 && x > 0 && Number.isFinite(x) && Number.isFinite(v)) points.push({ x, v });
    else if (points.length || cells.some((cell) => Number.isFinite(Number(cell)))) return { wrong: { line: k + 1, text: raw.trim() } };
  }
  return points.length ? { points } : { wrong: { line: 1, text: text.trim() } };
}
