// The time course: V with the E's, contents, volume and ATP below each other, and the blocks that act on the cell.
import { axes, color, dash, dragged, figure, handle, html, line, make, marks, say, set, stepped } from "./svg.js";
import { extent, linear, logarithmic, spread, sticky, ticks } from "./scales.js";
import { chosen, ionsOf, keys, row } from "../rows.js";

const TIMES = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
const LEAST = 20; // mV that an axis of potentials spans, so that what is nearly nothing looks so
const CLOCK = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

/** onBlock(index, {start, end}, phase) moves a block; times in s. */
export function createPlot(host, { t, doc, store, onBlock }) {
  let view = null, X = null, box = null, cursor = null, known = {};
  const hidden = new Set(["volumes", "atp"]), ranges = new Map();
  const plot = figure(host, { t, doc, store, name: "timecourse", draw, toTable });
  const readout = html("p", { class: "plot-readout" });
  plot.body.after(readout);
  const bands = make("g", {}, plot.svg);
  const band = marks(() => make("rect", { fill: color("shade"), "fill-opacity": 0.1 }, bands));
  const missing = make("rect", { fill: color("shade"), "fill-opacity": 0.25 }, plot.svg);
  const working = make("text", { "font-size": "90%", "text-anchor": "end" }, plot.svg);
  const panel = marks(() => {
    const group = make("g", {}, plot.svg);
    return Object.assign(group, {
      axis: axes(group),
      trace: marks((key) => {
        const node = make("g", {}, group), name = key.split(" ")[1];
        const look = { fill: "none", stroke: color(name), "stroke-width": name === "v" ? 2.6 : 2, "stroke-dasharray": dash(name) };
        return Object.assign(node, {
          path: make("path", look, node),
          sample: make("path", look, node),
          lead: make("path", { fill: "none", stroke: "currentColor", "stroke-opacity": 0.35 }, node),
          label: make("text", {}, node),
        });
      }),
    });
  });
  const bar = marks(() => {
    const group = make("g", {}, plot.svg);
    return Object.assign(group, {
      rect: make("rect", { rx: 3, fill: color("pump"), "fill-opacity": 0.25, stroke: color("pump"), "stroke-width": 1.5 }, group),
      grips: [0, 1].map(() => make("path", { stroke: color("pump"), "stroke-width": 3 }, group)),
      text: make("text", {}, group),
    });
  });
  const hair = make("line", { stroke: "currentColor", "stroke-opacity": 0.6 }, plot.svg);

  const choices = html("fieldset", { class: "plot-choices" }, plot.tools);
  html("legend", {}, choices, t("timecourse.panels"));

  const area = html("div", { class: "plot-area", "aria-hidden": "true" }, plot.body);
  area.style.position = "absolute";
  area.addEventListener("pointermove", (event) => point(X.invert(event.offsetX + box.left)));
  area.addEventListener("pointerleave", () => point(null));
  const clock = html("div", { role: "slider", tabindex: 0, class: "plot-handle plot-clock", "aria-label": t("timecourse.cursor") }, plot.body);
  clock.style.position = "absolute";
  clock.addEventListener("focus", () => point(cursor ?? 0));
  clock.addEventListener("blur", () => point(null));
  const along = (n) => point(X.invert(X(cursor ?? 0) + (n * (box.right - box.left)) / 100));
  stepped(clock, { step: along, low: () => point(0), high: () => point(view.state.until) });
  dragged(clock, { start: () => cursor ?? 0, move: (dx, _dy, from) => point(X.invert(X(from) + dx)), end() {} });

  const handles = marks((key) => {
    const [index, part] = [Number(key.split(" ")[0]), key.split(" ")[1]];
    const block = () => view.state.blocks[index], until = () => view.state.until;
    const end = () => block().end ?? until();
    /** The block with its edge, or all of it, moved so many pixels; times stay in order and in the run. */
    const moved = ({ start, end: stop }, dx) => {
      const shift = (time, low, high) => Math.max(low, Math.min(high, tidy(X.invert(X(time) + dx))));
      if (part === "start") return { start: shift(start, 0, stop - smallest()), end: block().end };
      if (part === "end") return { start, end: shift(stop, start + smallest(), until()) };
      const from = shift(start, 0, view.state.log ? until() - smallest() : until() - (stop - start));
      return { start: from, end: block().end === null ? null : Math.min(until(), from + stop - start) };
    };
    const step = (n) => {
      const now = { start: block().start, end: end() }, one = smallest() * n, clamp = (v, low, high) => Math.max(low, Math.min(high, v));
      if (part === "start") return { start: clamp(now.start + one, 0, now.end - smallest()), end: block().end };
      if (part === "end") return { start: now.start, end: clamp(now.end + one, now.start + smallest(), until()) };
      const from = clamp(now.start + one, 0, until() - (now.end - now.start));
      return { start: from, end: block().end === null ? null : from + now.end - now.start };
    };
    const node = handle(plot.body, `plot-block-${part}`, {
      start: () => ({ start: block().start, end: end(), phase: "start" }),
      move(dx, _dy, kept) {
        onBlock(index, moved(kept, dx), kept.phase);
        kept.phase = "move";
      },
      end(kept) {
        const { start, end } = block();
        if (kept.phase === "move") onBlock(index, { start, end }, "end");
      },
      step: (n) => onBlock(index, step(n), "start"),
      low: () => onBlock(index, step(-1e9), "start"),
      high: () => onBlock(index, step(1e9), "start"),
    });
    node.style.position = "absolute";
    node.style.cursor = part === "whole" ? "grab" : "ew-resize";
    return node;
  });

  /** A step of a block on this axis, s. */
  const smallest = () => niceTime(view.state.until / 300);
  const tidy = (time) => (view.state.log ? Number(time.toPrecision(2)) : Math.round(time / smallest()) * smallest());

  /** What may be drawn: {key, title, unit, traces: [{key, label, row}]}. */
  function panels() {
    const now = `${view.cell.name} ${chosen(view)}`;
    if (known.of !== now) known = { of: now, panels: found() };
    return known.panels;
  }

  function found() {
    const { readings, membranes } = view.cell, membrane = membranes[chosen(view)], many = membranes.length > 1;
    const finite = keys(readings, "volumes"), own = view.cell.walls.find(({ name }) => name === membrane).inside;
    const unit = (quantity, ...place) => readings[row(readings, quantity, ...place)]?.unit ?? "";
    return [
      {
        key: "v", title: many ? t("timecourse.potentials_of", { membrane }) : t("timecourse.potentials"), unit: "mV", high: 10,
        traces: [...ionsOf(view, membrane).map((ion) => ({ key: `E ${ion}`, label: ["E", ion], row: row(readings, "E", membrane, ion) })),
          { key: "V v", label: ["V", ""], row: row(readings, "v", membrane) }],
      },
      ...[...finite].sort((a, b) => (b === own) - (a === own)).map((space) => ({
        key: `contents ${space}`, title: t("timecourse.contents", { space: t.has(`document.word.${space}`) ? t(`document.word.${space}`) : space }), unit: "mM", high: 6,
        traces: keys(readings, "concentrations", space).map((ion) => ({ key: `c ${ion}`, label: [ion, ""], row: row(readings, "concentrations", space, ion) })),
      })),
      {
        key: "volumes", title: t("timecourse.volume"), unit: finite.length ? unit("volumes", finite[0]) : "", high: 7,
        traces: finite.map((space, n) => ({ key: `vol ${n ? "other" : "v"} ${space}`, label: [space, ""], row: row(readings, "volumes", space) })),
      },
      { key: "atp", title: t("timecourse.atp"), unit: unit("atp_per_second"), high: 7, traces: [{ key: "atp pump", label: ["ATP", ""], row: row(readings, "atp_per_second") }] },
    ].filter(({ traces }) => traces.length && traces.every(({ row }) => row !== undefined));
  }

  function choose(all) {
    const key = all.map(({ key }) => key).join();
    if (choices.dataset.key === key) return;
    choices.dataset.key = key;
    [...choices.querySelectorAll("label")].forEach((label) => label.remove());
    all.filter((_, n) => n > 1 && all[n].key.startsWith("contents")).forEach(({ key }) => hidden.add(key));
    for (const { key, title } of all.slice(1)) {
      const label = html("label", {}, choices), input = html("input", { type: "checkbox" }, label);
      input.checked = !hidden.has(key);
      label.append(` ${title}`);
      input.addEventListener("change", () => {
        if (input.checked) hidden.delete(key);
        else hidden.add(key);
        draw();
      });
    }
  }

  function draw() {
    const { em, width } = plot.size, { run, state } = view, all = panels();
    set(plot.element, { "aria-busy": run.pending ? "true" : null });
    choose(all);
    const shown = all.filter(({ key }) => !hidden.has(key)), gap = 1.9 * em;
    const lanes = laid(state.blocks, state.until);
    const heights = shown.reduce((sum, { high }) => sum + high * em + gap, 0), blocksTop = heights + 0.3 * em;
    const lanesHigh = Math.max(0, ...lanes.map((lane) => lane + 1)) * 2 * em;
    const bottom = blocksTop + lanesHigh + (lanesHigh ? 0.4 * em : 0);
    box = { left: 5.2 * em, right: width - 7.2 * em, top: gap, bottom };
    const first = run.t.find((time) => time > 0) ?? state.until * 1e-3;
    const scale = state.log ? logarithmic(first, state.until, box.left, box.right) : linear(0, state.until, box.left, box.right);
    X = (time) => (state.log && time < first ? box.left : scale(time));
    X.invert = (place) => Math.max(0, Math.min(state.until, state.log && place <= box.left ? 0 : scale.invert(place)));
    plot.sized(bottom + 2.9 * em);

    const columns = (box.right - box.left) / (4.2 * em);
    const [unit, size] = CLOCK.find(([, size]) => size <= niceTime(state.until / (1.6 * columns))) ?? CLOCK.at(-1);
    const times = state.log ? decades(first, state.until, columns) : clockTicks(state.until, 1.6 * columns);
    const timeText = (time) => (state.log ? t.time(time) : t.number(time / size, 4));
    let top = gap;
    shown.forEach((each, n) => {
      const inner = { left: box.left, right: box.right, top, bottom: top + each.high * em };
      drawPanel(panel(each.key), each, inner, n === 0 ? [0] : [], times);
      top = inner.bottom + gap;
    });
    panel.swept();
    const axis = (plot.clockAxis ??= axes(make("g", {}, plot.svg)));
    axis({ X, Y: X, x: times, xText: timeText, box: { ...box, top: blocksTop - 0.3 * em }, em, xName: state.log ? t("timecourse.time") : `${t("timecourse.time")}, ${unit}` });

    state.blocks.forEach((block, n) => {
      const from = X(block.start), to = X(block.end ?? state.until), y = blocksTop + lanes[n] * 2 * em, node = bar(`${n}`);
      set(band(`${n}`), { x: from, width: Math.max(to - from, 1), y: gap, height: blocksTop - gap - 0.3 * em });
      set(node.rect, { x: from, y, width: Math.max(to - from, 2), height: 1.7 * em });
      node.grips.forEach((grip, k) => set(grip, { d: `M${k ? to : from} ${y + 0.1 * em}v${1.5 * em}` }));
      const text = blockName(block), letter = 0.55 * em;
      const spots = [[(from + to) / 2, "middle", to - from - 0.8 * em], [to + 0.6 * em, "start", width - to - 0.6 * em], [from - 0.6 * em, "end", from - 0.6 * em]];
      const [x, anchor, room] = spots.find(([, , room]) => room > letter * text.length) ?? spots.reduce((a, b) => (b[2] > a[2] ? b : a));
      set(node.text, { x, y: y + 1.2 * em, "text-anchor": anchor });
      say(node.text, room > letter * text.length ? text : `${text.slice(0, Math.max(0, Math.floor(room / letter) - 1))}\u2026`);
      const narrow = Math.min(24, Math.max(8, (to - from) / 3));
      for (const [part, left, span] of [["whole", from, to - from], ["start", from - 24 + narrow / 2, 24], ["end", to - narrow / 2, 24]]) {
        const grip = handles(`${n} ${part}`);
        Object.assign(grip.style, { left: `${left}px`, width: `${Math.max(span, 2)}px`, top: `${y}px`, height: `${Math.max(1.7 * em, 24)}px` });
        const at = part === "end" ? block.end ?? state.until : block.start;
        const times = { start: t.time(block.start, 4), end: block.end === null ? t("timecourse.to_end") : t.time(block.end, 4) };
        set(grip, {
          "aria-label": t(`timecourse.block_${part}`, { block: text }), "aria-valuemin": 0, "aria-valuemax": state.until, "aria-valuenow": at,
          "aria-valuetext": part === "whole" ? t("timecourse.from_to", times) : t.time(at, 4),
        });
      }
    });
    for (const each of [bar, band, handles]) each.swept();

    const reached = X(Math.max(run.reached, state.log ? first : 0));
    set(missing, run.complete ? { display: "none" } : { display: null, x: reached, width: Math.max(0, box.right - reached), y: gap, height: blocksTop - gap });
    set(working, run.pending ? { display: null, x: box.right - 0.5 * em, y: gap + 1.2 * em } : { display: "none" });
    say(working, run.pending ? t("timecourse.working", { reached: t.time(run.reached) }) : "");
    Object.assign(area.style, { left: `${box.left}px`, width: `${box.right - box.left}px`, top: `${gap}px`, height: `${blocksTop - gap - 0.3 * em}px` });
    point(cursor);
    plot.summarised(sentence(all[0]));
  }

  function drawPanel(node, { key, title, unit, traces }, inner, always, times) {
    const { em } = plot.size, { run } = view, rows = traces.map(({ row }) => run.rows(row));
    const kept = ranges.get(key), [lo, hi] = extent(...rows, always), room = key === "v" ? Math.max(0, LEAST - (hi - lo)) / 2 : 0;
    const range = sticky(kept, lo - room, hi + room, Math.max(3, (inner.bottom - inner.top) / (2.2 * em)));
    ranges.set(key, range);
    const Y = linear(range[0], range[1], inner.bottom, inner.top);
    const steps = ticks(range[0], range[1], Math.max(2, (inner.bottom - inner.top) / (2 * em)));
    node.axis({ X, Y, box: inner, em, x: times, y: steps, yText: t.number });
    node.name ??= make("text", { "font-weight": 600 }, node);
    set(node.name, { x: inner.left, y: inner.top - 0.5 * em });
    say(node.name, `${title}, ${unit}`);
    const ends = [];
    traces.forEach(({ key, label }, n) => {
      const trace = node.trace(key), ys = rows[n];
      set(trace.path, { d: line(run.t, ys, X, Y) });
      let last = ys.length - 1;
      while (last >= 0 && !Number.isFinite(ys[last])) last -= 1;
      for (const part of [trace.label, trace.sample, trace.lead]) set(part, { display: last < 0 ? "none" : null });
      if (!trace.label.childNodes.length) {
        make("tspan", label[1] ? { "font-style": "italic" } : {}, trace.label, label[0]);
        if (label[1]) make("tspan", { dy: "0.25em", "font-size": "80%" }, trace.label, label[1]);
      }
      if (last >= 0) ends.push({ trace, x: X(run.t[last]), y: Y(ys[last]) });
    });
    node.trace.swept();
    const places = spread(ends.map(({ y }) => y), 1.25 * em, inner.top + 0.3 * em, inner.bottom - 0.3 * em);
    ends.forEach(({ trace, x, y }, n) => {
      const start = inner.right + 0.9 * em;
      set(trace.lead, { d: `M${x + 2} ${y}L${start - 2} ${places[n]}` });
      set(trace.sample, { d: `M${start} ${places[n]}h${1.9 * em}` });
      set(trace.label, { x: start + 2.2 * em, y: places[n] + 0.35 * em });
    });
  }

  /** What is read where the reader points. */
  function point(time) {
    cursor = time;
    plot.element.classList.toggle("pointing", time !== null);
    set(hair, { display: time === null ? "none" : null });
    const { em } = plot.size, place = X(time ?? 0);
    Object.assign(clock.style, { left: `${place - 12}px`, width: "24px", top: `${box.bottom}px`, height: `${Math.max(24, 1.6 * em)}px`, cursor: "ew-resize" });
    if (time === null || !view.run.t.length) {
      say(readout, "");
      set(clock, { "aria-valuemin": 0, "aria-valuemax": view.state.until, "aria-valuenow": 0, "aria-valuetext": t.time(0) });
      return;
    }
    const { run } = view, n = nearest(run.t, time), at = X(run.t[n]);
    set(hair, { x1: at, x2: at, y1: box.top, y2: box.bottom });
    const said = panels().filter(({ key }) => !hidden.has(key)).map(({ key, unit, title, traces }) => {
      const values = traces.map(({ label, row }) => {
        const value = run.rows(row)[n];
        return `${label[1] ? `${label[0]}_${label[1]}` : label[0]} ${key === "v" ? t.mV(value) : t.number(value)}`;
      });
      return `${key.startsWith("contents") ? `${title}: ` : ""}${values.join(", ")} ${unit}`;
    });
    const text = t("timecourse.at", { time: t.time(run.t[n]), values: said.join("; ") });
    say(readout, text);
    set(clock, { "aria-valuemin": 0, "aria-valuemax": view.state.until, "aria-valuenow": time, "aria-valuetext": text });
  }

  function blockName({ id, control, value, dose }) {
    if (id === "set") {
      const { label, unit } = view.cell.controls.find(({ name }) => name === control);
      return `${label} = ${t.number(value, 4)} ${unit}`;
    }
    const known = view.cell.blocks.find((block) => block.id === id);
    const size = known.dose ? `, ${t.unit(known.dose.texts[dose ?? known.dose.default])}` : "";
    return `${known.label}${size}`;
  }

  function sentence({ traces }) {
    const { run, state } = view;
    if (!run.t.length) return t("timecourse.pending");
    const v = run.rows(traces.at(-1).row), [lo, hi] = extent(v);
    let last = v.length - 1;
    while (last >= 0 && !Number.isFinite(v[last])) last -= 1;
    if (!state.blocks.length && t.mV(lo) === t.mV(hi)) return t("timecourse.summary_flat", { v: t.mV(lo), until: t.time(run.t[last]) });
    const parts = [t(`timecourse.from_${run.start}`), t("timecourse.summary", { start: t.mV(v[0]), low: t.mV(lo), high: t.mV(hi), end: t.mV(v[last]), until: t.time(run.t[last] ?? 0) })];
    const at = (time) => t.mV(v[nearest(run.t, time)]);
    for (const block of state.blocks) {
      const end = Math.min(block.end ?? Infinity, state.until), values = { block: blockName(block), start: t.time(block.start), from: at(block.start), to: at(end) };
      parts.push(t("timecourse.summary_block", { ...values, end: block.end === null ? t("timecourse.to_end") : t.time(block.end) }));
    }
    if (!run.complete) parts.push(t(run.pending ? "timecourse.working" : "timecourse.incomplete", { reached: t.time(run.reached) }));
    return parts.join(" ");
  }

  /** Everything of the run, drawn or not. */
  function toTable(view) {
    const shown = panels();
    const columns = [{ label: t("timecourse.time"), unit: "s" }], rows = Array.from(view.run.t, (time) => [time]);
    for (const { key, title, unit, traces } of shown)
      for (const { label, row } of traces) {
        columns.push({ label: `${key.startsWith("contents") ? `${title} ` : ""}${label[1] ? `${label[0]}_${label[1]}` : label[0]}`, unit });
        const values = view.run.rows(row);
        rows.forEach((each, n) => each.push(Number.isFinite(values[n]) ? values[n] : null));
      }
    return { columns, rows };
  }

  function take(next) {
    if (view && next.cell !== view.cell) ranges.clear();
    view = next;
  }

  return plot.face(take, { settled: true });
}

