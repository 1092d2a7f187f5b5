// Predict: a direction, a number and a reason before anything is shown; then what the cell does, and why.

import { el, write } from "../dom.js";
import { save, TYPES } from "../files.js";
import { readNumber } from "../numbers.js";
import { numbers } from "./cells.js";
import { button, chosen, createPanel, fresh, radios, saving, showing, table, whose } from "./panel.js";
import { OWN, SAME, agree, differences, directionOf, judged, questionsOf } from "./questions.js";
import { csvOf, errorOf, records, sheet } from "./records.js";
import { built } from "./steps.js";

const DIRECTIONS = ["up", "same", "down"];

export function createMode({ store, model, doc, t, host, show: showPage }) {
  const panel = createPanel(host, "predict", t("predict.title"));
  const show = showing(showPage);
  const kept = records();
  let drawn = "";
  let setUp = null; // where the person's own change is written while it is set up
  let answered = null; // what was said and seen of the question on the screen

  const cellOf = (state) => doc.cells.find((c) => c.name === state.cell);
  const all = (cell) => [...questionsOf(cell), OWN];
  const choose = (cell, id) => all(cell).find((q) => q.id === id) ?? all(cell)[0];
  const mV = (x) => `${t.mV(x)}\u00a0mV`;
  const change = (x) => `${t.signed(x)}\u00a0mV`;
  const direction = (d) => t(`predict.direction.${d}`, { same: SAME });
  const asked = (cell, question) => question.asked?.(cell) ?? {};
  const title = (cell, question) => t(`predict.${question.id}.title`, asked(cell, question));
  const changes = (cell, from, to) =>
    differences(cell, from, to)
      .map((d) => t("predict.changed", { what: d.control.label, from: t.number(d.from, 4), to: t.number(d.to, 4), unit: t.unit(d.control.unit) }))
      .join("; ");

  function ask(id, history = true) {
    const cell = cellOf(store.get());
    const question = choose(cell, id);
    answered = null;
    drawn = "";
    store.set({ question: question.id, answered: undefined, values: question.start(cell), blocks: [] }, { history });
  }

  function menu(cell, question) {
    const id = fresh("question");
    const options = all(cell).map((q) => el("option", { value: q.id, selected: q === question }, title(cell, q)));
    return el("p", {}, el("label", { for: id }, t("predict.question")), " ",
      el("select", { id, onchange: (event) => ask(event.target.value) }, ...options));
  }

  function form(cell, question, start) {
    const clocks = question.clocks.map((clock) => {
      const id = fresh("predicted");
      const way = radios(t(`predict.${clock}.direction`), DIRECTIONS.map((d) => [d, direction(d)]));
      const number = el("input", { id, type: "text", size: 8, autocomplete: "off" });
      way.append(el("p", {}, el("label", { for: id }, t(`predict.${clock}.number`)), " ", number, " mV"));
      return { clock, way, number };
    });
    const reasons = question.reasons.length
      ? radios(t("predict.why"), question.reasons.map((r) => [r, t(`predict.${question.id}.reason.${r}`)]))
      : null;
    const words = el("textarea", { id: fresh("words"), rows: 2 });
    const wrong = el("p", { className: "mode-error", role: "alert" });
    const refuse = (text, at) => {
      write(wrong, text);
      at?.focus();
    };

    async function submit(event) {
      event.preventDefault();
      write(wrong, "");
      const predicted = {};
      for (const { clock, way, number } of clocks) {
        const d = chosen(way);
        if (d === null) return refuse(t("predict.no_direction"), way.querySelector("input"));
        const read = readNumber(number.value, "mV");
        if (read.problem) return refuse(t(read.problem, { ...read.values, unit: "mV" }), number);
        if (start.isRest && !agree(d, start.settled, read.value))
          return refuse(t("predict.disagree", { v: mV(read.value), from: mV(start.settled), direction: direction(d) }), number);
        predicted[clock] = { direction: d, v: read.value, clock: t(`predict.clock.${clock}`), said: direction(d) };
      }
      const reason = reasons && chosen(reasons);
      if (reasons && reason === null) return refuse(t("predict.no_reason"), reasons.querySelector("input"));
      if (!reasons && !words.value.trim()) return refuse(t("predict.no_words"), words);
      const state = store.get();
      const first = question.start(cell);
      const end = question === OWN ? state.values : question.end(cell);
      if (!differences(cell, first, end).length) return refuse(t("predict.own.none"));
      panel.busy(t("predict.wait"));
      const [seen] = await numbers(model, [{ ...state, values: end, blocks: [] }]);
      answered = { id: question.id, predicted, reason, start, seen };
      kept.add({
        at: new Date().toISOString(),
        vrest: doc.vrest,
        cell: cell.name,
        question: title(cell, question),
        change: changes(cell, first, end),
        start: start.settled,
        predicted,
        reason: [reason && t(`predict.${question.id}.reason.${reason}`), words.value.trim()].filter(Boolean).join(" / "),
        observed: { now: seen.now, settled: seen.settled, outcome: seen.outcome },
      });
      store.set({ question: question.id, answered: question.id, values: end, blocks: [] }, { history: true });
    }

    const own = question === OWN;
    setUp = own ? el("p", { "aria-live": "off" }) : null;
    const known = [start.isRest ? t("predict.start", { from: mV(start.settled) }) : t("predict.no_rest", { text: start.text })];
    if (question.ion) known.push(t("predict.start_E", { ion: question.ion, E: mV(start.E[question.ion]) }));
    return el("form", { onsubmit: submit, noValidate: true },
      el("p", {}, t(`predict.${question.id}.ask`, asked(cell, question))),
      setUp ?? el("p", {}, t("predict.change", { change: changes(cell, question.start(cell), question.end(cell)) })),
      el("p", {}, known.join(" ")),
      ...clocks.map(({ way }) => way),
      reasons,
      el("p", {}, el("label", { for: words.id }, t(reasons ? "predict.words" : "predict.words_only")), el("br"), words),
      wrong,
      el("p", {}, el("button", { type: "submit" }, t("predict.reveal"))));
  }

  function result(cell, question, { predicted, reason, start, seen }) {
    const from = start.settled;
    const there = (v) => (Number.isFinite(v) ? `${mV(v)} (${change(v - from)})` : null);
    const E = (numbersThen) => numbersThen.E[question.ion] ?? NaN;
    const values = {
      from: mV(from),
      at_once: there(seen.now) ?? t("predict.undefined"),
      settled: there(seen.settled) ?? t("predict.no_rest", { text: seen.text }),
      E_from: mV(E(start)),
      E_to: mV(E(seen)),
      E_change: change(E(seen) - E(start)),
    };
    const rows = question.clocks.map((clock) => {
      const p = predicted?.[clock];
      const verdict = p ? judged(p, from, seen[clock]) : null;
      return [
        t(`predict.clock.${clock}`),
        p ? `${mV(p.v)} (${direction(p.direction)})` : "–",
        clock === "now" ? values.at_once : values.settled,
        p && Number.isFinite(seen[clock]) ? change(errorOf(p.v, seen[clock])) : "–",
        verdict ? t(verdict.direction ? "predict.right_direction" : "predict.wrong_direction", { direction: direction(directionOf(seen[clock] - from)) }) : "–",
      ];
    });
    const because = (r) => el("p", {}, t(`predict.${question.id}.because.${r}`, values));
    const otherWay = question.id === "potassium" && (seen.settled - from) * (E(seen) - E(start)) < 0;
    const heading = el("h3", { tabIndex: -1 }, t("predict.seen"));
    const next = all(cell)[(all(cell).findIndex((q) => q.id === question.id) + 1) % all(cell).length];
    const nodes = [
      heading,
      table(t("predict.table"), ["clock", "said", "is", "off", "direction"].map((k) => t(`predict.column.${k}`)), rows),
      seen.undecided ? el("p", {}, el("code", {}, seen.undecided)) : null,
      reason ? el("h3", {}, t(reason === question.right ? "predict.reason_right" : "predict.reason_other")) : null,
      reason && reason !== question.right ? because(reason) : null,
      question.right ? because(question.right) : el("p", {}, t("predict.own.look")),
      otherWay ? el("p", {}, t("predict.potassium.other_way")) : null,
      el("p", {}, button(t("predict.next"), () => ask(next.id)), " ", button(t("predict.again"), () => ask(question.id))),
    ];
    return { heading, nodes };
  }

  function history() {
    const list = kept.all();
    const note = el("p", { className: "mode-note" }, t(kept.kept() ? "predict.stays" : "predict.stays_briefly"));
    if (!list.length) return note;
    const { columns, rows } = sheet(list, t);
    const title = t("predict.list", { n: list.length });
    return el("details", {}, el("summary", {}, title),
      table(title, columns.map((c) => (c.unit ? `${c.label} (${c.unit})` : c.label)), rows),
      note,
      saving(t("predict.csv"), () => save(t, "predictions.csv", csvOf(list, t), TYPES.csv)),
      el("p", {}, button(t("predict.forget"), () => {
        kept.clear();
        draw(store.get());
      })));
  }

  async function draw(state) {
    const cell = cellOf(state);
    const question = choose(cell, state.question);
    const shown = state.answered === question.id;
    const key = [cell.name, question.id, shown, state.membrane, kept.all().length].join();
    if (key === drawn) return;
    drawn = key;
    panel.busy(t("predict.wait"));
    show(shown ? {} : { now: false, settled: false, plots: false });
    const end = question === OWN ? state.values : question.end(cell);
    // A link may open on an answer: then nothing was said before it.
    const said = answered?.id === question.id ? answered : null;
    const wanted = [question.start(cell), ...(shown && !said ? [end] : [])];
    const [start, seen] = await numbers(model, wanted.map((values) => ({ ...state, values, blocks: [] })));
    if (drawn !== key) return;
    setUp = null;
    const told = shown ? result(cell, question, said ?? { start, seen }) : null;
    const none = cell.reference.rests ? null : el("p", {}, t("predict.no_reference", { reason: cell.reference.reason }));
    panel.draw(none, menu(cell, question), whose(cell, state, t), ...(told ? told.nodes : [form(cell, question, start)]), history());
    if (said && shown) told.heading.focus();
    tell(state);
  }

  function tell(state) {
    if (!setUp) return;
    const list = changes(cellOf(state), {}, state.values);
    write(setUp, list ? t("predict.change", { change: list }) : t("predict.own.none"));
  }

  return {
    enter() {
      panel.mount();
      const state = store.get();
      const cell = cellOf(state);
      const question = choose(cell, state.question);
      const linked = (state.question ?? null) !== null;
      const told = linked && state.answered === question.id;
      const stands = told && (question === OWN || !differences(cell, question.end(cell), state.values).length);
      // What somebody has set up already is what they want to predict; a link says which question, and whether it is answered.
      const own = question === OWN || ((told || !linked) && Object.keys(state.values).length > 0 && !built(state.values));
      if (!stands && own) store.set({ question: OWN.id, answered: undefined }, { history: "merge" });
      else if (!stands) ask(question.id, "merge");
      draw(store.get());
    },
    leave() {
      drawn = "";
      panel.remove();
      show({});
    },
    update(view) {
      if ((store.get().question ?? null) === null) ask(null, "merge"); // the page was reset
      draw(store.get());
      tell(view.state);
    },
  };
}
