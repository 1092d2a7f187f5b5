// What the numbers mean: where V comes from, what the pump costs and gives, what was proved and what was left out.
import { el, setAttribute, write } from "./dom.js";

/** { value(quantity, ...place), places(quantity, ...start) } of rows whose meanings are listed; NaN where there is none. */
export function reader(meanings, values) {
  return {
    value(quantity, ...place) {
      const k = meanings.findIndex((row) => row.quantity === quantity && row.place.join("/") === place.join("/"));
      return k < 0 || !values ? NaN : values[k];
    },
    places: (quantity, ...start) =>
      meanings
        .filter((row) => row.quantity === quantity && start.every((name, i) => row.place[i] === name))
        .map(({ place }) => place.slice(start.length)),
  };
}

/** What is said of one number twice: the screen's first sentence and what a screen reader is told after a change. */
export function summary(view, t) {
  const m = view.state.membrane ?? 0;
  const { now, rest, before } = view;
  const from = { before: before.v[m] };
  const slowest = t(Number.isFinite(rest.tau) ? "say.tau" : "say.slowly", { tau: rest.tau });
  if (rest.isRest && !rest.pending && !Object.keys(view.state.values).length)
    return `${t(view.state.blocks.length ? "say.start.blocks" : "say.start", { v: rest.v[m] })} ${slowest}`;
  const said = (key, v) => t(same(v, before.v[m], t) ? `${key}.same` : key, { v, by: v - before.v[m], ...from });
  const first = now.v[m] === null || !Number.isFinite(now.v[m]) ? t("say.now.none") : said("say.now", now.v[m]);
  if (rest.pending) return `${first} ${t("say.pending")}`;
  if (!rest.isRest) return `${first} ${rest.text}`;
  return `${first} ${said("say.settled", rest.v[m])} ${slowest}`;
}

/** Whether a change from one potential to another is too small to be told. */
export const same = (v, before, t) => t.signed(v - before) === t.signed(0);

/** Why a membrane has the potential it has, sentence by sentence; the order is that of `vrest explain`. */
export function accountOf(view, doc, t) {
  const { cell, account, state } = view;
  const membrane = cell.membranes[state.membrane ?? 0];
  const several = cell.membranes.length > 1;
  const { passive_mV: passive } = doc.certificate;
  const rows = reader(cell.accounts, account);
  const read = reader(cell.readings, view.rest.read);
  const of = (quantity, ...place) => rows.value(quantity, membrane, ...place);
  const lines = [];
  const v = of("v");
  const ions = rows
    .places("E", membrane)
    .map(([ion]) => ({ ion, E: of("E", ion), share: of("chord_share", ion), drive: of("driving_force", ion) }));
  const voters = ions.filter(({ E, share }) => Number.isFinite(E) && Number.isFinite(share));
  if (voters.length) {
    const { ion, E, share, drive } = voters.reduce((a, b) => (b.share > a.share ? b : a));
    const alone = voters.every(({ ion: other, share }) => other === ion || share === 0);
    const voice = t(Math.abs(drive) > passive ? "account.loudest" : alone ? "account.alone" : "account.passive", { ion, E, share: 100 * share });
    lines.push(t(several ? "account.vote.where" : "account.vote", { v, membrane, voice }));
  }
  const paths = read.places("path_currents", membrane).map(([name]) => name);
  if (Math.abs(of("chord_paths")) > passive) lines.push(t("account.paths", { by: paths.join(", "), mV: of("chord_paths") }));
  if (Math.abs(of("chord_one_sided")) > passive) lines.push(t("account.one_sided", { mV: of("chord_one_sided") }));
  const absent = ions.filter(
    ({ ion, E }) => !Number.isFinite(E) && cell.compartments.every((place) => !(read.value("concentrations", place, ion) > 0)),
  );
  if (absent.length) lines.push(t("account.absent", { ions: absent.map(({ ion }) => ion).join(t("account.absent.and")) }));
  const turns = (name) => rows.places("turnover", name).some(([pump]) => Math.abs(rows.value("turnover", name, pump)) > 0);
  const held = !Number.isFinite(of("charge_moved"));
  const turning = turns(membrane);
  const anywhere = cell.membranes.some(turns);
  if (held) lines.push(t("account.held"));
  else if (!anywhere) lines.push(t("account.no_pump"));
  if (turning && Number.isFinite(of("ghk"))) lines.push(t("account.ghk", { ghk: of("ghk"), pump: v - of("ghk") }));
  if (turning && Number.isFinite(of("mullins_noda")))
    lines.push(t("account.mullins_noda", { v: of("mullins_noda"), by: of("mullins_noda_minus_ghk") }));
  return lines;
}

