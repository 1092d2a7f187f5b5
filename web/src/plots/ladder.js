// The potential ladder: E of each ion as ticks, V at once and settled as marks, V before as a shadow.
import { axes, color, dash, figure, make, marks, say, set, subscripted } from "./svg.js";
import { extent, linear, spread, sticky, ticks } from "./scales.js";
import { chosen, ionsOf, potential } from "../rows.js";

const HIGH = 19; // em, as high as the curve beside it
const COLUMN = 19; // em that a membrane needs with labels on both sides

export function createPlot(host, { t, doc, store }) {
  let view = null, range = null;
  const plot = figure(host, { t, doc, store, name: "ladder", draw, toTable });
  const axis = axes(plot.svg);

  const column = marks(() => {
    const group = make("g", {}, plot.svg);
    const label = (name) => Object.assign(subscripted(group, t(`ladder.${name}`), "", { "text-anchor": "end" }), {
      lead: make("path", { fill: "none", stroke: "currentColor", "stroke-opacity": 0.4 }, group),
    });
    return Object.assign(group, {
      name: make("text", { "text-anchor": "middle", "font-weight": 600 }, group),
      body: make("rect", { fill: "currentColor", "fill-opacity": 0.08 }, group),
      ion: marks((ion) => {
        const node = make("g", {}, group);
        return Object.assign(node, {
          tick: make("line", { stroke: color(ion), "stroke-width": 2.5, "stroke-dasharray": dash(ion) && "5 2" }, node),
          lead: make("path", { fill: "none", stroke: color(ion), "stroke-opacity": 0.7 }, node),
          label: subscripted(node, "E", ion, { "text-anchor": "start" }),
        });
      }),
      shade: make("line", { stroke: "currentColor", "stroke-opacity": 0.35, "stroke-width": 2 }, group),
      ghost: make("line", { stroke: "currentColor", "stroke-opacity": 0.25, "stroke-width": 6 }, group),
      nowLine: make("line", { stroke: color("now"), "stroke-width": 3, "stroke-dasharray": "7 3" }, group),
      nowMark: make("path", { fill: "none", stroke: color("now"), "stroke-width": 2 }, group),
      restLine: make("line", { stroke: color("v"), "stroke-width": 3 }, group),
      restMark: make("path", { fill: color("v") }, group),
      labels: { rest: label("settled"), now: label("now"), before: label("before") },
    });
  });

  /** What a mode keeps back is not drawn. */
  const settled = (k) => (view.rest.isRest && view.show?.settled !== false ? view.rest.v[k] : NaN);
  const atOnce = (k) => (view.show?.now === false ? NaN : view.now.v[k] ?? NaN);

  /** Which membranes there is room for. */
  function shown() {
    const all = view.cell.membranes.map((_, k) => k);
    return plot.size.width - 4 * plot.size.em >= all.length * COLUMN * plot.size.em ? all : [chosen(view)];
  }

  function draw() {
    const { em, full, width } = plot.size, height = HIGH * full;
    const which = shown();
    const E = (k) => ionsOf(view, view.cell.membranes[k]).map((ion) => potential(view, view.cell.membranes[k], ion));
    const [lo, hi] = extent(view.before.v, which.map(atOnce), which.map(settled), ...which.map(E), [0]);
    range = sticky(range, Math.max(lo, -400), Math.min(hi, 400), 9);
    const box = { left: 3.8 * em, right: width - 0.2 * em, top: (view.cell.membranes.length > 1 ? 2 : 0.8) * em, bottom: height - 0.8 * em };
    const Y = linear(range[0], range[1], box.bottom, box.top);
    plot.sized(height);
    axis({ X: Y, Y, y: ticks(range[0], range[1], 9), yText: t.number, box, em, yName: "mV" });
    const each = (box.right - box.left) / which.length;
    which.forEach((k, place) => one(column(view.cell.membranes[k]), k, box.left + each * (place + 0.56), Y, box, each));
    column.swept();
    plot.summarised(sentence(which[0]));
  }

  function one(node, k, x, Y, box, each) {
    const { em } = plot.size, half = 1.5 * em, membrane = view.cell.membranes[k];
    const inside = (v) => Number.isFinite(v) && v !== null && v >= range[0] && v <= range[1];
    say(node.name, view.cell.membranes.length > 1 ? membrane : "");
    set(node.name, { x, y: box.top - 0.7 * em });
    set(node.body, { x: x - 0.45 * em, width: 0.9 * em, y: box.top, height: box.bottom - box.top });

    const ions = ionsOf(view, membrane).map((ion) => [ion, potential(view, membrane, ion)]).filter(([, E]) => inside(E));
    const places = spread(ions.map(([, E]) => Y(E)), 1.25 * em, box.top, box.bottom);
    ions.forEach(([ion, E], n) => {
      const mark = node.ion(ion), y = Y(E), at = places[n];
      set(mark.tick, { x1: x + 0.45 * em, x2: x + half + 0.4 * em, y1: y, y2: y });
      set(mark.lead, { d: `M${x + half + 0.5 * em} ${y}L${x + 2.4 * em} ${at}` });
      set(mark.label, { x: x + 2.6 * em, y: at + 0.35 * em });
      say(mark.label.value, ` ${t.mV(E)}`);
    });
    node.ion.swept();

    const rest = settled(k), now = atOnce(k), before = view.before.v[k];
    mark(node.restLine, node.restMark, inside(rest), Y(rest), 1);
    mark(node.nowLine, node.nowMark, inside(now), Y(now), 0.72);
    const shadow = (line, v, wide) => set(line, inside(v) ? { x1: x - wide, x2: x + wide, y1: Y(v), y2: Y(v), display: null } : { display: "none" });
    shadow(node.shade, before, half);
    const ghost = view.ghost?.rest.isRest ? view.ghost.rest.v[k] : NaN;
    shadow(node.ghost, ghost, 0.45 * em);

    const told = [["rest", rest], ["now", now], ["before", before]].filter(([, v]) => inside(v));
    const at = spread(told.map(([, v]) => Y(v)), 1.25 * em, box.top, box.bottom);
    for (const label of Object.values(node.labels)) {
      set(label, { display: "none" });
      set(label.lead, { display: "none" });
    }
    told.forEach(([name, v], n) => {
      const label = node.labels[name];
      set(label, { x: x - 2.6 * em, y: at[n] + 0.35 * em, display: null, "font-weight": name === "rest" ? 700 : null, "fill-opacity": name === "before" ? 0.75 : null });
      set(label.lead, { d: `M${x - half - (name === "before" ? 0 : 0.6 * em)} ${Y(v)}L${x - 2.4 * em} ${at[n]}`, display: null });
      say(label.value, ` ${t.mV(v)}`);
    });

    function mark(bar, tip, is, y, size) {
      const s = 0.55 * em * size, left = x - half * (0.6 + 0.4 * size);
      set(bar, is ? { x1: left, x2: x + half * 0.6, y1: y, y2: y, display: null } : { display: "none" });
      set(tip, is ? { d: `M${left} ${y}l${-s} ${-s}v${2 * s}z`, display: null } : { display: "none" });
    }
  }

  function sentence(k) {
    const membrane = view.cell.membranes[k];
    const E = ionsOf(view, membrane).map((ion) => t("ladder.E", { ion, E: t.mV(potential(view, membrane, ion)) }));
    if (view.show?.now === false || (view.show?.settled === false && view.rest.isRest)) return t("plot.kept_back");
    const values = { before: t.mV(view.before.v[k]), now: t.mV(atOnce(k)), settled: t.mV(settled(k)), E: E.join(", "), why: view.rest.isRest ? "" : t(`ended.${view.rest.outcome}`) };
    const of = view.cell.membranes.length > 1 ? `${membrane}: ` : "";
    if (view.rest.pending) return of + t("ladder.summary_pending", values);
    if (view.rest.outcome === "undecided") return of + t("ladder.summary_undecided", values);
    return of + t(view.rest.isRest ? "ladder.summary" : "ladder.summary_none", values);
  }

  function toTable(next) {
    view = next;
    const rows = [];
    for (const [k, membrane] of view.cell.membranes.entries()) {
      rows.push([membrane, t("ladder.before"), view.before.v[k]], [membrane, t("ladder.now"), atOnce(k)]);
      rows.push([membrane, t("ladder.settled"), settled(k)]);
      for (const ion of ionsOf(view, membrane)) rows.push([membrane, `E_${ion}`, potential(view, membrane, ion)]);
    }
    return { columns: [{ label: t("plot.membrane") }, { label: t("plot.what") }, { label: t("plot.potential"), unit: "mV" }], rows: rows.map((each) => each.map((cell) => (Number.isNaN(cell) ? null : cell))) };
  }

  return plot.face((next) => (view = next));
}