/** The lane of each block: the first one in which it overlaps none before it. */
export function laid(blocks, until) {
  const ends = [], lanes = new Array(blocks.length);
  blocks.map((_, n) => n).sort((a, b) => blocks[a].start - blocks[b].start).forEach((n) => {
    let lane = ends.findIndex((end) => end <= blocks[n].start);
    if (lane < 0) lane = ends.length;
    ends[lane] = blocks[n].end ?? until;
    lanes[n] = lane;
  });
  return lanes;
}

/** The nearest of the times people say, at least as long. */
const niceTime = (time) => TIMES.find((each) => each >= time * 0.999999) ?? (time >= 1 ? Math.ceil(time / 86400) * 86400 : 10 ** Math.ceil(Math.log10(time)));

const DECADES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 60, 600, 3600, 36000, 86400, 864000, 8640000];

/** Times that people say, about ten times apart, at most about `count`. */
export function decades(first, until, count) {
  const found = DECADES.filter((time) => time >= first && time <= until), every = Math.ceil(found.length / count);
  return found.filter((_, k) => k % every === 0);
}

/** Times such as 0, 30 min, 1 h, at most about `count`. */
export function clockTicks(until, count) {
  const step = niceTime(until / count);
  return Array.from({ length: Math.floor(until / step + 1e-9) + 1 }, (_, k) => k * step);
}

/** Index of the value nearest to one, in increasing values. */
export function nearest(values, wanted) {
  let low = 0, high = values.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle;
  }
  return wanted - values[low] <= values[high] - wanted ? low : high;
}