/** What the pump gives, in two sentences: its own current, lost at once, and the gradients; none where no pump of the membrane turns. */
export function pumpOf(view, t) {
  const { cell, account, off, state, rest } = view;
  const m = state.membrane ?? 0;
  const membrane = cell.membranes[m];
  const rows = reader(cell.accounts, account);
  const turns = rows.places("turnover", membrane).some(([pump]) => Math.abs(rows.value("turnover", membrane, pump)) > 0);
  if (!turns || !Number.isFinite(rows.value("charge_moved", membrane))) return [];
  return [atOnce(rest.v[m], off, m, t), later(off, m, t)];
}

/** What is lost as soon as the pumps stop. */
function atOnce(v, off, m, t) {
  const stopped = off.now.v[m];
  return Number.isFinite(stopped) && stopped !== null
    ? t("account.at_once", { by: stopped - v, v: stopped })
    : t("account.at_once.none");
}

/** What is lost as the gradients run down. */
function later(off, m, t) {
  if (off.rest.v === null || !Number.isFinite(off.rest.v[m] ?? NaN)) return t("account.later.none", { text: off.rest.text });
  const stopped = off.now.v[m];
  const v = off.rest.v[m];
  return Number.isFinite(stopped) && stopped !== null
    ? t("account.later", { by: v - stopped, v })
    : t("account.later.only", { v });
}

/** What the settled cell pays. */
export function costOf(view, t) {
  const read = reader(view.cell.readings, view.rest.read);
  const atp = read.value("atp_per_second");
  return atp > 0 ? t("costs.atp", { atp, watts: read.value("watts") }) : t("costs.none");
}

/** How the outcome was found and how well it holds, as [name, text] pairs. */
function certificateOf(view, t) {
  const { rest } = view;
  const facts = [];
  if (rest.hasState) {
    facts.push([
      t("proof.stable"),
      t(rest.isRest ? "proof.stable.yes" : rest.outcome === "unstable" ? "proof.stable.no" : "proof.stable.around"),
    ]);
    if (Number.isFinite(rest.tau)) facts.push([t("proof.slowest"), t("proof.slowest.text", { tau: rest.tau })]);
    else if (rest.isRest) facts.push([t("proof.slowest"), t("proof.slowest.none")]);
    facts.push([t("proof.residual"), t("proof.residual.text", { mV: rest.residual_mV })]);
    if (Number.isFinite(rest.imbalance)) facts.push([t("proof.imbalance"), t("proof.imbalance.text", { rate: rest.imbalance })]);
  }
  if (rest.followed > 0) facts.push([t("proof.reached"), t("proof.followed", { time: rest.followed, steps: rest.steps })]);
  else if (rest.hasState) facts.push([t("proof.reached"), t("proof.near")]);
  return facts;
}

/** -> { update(view), waterfall: host for that plot }: mounts the panel of a cell in `host`. */
export function createMeaning({ host, cell, doc, t, checked }) {
  const sentence = el("p", { className: "sentence" });
  const question = el("h3", {});
  const waterfall = el("div", {});
  const sentences = el("ul", { className: "sentences" });
  const outcome = el("p", { className: "outcome" });
  const text = el("p", { className: "hint" });
  const facts = el("dl", { className: "facts" });
  const found = el("details", {}, el("summary", {}, t("proof.found")), facts);
  const command = el("code", {});
  const undecided = el("div", { className: "undecided" }, el("p", {}, t("proof.undecided")), command);
  const atp = el("p", {});
  const charge = el("p", {});
  const costs = el("section", {}, el("h3", {}, t("costs.title")), atp, charge);
  const flux = fluxTable(cell, t);
  const given = el("ul", { className: "sentences" });
  const pump = el("section", {}, el("h3", {}, t("pump.title")), given);
  const account = el("section", {}, question, waterfall, sentences);
  host.replaceChildren(
    sentence,
    el("section", { className: "proof" }, el("h3", { className: "visually-hidden" }, t("proof.title")), outcome, text, undecided, found),
    account,
    pump,
    costs,
    flux.element,
    el(
      "section",
      { className: "honesty" },
      el("h3", {}, t("honesty.title")),
      el("p", {}, t("honesty.model", { title: cell.title, transports: cell.transports.map(({ label }) => label).join(", ") })),
      el("p", {}, t(cell.spaces.some(({ finite }) => finite) ? "honesty.counted" : "honesty.held")),
      el("p", {}, t("honesty.ghk")),
      el("p", {}, t("honesty.settled")),
      el("p", { id: "checked" }, checked ? t("honesty.checked", { version: checked }) : t("honesty.unchecked")),
      cell.reference.rests
        ? null
        : el("p", { className: "warning" }, t("honesty.no_reference", { reason: cell.reference.reason })),
      cell.notes
        ? el(
            "details",
            {},
            el("summary", {}, t("honesty.notes")),
            ...cell.notes
              .trim()
              .split(/\n\s*\n/)
              .map((part) => el("p", {}, part)),
          )
        : null,
    ),
  );

  function update(view) {
    const { rest, state } = view;
    const m = state.membrane ?? 0;
    const rows = reader(cell.accounts, view.account);
    const membrane = cell.membranes[m];
    const told = rest.isRest && view.account !== null;
    write(sentence, summary(view, t));
    setAttribute(outcome, "data-kind", rest.pending ? "pending" : rest.isRest ? "rest" : "other");
    outcome.replaceChildren(
      el(
        "data",
        { id: "outcome", value: rest.outcome ?? "" },
        rest.pending ? t("proof.pending") : rest.undecided || !rest.outcome ? t("proof.none") : t(`outcome.${rest.outcome}`),
      ),
    );
    write(text, rest.isRest ? rest.text : ""); // else the first sentence has it
    undecided.hidden = !rest.undecided;
    write(command, rest.undecided ?? "");
    const proof = certificateOf(view, t);
    found.hidden = !proof.length;
    fill(facts, proof);
    account.hidden = pump.hidden = !told;
    if (told) {
      write(question, t("account.title", { v: rows.value("v", membrane) }));
      list(sentences, accountOf(view, doc, t));
      const lines = pumpOf(view, t);
      list(given, lines);
      pump.hidden = !lines.length;
    }
    const moved = rows.value("charge_moved", membrane);
    if (rest.hasState) write(atp, costOf(view, t));
    write(
      charge,
      Number.isFinite(moved) && told
        ? t("costs.charge", { uM: moved, share: 100 * rows.value("charge_moved_share", membrane) })
        : "",
    );
    costs.hidden = !rest.hasState;
    flux.update(view, membrane);
  }

  return { update, waterfall };
}

