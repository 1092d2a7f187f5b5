// What the numbers mean: where V comes from, what the pump costs and gives, what was proved and what was left out.
import { el, setAttribute, write } from "./dom.js";
import { symbol } from "./rows.js";

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

/** What is known of a membrane that settled: its walls, ions, pumps and paths, as `vrest explain` takes them. */
function storyOf(view, doc) {
  const { cell, account, state, rest } = view;
  const m = state.membrane ?? 0;
  const membrane = cell.membranes[m];
  const wall = cell.walls[m];
  const rows = reader(cell.accounts, account);
  const read = reader(cell.readings, rest.read);
  const { passive_mV: passive, rounding_share: rounding } = doc.certificate;
  const of = (quantity, ...place) => rows.value(quantity, membrane, ...place);
  const kinds = new Map(cell.transports.filter((each) => each.membrane === membrane).map(({ label, kind }) => [label, kind]));
  const isChannel = (label) => ["channel", "stimulus"].includes(kinds.get(label));
  const fluxes = read.places("fluxes", membrane).map(([ion, label]) => ({ ion, label, size: Math.abs(read.value("fluxes", membrane, ion, label)) }));
  const most = rounding * Math.max(0, ...fluxes.map(({ size }) => size));
  const ions = rows.places("E", membrane).map(([ion]) => {
    const [share, drive] = [of("chord_share", ion), of("driving_force", ion)];
    const carried = fluxes.some((each) => each.ion === ion && !isChannel(each.label) && each.size > most);
    return {
      ion,
      name: symbol(cell, ion),
      E: of("E", ion),
      share,
      drive,
      current: of("channel_current", ion),
      absent: [wall.inside, wall.outside].every((place) => !(read.value("concentrations", place, ion) > 0)),
      passive: wall.free.includes(ion) && share > 0 && Math.abs(drive) <= passive && !carried,
    };
  });
  const currents = read.places("currents", membrane).map(([label]) => ({ label, size: Math.abs(read.value("currents", membrane, label)) }));
  const least = rounding * Math.max(0, ...currents.map(({ size }) => size));
  const turns = (name) =>
    rows
      .places("turnover", name)
      .map(([pump]) => pump)
      .filter((pump) => Math.abs(rows.value("turnover", name, pump)) > 0);
  const pumped = rows.places("turnover", membrane).map(([pump]) => pump);
  return {
    m,
    membrane,
    of,
    ions,
    ring: wall.closes,
    held: !Number.isFinite(of("charge_moved")),
    turning: turns(membrane).length > 0,
    pumps: cell.membranes.flatMap(turns).length,
    paths: read
      .places("path_currents", membrane)
      .map(([name]) => name)
      .filter((name) => wall.closes || Math.abs(read.value("path_currents", membrane, name)) > least),
    leftOut: [
      ...pumped.filter((pump) => Math.abs(of("current", pump)) > 0),
      ...currents.filter(({ label, size }) => !isChannel(label) && !pumped.includes(label) && size > least).map(({ label }) => label),
    ],
  };
}

const listed = (texts, t) => [texts.slice(0, -1).join(", "), texts.at(-1)].filter(Boolean).join(t("account.and"));

/** Why a membrane has the potential it has, sentence by sentence; the order is that of `vrest explain`. */
export function accountOf(view, doc, t) {
  const story = storyOf(view, doc);
  const { of, ions, ring } = story;
  const { passive_mV: passive } = doc.certificate;
  const lines = voteOf(view, doc, story, t);
  const by = ring ? t("account.around") : story.paths.join(", ");
  if (Math.abs(of("chord_paths")) > passive) lines.push(t("account.paths", { by, mV: of("chord_paths") }));
  if (Math.abs(of("chord_one_sided")) > passive) lines.push(t("account.one_sided", { mV: of("chord_one_sided") }));
  const absent = ions.filter((each) => !Number.isFinite(each.E) && each.absent);
  if (absent.length) lines.push(t("account.absent", { ions: absent.map(({ name }) => name).join(t("account.absent.and")) }));
  if (story.held && !ring) lines.push(t("account.held"));
  if (!story.held && !story.pumps) lines.push(t("account.no_pump"));
  return lines;
}

