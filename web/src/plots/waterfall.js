// Where the millivolts come from: the chord parts that make V, what stopping the pumps costs, and what GHK leaves out.
import { bars, figure } from "./svg.js";
import { extent, sticky, ticks } from "./scales.js";
import { chosen, keys, symbol, told } from "../rows.js";

const PARTS = [["chord_pump", "pump"], ["chord_paths", "other"], ["chord_one_sided", "other"]];

export function createPlot(host, { t, doc, store }) {
  let view = null, range = null;
  const plot = figure(host, { t, doc, store, name: "waterfall", draw, toTable });
  const rowsOf = bars(plot.svg);

  /** Steps from 0 to V, then from V down without pumps, then GHK: {key, label, from, to, change}. */
  function steps() {
    const k = chosen(view), membrane = view.cell.membranes[k], v = told(view, "v", membrane), found = [];
    if (!Number.isFinite(v)) return found;
    let at = 0;
    const step = (key, label, name, by) => {
      found.push({ key, label, name, from: at, to: at + by, by });
      at += by;
    };
    for (const ion of keys(view.cell.accounts, "chord_part", membrane)) {
      const part = told(view, "chord_part", membrane, ion), share = told(view, "chord_share", membrane, ion);
      if (Number.isFinite(part)) step(`ion ${ion}`, t("waterfall.ion", { ion: symbol(view.cell, ion), share: t.number(100 * share, 2) }), ion, part);
    }
    for (const [quantity, name] of PARTS) {
      const part = told(view, quantity, membrane);
      if (part) step(quantity, t(`waterfall.${quantity}`), name, part);
    }
    found.push({ key: "v", label: t("waterfall.v"), name: "v", from: 0, to: v, total: v, last: true });
    const off = view.off?.now.v[k] ?? NaN, down = view.off?.rest.isRest === false ? NaN : view.off?.rest.v[k] ?? NaN;
    if (Number.isFinite(off)) {
      found.push({ key: "off head", label: t("waterfall.off"), head: true });
      found.push({ key: "direct", label: t("waterfall.direct"), name: "pump", from: v, to: off, by: off - v, hollow: true });
      if (Number.isFinite(down))
        found.push({ key: "indirect", label: t("waterfall.indirect"), name: "pump", from: off, to: down, by: down - off, hollow: true },
          { key: "down", label: t("waterfall.down"), name: "v", from: 0, to: down, total: down, hollow: true, last: true });
      else found.push({ key: "nowhere", label: t("waterfall.nowhere", { why: t(`ended.${view.off.rest.outcome}`) }), head: true });
    }
    const ghk = told(view, "ghk", membrane);
    if (Number.isFinite(ghk)) {
      found.push({ key: "ghk head", label: t("waterfall.ghk_head"), head: true });
      found.push({ key: "ghk", label: "GHK", name: "ghk", from: 0, to: ghk, total: ghk, hollow: true });
      found.push({ key: "left out", label: t("waterfall.left_out"), name: "other", from: ghk, to: v, by: v - ghk, last: true });
    }
    return found;
  }

  function draw() {
    const { em, width } = plot.size, found = steps();
    plot.svg.style.display = found.length ? "block" : "none";
    range = sticky(range, ...extent(found.map(({ to }) => to), found.map(({ from }) => from), [0]), 6);
    const labelWidth = Math.min(12.5 * em, 0.45 * width);
    const at = ticks(range[0], range[1], (width - labelWidth - 4.6 * em) / (3.4 * em));
    const rows = found.map((each) => ({ ...each, strong: each.total !== undefined || each.head, value: each.head ? "" : each.total === undefined ? t.signed(each.by) : t.mV(each.total) }));
    plot.sized(rowsOf({ rows, range, ticks: at, tickText: t.number, size: plot.size, top: 0.4 * em, labelWidth, xName: "mV", linked: true }) + 3.2 * em);
    plot.summarised(sentence(found));
  }

  function sentence(found) {
    if (!found.length) return t("waterfall.none");
    const of = (key) => found.find((each) => each.key === key), parts = found.filter(({ key, by }) => by !== undefined && (key.startsWith("ion") || key.startsWith("chord")));
    const said = [t("waterfall.summary", { v: t.mV(of("v").to), parts: parts.map(({ label, by }) => `${label} ${t.signed(by)}`).join(", ") })];
    if (of("direct")) said.push(t("waterfall.summary_direct", { direct: t.signed(of("direct").by) }));
    if (of("indirect")) said.push(t("waterfall.summary_indirect", { indirect: t.signed(of("indirect").by), down: t.mV(of("down").to) }));
    if (of("ghk") && t.signed(of("left out").by) === t.signed(0)) said.push(t("waterfall.summary_ghk_same", { ghk: t.mV(of("ghk").to) }));
    else if (of("ghk")) said.push(t("waterfall.summary_ghk", { ghk: t.mV(of("ghk").to), out: t.signed(of("left out").by) }));
    return said.join(" ");
  }

  function toTable(next) {
    view = next;
    const rows = steps().filter(({ head }) => !head).map(({ label, by, to, total }) => [label, by ?? null, total ?? to]);
    return { columns: [{ label: t("plot.what") }, { label: t("waterfall.adds"), unit: "mV" }, { label: t("waterfall.reaches"), unit: "mV" }], rows };
  }

  return plot.face((next) => (view = next), { settled: true });
}