/** Puts sentences into a list, reusing what is there. */
function list(host, lines) {
  while (host.children.length > lines.length) host.lastChild.remove();
  lines.forEach((line, k) => write(host.children[k] ?? host.appendChild(el("li", {})), line));
}

/** Puts [name, text] pairs into a list of definitions, reusing what is there. */
function fill(list, pairs) {
  while (list.children.length > 2 * pairs.length) list.lastChild.remove();
  pairs.forEach(([name, text], k) => {
    write(list.children[2 * k] ?? list.appendChild(el("dt", {})), name);
    write(list.children[2 * k + 1] ?? list.appendChild(el("dd", {})), text);
  });
}

/** Outward fluxes of each ion through each transport of a membrane, and their sum. */
function fluxTable(cell, t) {
  const body = el("tbody");
  const head = el("thead");
  const caption = el("caption");
  const table = el("table", {}, caption, head, body);
  const scroller = el("div", { className: "scroller", tabIndex: 0, role: "region", "aria-label": t("flux.title") }, table);
  const element = el("details", { className: "flux" }, el("summary", {}, t("flux.title")), scroller);
  let drawn = null;
  let cells = [];
  let last = null;
  element.addEventListener("toggle", () => last && update(...last));

  function draw(membrane) {
    write(caption, t(cell.membranes.length > 1 ? "flux.caption.where" : "flux.caption", { membrane }));
    const places = cell.readings
      .filter(({ quantity, place }) => quantity === "fluxes" && place[0] === membrane)
      .map(({ place }) => place);
    const ions = [...new Set(places.map(([, ion]) => ion))];
    const columns = [...new Set(places.map(([, , transport]) => transport))];
    head.replaceChildren(
      el(
        "tr",
        {},
        el("th", { scope: "col" }, t("flux.ion")),
        ...columns.map((name) => el("th", { scope: "col" }, name)),
        el("th", { scope: "col" }, t("flux.sum")),
      ),
    );
    cells = ions.map((ion) => ({
      ion,
      cells: columns.map((transport) => ({ transport, td: el("td") })),
      sum: el("td", { className: "sum" }),
    }));
    body.replaceChildren(
      ...cells.map(({ ion, cells, sum }) => el("tr", {}, el("th", { scope: "row" }, ion), ...cells.map(({ td }) => td), sum)),
    );
    drawn = membrane;
  }

  function update(view, membrane) {
    last = [view, membrane];
    element.hidden = !view.rest.hasState;
    if (element.hidden || !element.open) return;
    if (drawn !== membrane) draw(membrane);
    const read = reader(cell.readings, view.rest.read);
    const all = cells.map(({ ion, cells }) => cells.map(({ transport }) => read.value("fluxes", membrane, ion, transport)));
    const shown = (value) => (Number.isNaN(value) ? "" : Math.abs(value) > cell.rounding.fluxes ? t("flux.value", { value }) : "0");
    cells.forEach((row, i) => {
      row.cells.forEach(({ td }, k) => write(td, shown(all[i][k])));
      write(row.sum, shown(all[i].reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0)));
    });
  }

  return { element, update };
}
