// "Do something": buttons that put a change on the time axis, the list of what is there, how long to watch, and cards.
import { moved } from "./controls.js";
import { el, setAttribute, write } from "./dom.js";
import { inField, readNumber, readTime, timeInField } from "./numbers.js";

/** A block that changes one number for a while, as a state holds it; the others name an entry of the cell's `blocks`. */
const OWN = "set";

/** What a block is called and does, for people. */
function describe(cell, block, t) {
  const entry = cell.blocks.find(({ id }) => id === block.id);
  if (entry) return entry.label;
  const control = cell.controls.find(({ name }) => name === block.control);
  return t("blocks.own", { label: control.label, value: block.value, unit: control.unit });
}

/** -> { sync(state) }: mounts the buttons and the list of blocks of a cell in `host`. */
export function createBlocks({ host, cell, store, t, say }) {
  const controls = cell.controls.filter(({ fixed_at_start: fixed }) => !fixed);
  const list = el("ol", { className: "blocks" });
  const empty = el("p", { className: "hint" }, t("blocks.none"));
  let editors = [];
  let drawn = "";

  const blocksNow = () => store.get().blocks;
  const put = (blocks, history = true) => store.set({ blocks }, { history });
  const change = (index, patch, history) =>
    put(
      blocksNow().map((block, k) => (k === index ? { ...block, ...patch } : block)),
      history,
    );

  function add(block, name) {
    put([...blocksNow(), block]);
    sync(store.get());
    editors.at(-1).focus();
    say(t("blocks.added", { name, start: timeInField(block.start) }));
  }

  const buttons = cell.blocks.map((entry) =>
    el(
      "button",
      {
        type: "button",
        title: entry.text,
        onclick: () =>
          add(
            { id: entry.id, start: entry.start, end: entry.end, ...(entry.dose ? { dose: entry.dose.default } : {}) },
            entry.label,
          ),
      },
      entry.label,
    ),
  );
  if (controls.length) {
    buttons.push(
      el(
        "button",
        {
          type: "button",
          onclick: () => {
            const { name, value } = controls[0];
            const until = store.get().until;
            add(
              { id: OWN, control: name, value: store.get().values[name] ?? value, start: until / 8, end: until / 2 },
              t("blocks.change"),
            );
          },
        },
        t("blocks.change"),
      ),
    );
  }

  /** A time as text; read: what the text is worth to the block, or a problem in words. */
  function timeField({ id, label, take }) {
    const note = el("p", { className: "note", id: `${id}-note` });
    const input = el("input", {
      type: "text",
      id,
      autocomplete: "off",
      "aria-describedby": note.id,
      onchange: commit,
      onkeydown: (event) => {
        if (event.key === "Escape") {
          input.value = shown;
          commit();
        }
        const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        const read = way && readTime(input.value);
        if (!way || read.problem) return;
        event.preventDefault();
        const unit = /[a-z]+$/.exec(input.value.trim())?.[0] ?? "s";
        const size = readTime(`1 ${unit}`).value * way * (event.shiftKey ? 10 : 1) * (event.altKey ? 0.1 : 1);
        input.value = timeInField(Math.max(0, Number((read.value + size).toPrecision(12))));
        commit();
      },
    });
    let shown = "";

    function commit() {
      const read = readTime(input.value);
      const problem = read.problem ? t(read.problem, read.values) : take(read.value);
      setAttribute(input, "aria-invalid", problem ? "true" : null);
      note.classList.toggle("bad", Boolean(problem));
      write(note, problem ?? "");
      if (problem) say(problem);
    }

    return {
      element: el("div", { className: "field" }, el("label", { for: id }, label), input, note),
      input,
      sync(seconds) {
        const text = seconds === null ? "" : timeInField(seconds);
        if (text === shown) return;
        shown = input.value = text;
        input.removeAttribute("aria-invalid");
        write(note, "");
      },
    };
  }

  function doseStepper(index, entry, id) {
    const { grid, texts, label } = entry.dose;
    const shown = (k) => t.unit(texts[k]);
    const output = el("output", { for: id });
    const range = el("input", {
      type: "range",
      id,
      min: 0,
      max: grid.length - 1,
      step: 1,
      oninput: () => {
        change(index, { dose: Number(range.value) }, going ? "merge" : true);
        going = true;
      },
      onchange: () => {
        going = false;
      },
    });
    let going = false;
    return {
      element: el("div", { className: "field" }, el("label", { for: id }, label), range, output),
      sync(dose) {
        range.value = dose;
        write(output, shown(dose));
        setAttribute(range, "aria-valuetext", shown(dose));
      },
    };
  }

  function ownFields(index, id) {
    const select = el(
      "select",
      {
        id: `${id}-control`,
        onchange: () => {
          const control = controls.find(({ name }) => name === select.value);
          change(index, { control: control.name, value: store.get().values[control.name] ?? control.value });
        },
      },
      ...controls.map(({ name, label }) => el("option", { value: name }, label)),
    );
    const note = el("p", { className: "note", id: `${id}-note` });
    const unit = el("span", { className: "unit" });
    const alone = el("p", { className: "note" });
    const box = el("input", {
      type: "text",
      inputMode: "decimal",
      autocomplete: "off",
      id: `${id}-value`,
      "aria-describedby": note.id,
      onchange: () => {
        const control = controls.find(({ name }) => name === select.value);
        const read = readNumber(box.value, control.unit);
        let problem = read.problem && t(read.problem, { ...read.values, unit: control.unit });
        const limit = problem ? null : moved(cell.controls, [], cell.controls.indexOf(control), read.value).limit;
        if (limit) problem = t("controls.limit.refused", { label: control.label, limit: limit.value, unit: control.unit });
        setAttribute(box, "aria-invalid", problem ? "true" : null);
        note.classList.toggle("bad", Boolean(problem));
        write(note, problem ?? "");
        if (problem) say(problem);
        else change(index, { value: read.value });
      },
    });
    return {
      element: el(
        "div",
        { className: "field own" },
        el("label", { for: select.id }, t("blocks.what")),
        select,
        el("label", { for: box.id }, t("blocks.to")),
        el("span", {}, box, unit),
        note,
        alone,
      ),
      sync(block) {
        select.value = block.control;
        const control = controls.find(({ name }) => name === block.control);
        write(unit, t.unit(control.unit));
        write(alone, control.companions?.length ? t("controls.companion.none.note") : "");
        if (document.activeElement !== box || !box.hasAttribute("aria-invalid")) box.value = inField(block.value);
      },
    };
  }

  function createEditor(block, index) {
    const id = `b${index}`;
    const entry = cell.blocks.find(({ id }) => id === block.id);
    const title = el("h3", { tabIndex: -1 });
    const dose = entry?.dose && entry.dose.grid.length > 1 ? doseStepper(index, entry, `${id}-dose`) : null;
    const own = entry ? null : ownFields(index, id);
    const start = timeField({
      id: `${id}-start`,
      label: t("blocks.start"),
      take: (seconds) => {
        const { end } = blocksNow()[index];
        if (end !== null && seconds >= end) return t("blocks.order", { end: timeInField(end) });
        change(index, { start: seconds });
      },
    });
    const end = timeField({
      id: `${id}-end`,
      label: t("blocks.end"),
      take: (seconds) => {
        if (seconds <= blocksNow()[index].start) return t("blocks.order.end", { start: timeInField(blocksNow()[index].start) });
        change(index, { end: seconds });
      },
    });
    const forever = el("input", {
      type: "checkbox",
      id: `${id}-forever`,
      onchange: () => {
        const { start } = blocksNow()[index];
        const { until } = store.get();
        change(index, { end: forever.checked ? null : Math.max(2 * start, (start + until) / 2) });
      },
    });
    const remove = el(
      "button",
      {
        type: "button",
        className: "icon",
        onclick: () => {
          put(blocksNow().filter((_, k) => k !== index));
          sync(store.get());
          (editors[Math.min(index, editors.length - 1)] ?? { focus: () => buttons[0].focus() }).focus();
        },
      },
      "✕",
    );
    const item = el(
      "li",
      {},
      el("div", { className: "head" }, title, remove),
      entry?.text ? el("p", { className: "hint" }, entry.text) : null,
      own?.element,
      dose?.element,
      el("div", { className: "times" }, start.element, end.element),
      el("div", { className: "check" }, forever, el("label", { for: forever.id }, t("blocks.forever"))),
    );
    return {
      item,
      focus: () => title.focus(),
      sync(block) {
        const name = describe(cell, block, t);
        write(title, name);
        setAttribute(remove, "aria-label", t("blocks.remove", { name }));
        dose?.sync(block.dose ?? entry.dose.default);
        own?.sync(block);
        start.sync(block.start);
        end.sync(block.end);
        end.element.hidden = block.end === null;
        forever.checked = block.end === null;
      },
    };
  }

  const until = timeField({
    id: "until",
    label: t("blocks.until"),
    take: (seconds) => {
      if (!(seconds > 0)) return t("blocks.until.positive");
      store.set({ until: seconds }, { history: true });
    },
  });
  const scale = ["linear", "log"].map((kind) =>
    el("input", {
      type: "radio",
      name: "timescale",
      id: `time-${kind}`,
      onchange: () => store.set({ log: kind === "log" }, { history: true }),
    }),
  );

  host.replaceChildren(
    el("div", { className: "buttons" }, ...buttons),
    empty,
    list,
    until.element,
    el(
      "fieldset",
      { className: "choice" },
      el("legend", {}, t("blocks.scale")),
      ...scale.map((input) => el("label", {}, input, t(`blocks.${input.id.slice(5)}`))),
    ),
  );

  function sync(state) {
    const shape = state.blocks.map(({ id }) => id).join();
    if (shape !== drawn) {
      drawn = shape;
      editors = state.blocks.map(createEditor);
      list.replaceChildren(...editors.map(({ item }) => item));
    }
    empty.hidden = state.blocks.length > 0;
    state.blocks.forEach((block, k) => editors[k].sync(block));
    until.sync(state.until);
    scale[0].checked = !state.log;
    scale[1].checked = Boolean(state.log);
  }

  return { sync };
}

/** Mounts the scenario cards of a cell: each sets numbers, blocks and how long to watch, as one step to undo. */
export function createScenarios({ host, cell, store, t, say }) {
  host.replaceChildren(
    ...cell.scenarios.map((card) =>
      el(
        "button",
        {
          type: "button",
          className: "card",
          onclick: () => {
            const { values, blocks, until, log } = card;
            store.set(
              {
                values: { ...values },
                blocks: blocks.map((block) => ({ ...block })),
                until,
                log,
                ...(card.x ? { x: card.x } : {}),
              },
              { history: true },
            );
            say(t("scenarios.set", { label: card.label }));
          },
        },
        el("strong", {}, card.label),
        el("span", {}, card.text),
      ),
    ),
  );
}
