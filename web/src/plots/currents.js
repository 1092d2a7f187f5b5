// The currents that balance: what each transport carries, and the flux of each ion, with their sums.
import { bars, figure } from "./svg.js";
import { extent, sticky, ticks } from "./scales.js";
import { chosen, ionsOf, keys, read, symbol } from "../rows.js";

export function createPlot(host, { t, doc, store }) {
  let view = null;
  const ranges = [null, null];
  const plot = figure(host, { t, doc, store, name: "currents", draw, toTable });
  const parts = [bars(plot.svg), bars(plot.svg)];

  /** Currents of transports and what other paths take, pA; fluxes of each ion, fmol/s. What is below `rounding` is none. */
  function groups(rounding = view.cell.rounding) {
    const membrane = view.cell.membranes[chosen(view)], { readings } = view.cell;
    const found = (quantity, ...place) => {
      const value = read(view, quantity, ...place);
      return Math.abs(value) <= (quantity === "fluxes" ? rounding.fluxes : rounding.currents) ? 0 : value;
    };
    const carried = new Map(ionsOf(view, membrane).flatMap((ion) => keys(readings, "fluxes", membrane, ion).map((label) => [label, ion])));
    const of = (label) => (keys(readings, "turnovers", membrane).includes(label) ? "pump" : carried.get(label) ?? "other");
    const currents = keys(readings, "currents", membrane).map((label) => ({ label, value: found("currents", membrane, label), name: of(label) }));
    currents.push(...keys(readings, "path_currents", membrane).map((label) => ({ label: t("currents.path", { path: label }), value: found("path_currents", membrane, label), name: "other" })));
    const fluxes = keys(readings, "fluxes", membrane).map((ion) => ({
      ion, parts: keys(readings, "fluxes", membrane, ion).map((label) => ({ label, value: found("fluxes", membrane, ion, label), name: ion })),
    }));
    return { membrane, currents: currents.filter(({ value }) => value !== 0), fluxes: fluxes.filter(({ parts }) => parts.length) };
  }

  const total = (list) => list.reduce((sum, { value }) => sum + value, 0);

  /** Shows values beside each other with the decimals that the largest of them needs for four digits. */
  function among(list) {
    const largest = Math.max(...list.map(({ value }) => Math.abs(value)));
    const decimals = Math.max(0, Math.min(100, 3 - Math.floor(Math.log10(largest))));
    return (value) => t.number(largest > 0 ? Number(value.toFixed(decimals)) + 0 : value, 4);
  }

  function draw() {
    const { em } = plot.size, { currents, fluxes } = groups();
    const current = among(currents), flux = among(fluxes.flatMap(({ parts }) => parts));
    const sum = (key, list, shown) => ({ key, label: t("currents.sum"), from: 0, to: total(list), name: "other", value: `${shown(total(list))}${view.rest.isRest && shown(total(list)) === "0" ? " \u2713" : ""}`, strong: true });
    const bar = (key, { label, value, name }, shown) => ({ key, label, from: 0, to: value, name, value: shown(value) });
    const electric = [...currents.map((each, n) => bar(`i${n}`, each, current)), sum("sum", currents, current)];
    const chemical = fluxes.flatMap(({ ion, parts }) => [
      { key: `${ion} head`, label: symbol(view.cell, ion), head: true, value: "", strong: true },
      ...parts.map((each, n) => bar(`${ion}${n}`, each, flux)), sum(`${ion} sum`, parts, flux),
    ]);
    const labelWidth = Math.min(12, 1.5 + 0.58 * Math.max(...[...electric, ...chemical].map(({ label }) => label.length))) * em;
    let top = 0.4 * em;
    [[electric, t("currents.current")], [chemical, t("currents.flux")]].forEach(([rows, xName], n) => {
      const [lo, hi] = extent(rows.map(({ to }) => to), [0]);
      ranges[n] = sticky(ranges[n], lo, hi, 4);
      const room = (plot.size.width - labelWidth - 4.6 * em) / (5 * em);
      const at = ticks(ranges[n][0], ranges[n][1], room);
      top = parts[n]({ rows, range: ranges[n], ticks: at, tickText: t.number, size: plot.size, top, labelWidth, xName }) + 4 * em;
    });
    plot.sized(top - em);
    plot.summarised(sentence());
  }

  function sentence() {
    if (!view.rest.read) return t("currents.none");
    const { currents, fluxes } = groups(), current = among(currents), flux = among(fluxes.flatMap(({ parts }) => parts));
    const largest = (list, sign) => list.reduce((best, each) => (sign * each.value > sign * (best?.value ?? 0) ? each : best), null);
    const out = largest(currents, 1), into = largest(currents, -1);
    const parts = [t("currents.summary", { sum: current(total(currents)) })];
    if (out && into) parts.push(t("currents.summary_largest", { out: out.label, outward: current(out.value), into: into.label, inward: current(into.value) }));
    if (!fluxes.some(({ parts }) => parts.some(({ value }) => value !== 0))) return [...parts, t("currents.summary_still")].join(" ");
    const adrift = fluxes.filter(({ parts }) => flux(total(parts)) !== "0").map(({ ion }) => symbol(view.cell, ion));
    parts.push(adrift.length ? t("currents.summary_drift", { ions: adrift.join(", ") }) : t("currents.summary_balance"));
    return parts.join(" ");
  }

  function toTable(next) {
    view = next;
    const { membrane, currents, fluxes } = groups({ currents: 0, fluxes: 0 });
    const rows = [...currents.map(({ label, value }) => [membrane, label, null, value, null]), [membrane, t("currents.sum"), null, total(currents), null]];
    for (const { ion, parts } of fluxes) {
      rows.push(...parts.map(({ label, value }) => [membrane, label, ion, null, value]));
      rows.push([membrane, t("currents.sum"), ion, null, total(parts)]);
    }
    const columns = [{ label: t("plot.membrane") }, { label: t("plot.transport") }, { label: t("plot.ion") }, { label: t("plot.current"), unit: "pA" }, { label: t("plot.flux"), unit: "fmol/s" }];
    return { columns, rows: rows.map((each) => each.map((cell) => (Number.isNaN(cell) ? null : cell))) };
  }

  return plot.face((next) => (view = next), { settled: true });
}