/** Who pulls V where: by shares of the chord conductance. */
function voteOf(view, doc, { m, membrane, of, ions }, t) {
  const { passive_mV: passive, tie } = doc.certificate;
  const { membranes } = view.cell;
  const voters = ions.filter(({ E, share }) => Number.isFinite(E) && share);
  if (!voters.length) return [];
  const said = t(membranes.length > 1 ? "account.v.where" : "account.v", { v: of("v"), membrane });
  const pulling = voters.filter(({ share, drive }) => Math.abs(share * drive) > passive);
  const names = (some) => listed(some.map(({ name }) => name), t);
  if (voters.length === 1) {
    const [{ ion, name, E }] = voters;
    const among = ions.some((each) => !Number.isFinite(each.E) && each.current) ? t("account.among") : "";
    return [t(pulling.length ? "account.only.pulls" : "account.only", { said, ion, name, E, among })];
  }
  if (!pulling.length) {
    const away = voters.filter(({ drive }) => Math.abs(drive) > passive);
    const there = t("account.equilibrium", { said, ions: names(voters.filter((each) => !away.includes(each))) });
    return [away.length ? `${there} ${t("account.equilibrium.away", { ions: names(away), limit: passive })}` : there];
  }
  const largest = (some) => {
    const most = Math.max(...some.map(({ share }) => share));
    return some.filter(({ share }) => most - share < tie * most);
  };
  const percent = ({ share }) => `${t.number(100 * share, 2)} %`;
  const pull = (some) =>
    t(some.length > 1 ? "account.pull.many" : "account.pull", {
      ions: names(some),
      shares: listed(some.map(percent), t),
      towards: listed(some.map(({ ion, E }) => t("account.E", { ion, E })), t),
    });
  const head = m ? t("account.said", { said }) : t("account.vote", { said });
  const first = largest(voters);
  const strongest = first.filter((each) => pulling.includes(each));
  const lines = [];
  if (strongest.length) lines.push(`${head} ${pull(strongest)}.`);
  else {
    const [one] = first;
    lines.push(`${head} ${t(one.passive ? "account.passive" : "account.still", { ion: one.name, share: percent(one) })}`);
    lines.push(t("account.pulling", { pull: pull(largest(pulling)) }));
  }
  const against = voters.filter(({ share }) => share < 0);
  if (against.length) lines.push(t("account.against", { ions: listed(against.map((each) => `${each.name} (${percent(each)})`), t) }));
  return lines;
}

/** What becomes of V when all pumps stop: at once, contents unchanged, and in the end; nothing where no pump of the membrane turns. */
export function pumpOf(view, doc, t) {
  const story = storyOf(view, doc);
  if (!story.turning || story.ring || !view.off) return [];
  const { m } = story;
  const { now, rest } = view.off;
  const pump = t(story.pumps > 1 ? "pump.many" : "pump.one");
  const v = view.rest.v[m];
  const stopped = now.v[m] ?? NaN;
  const there = Number.isFinite(stopped);
  const moves = there && !same(stopped, v, t);
  const first = t(moves ? "pump.at_once" : there ? "pump.at_once.same" : "pump.at_once.none", { pump, by: stopped - v, v: stopped });
  const end = rest.isRest ? rest.v[m] : NaN;
  if (!Number.isFinite(end)) return [first, t("pump.end.none", { pump, text: rest.text })];
  if (!there) return [first, t("pump.end", { v: end })];
  if (same(end, stopped, t)) return [first, t("pump.end.same")];
  const what = t(ranDown(view, doc, story) ? "pump.run_down" : "pump.contents");
  return [first, t(moves ? "pump.end.another" : "pump.end.by", { by: end - stopped, v: end, what })];
}

/** Whether without pumps the E of the ions that conduct have come together, and towards 0. */
function ranDown(view, doc, { membrane, ions }) {
  const { tie, run_down: limits } = doc.certificate;
  const { cell, off } = view;
  const later = reader(cell.readings, off.rest.read);
  const conducting = ions.filter(({ share }) => share > tie);
  const before = conducting.map(({ E }) => E);
  const after = conducting.map(({ ion }) => later.value("E", membrane, ion));
  const range = (values) => Math.max(...values) - Math.min(...values);
  const furthest = (values) => Math.max(...values.map(Math.abs));
  return (
    before.length > 0 && range(after) < limits.together * range(before) && furthest(after) < limits.nearer * furthest(before)
  );
}

/** What formulas say of V and of the pump, where that is another number. */
export function formulasOf(view, doc, t) {
  const { m, of, ring, turning, paths, leftOut } = storyOf(view, doc);
  const lines = [];
  const [v, ghk, chord] = [of("v"), of("ghk"), of("chord_pump")];
  const whose = [...leftOut, ...paths].map((label) => (label === "pump" ? t("pump.the") : label));
  if (Number.isFinite(ghk) && t.mV(v) !== t.mV(ghk) && (whose.length || ring))
    lines.push(t("formulas.ghk", { ghk, by: v - ghk, whose: ring ? t("account.around") : t("formulas.of", { whose: listed(whose, t) }) }));
  const direct = (view.off?.now.v[m] ?? NaN) - v;
  if (turning && Number.isFinite(direct) && t.signed(-chord) !== t.signed(direct)) lines.push(t("formulas.chord", { chord }));
  if (turning && Number.isFinite(of("mullins_noda")) && Number.isFinite(of("ghk_without_cl")))
    lines.push(t("formulas.mullins_noda", { v: of("mullins_noda"), ghk: of("ghk_without_cl") }));
  return lines;
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
  const said = el("ul", { className: "sentences" });
  const formulas = el("section", {}, el("h3", {}, t("formulas.title")), said);
  const account = el("section", {}, question, waterfall, sentences);
  host.replaceChildren(
    sentence,
    el("section", { className: "proof" }, el("h3", { className: "visually-hidden" }, t("proof.title")), outcome, text, undecided, found),
    account,
    pump,
    formulas,
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
    account.hidden = pump.hidden = formulas.hidden = !told;
    if (told) {
      write(question, t("account.title", { v: rows.value("v", membrane) }));
      list(sentences, accountOf(view, doc, t));
      section(pump, given, pumpOf(view, doc, t));
      section(formulas, said, formulasOf(view, doc, t));
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

/** Sentences in their section, which is hidden where there are none. */
function section(around, host, lines) {
  list(host, lines);
  around.hidden = !lines.length;
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
