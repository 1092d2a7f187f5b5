// What the plots share: a figure with its title, summary, drawing, handles and data table, and marks kept in place.
// All looks are attributes with a colour for paper after the comma, so that a drawing stands alone when it is saved.
import { linear } from "./scales.js";
import { savePlot } from "../files.js";

const NS = "http://www.w3.org/2000/svg";

const INK = "currentColor";
const PAPER = {
  v: "#000000", now: "#D55E00", K: "#0072B2", Na: "#B8860B", Cl: "#007A5A", Ca: "#A23B72", HCO3: "#6B5B00",
  pump: "#8E3A9D", ghk: "#8E3A9D", other: "#5F6B76", shade: "#8A8A8A",
};
export const color = (name) => `var(--c-${name in PAPER ? name : "other"}, ${PAPER[name] ?? PAPER.other})`;
const DASH = { v: null, now: "7 4", K: "9 4", Na: "2 4", Cl: "9 4 2 4", Ca: "5 3 5 8", HCO3: "1 6", ghk: "2 3", other: "14 4" };
export const dash = (name) => (name in DASH ? DASH[name] : DASH.other);

/** A node of a drawing. */
export function make(name, attributes, parent, text) {
  const node = document.createElementNS(NS, name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  parent?.appendChild(node);
  return node;
}

/** A node of the page around it. */
export function html(name, attributes, parent, text) {
  const node = document.createElement(name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  parent?.appendChild(node);
  return node;
}

const SEEN = Symbol("attributes as last set");

/** Sets what has changed; null takes an attribute away. */
export function set(node, attributes) {
  const seen = (node[SEEN] ??= {});
  for (const key in attributes) {
    const value = attributes[key];
    if (seen[key] === value) continue;
    seen[key] = value;
    if (value === null) node.removeAttribute(key);
    else node.setAttribute(key, value);
  }
}

export function say(node, text) {
  if (node[SEEN]?.text !== text) {
    (node[SEEN] ??= {}).text = text;
    node.textContent = text;
  }
}

/** Nodes by key that are made once: `mark(key)` gives one, `swept()` takes away those not asked for since. */
export function marks(create) {
  const held = new Map();
  let asked = new Set();
  const mark = (key) => {
    let node = held.get(key);
    if (!node) held.set(key, (node = create(key)));
    asked.add(key);
    return node;
  };
  mark.swept = () => {
    for (const [key, node] of held)
      if (!asked.has(key)) {
        node.remove();
        held.delete(key);
      }
    asked = new Set();
  };
  return mark;
}

/** d of a line through points; a value that is not finite leaves a gap, and so does a leap wider than `leap`. */
export function line(xs, ys, X, Y, leap = Infinity) {
  let d = "", pen = "M";
  for (let k = 0; k < xs.length; k += 1) {
    const y = ys[k];
    if (y === null || !Number.isFinite(y)) {
      pen = "M";
      continue;
    }
    if (Math.abs(y - ys[k - 1]) > leap) pen = "M";
    d += `${pen}${Math.round(10 * X(xs[k])) / 10} ${Math.round(10 * Y(y)) / 10}`;
    pen = "L";
  }
  return d;
}

/** A ground behind letters, so that they are read on top of lines. */
export const HALO = { stroke: "var(--bg, #ffffff)", "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke" };

/** A label with a subscript and a number: E_K −76.5. In place: say(label.value, ...). */
export function subscripted(parent, main, sub, attributes) {
  const node = make("text", { fill: INK, ...HALO, ...attributes }, parent);
  if (sub) {
    make("tspan", { "font-style": "italic" }, node, main);
    make("tspan", { dy: "0.25em", "font-size": "80%" }, node, sub);
    node.value = make("tspan", { dy: "-0.2em" }, node, "");
  } else {
    make("tspan", {}, node, main);
    node.value = make("tspan", {}, node, "");
  }
  return node;
}

/** Axes with faint lines; nothing is touched while neither ticks nor sizes change. */
export function axes(parent) {
  const group = make("g", { stroke: INK, "stroke-opacity": 0.14 }, parent);
  const texts = make("g", { fill: INK }, parent);
  let known = "";
  /** x, y: where ticks are; xText, yText: what stands at them, asked only when something moved. */
  return ({ X, Y, x = [], y = [], xText, yText, box, em, xName, yName }) => {
    const key = [...x, "|", ...y, box.left, box.right, box.top, box.bottom, em, xName, yName, X(x[0]), X(x.at(-1)), Y(y[0]), Y(y.at(-1))].join();
    if (key === known) return;
    known = key;
    group.replaceChildren();
    texts.replaceChildren();
    for (const at of x) {
      make("line", { x1: X(at), x2: X(at), y1: box.top, y2: box.bottom, "stroke-opacity": at === 0 ? 0.5 : 0.14 }, group);
      if (xText) make("text", { x: X(at), y: box.bottom + 1.2 * em, "text-anchor": "middle" }, texts, xText(at));
    }
    for (const at of y) {
      make("line", { x1: box.left, x2: box.right, y1: Y(at), y2: Y(at), "stroke-opacity": at === 0 ? 0.5 : 0.14 }, group);
      make("text", { x: box.left - 0.4 * em, y: Y(at) + 0.35 * em, "text-anchor": "end" }, texts, yText(at));
    }
    if (xName) make("text", { x: (box.left + box.right) / 2, y: box.bottom + 2.6 * em, "text-anchor": "middle" }, texts, xName);
    if (yName) {
      const middle = (box.top + box.bottom) / 2;
      make("text", { transform: `translate(${em} ${middle}) rotate(-90)`, "text-anchor": "middle" }, texts, yName);
    }
  };
}

/** Dragging by pointer: `start(event)` gives what `move(dx, dy, kept)` and `end(kept)` are told.
 *  Vertical scrolling by touch stays with the page. */
export function dragged(node, { start, move, end }) {
  node.style.touchAction = "pan-y";
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    const kept = start(event), { clientX, clientY } = event;
    const moving = (now) => move(now.clientX - clientX, now.clientY - clientY, kept);
    const ended = () => {
      node.removeEventListener("pointermove", moving);
      node.removeEventListener("pointerup", ended);
      node.removeEventListener("pointercancel", ended);
      end(kept);
    };
    node.addEventListener("pointermove", moving);
    node.addEventListener("pointerup", ended);
    node.addEventListener("pointercancel", ended);
  });
}

const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

/** Arrow keys as everywhere on the page: a step, with Shift ten, with Alt a tenth. */
export function stepped(node, { step, low, high }) {
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Home") low();
    else if (event.key === "End") high();
    else if (event.key in KEYS) step(KEYS[event.key] * (event.shiftKey ? 10 : 1) * (event.altKey ? 0.1 : 1));
    else return;
    event.preventDefault();
  });
}

/** A thing to drag and to move by keys, for a screen reader a slider. */
export function handle(parent, name, { step, low, high, ...drag }) {
  const node = html("div", { role: "slider", tabindex: 0, class: `plot-handle ${name}` }, parent);
  dragged(node, drag);
  stepped(node, { step, low, high });
  return node;
}

let count = 0;

/** The parts that every plot has. `draw()` is called when the width or the size of the text changes. */
export function figure(host, { t, doc, store, name, draw, toTable }) {
  const id = `plot-${name}-${(count += 1)}`;
  const element = html("figure", { class: `plot plot-${name}`, "aria-labelledby": `${id}-title` }, host);
  const head = html("div", { class: "plot-head" }, element);
  const caption = html("figcaption", { class: "plot-title", id: `${id}-title` }, head, t(`${name}.title`));
  const tools = html("div", { class: "plot-tools" }, head);
  const body = html("div", { class: "plot-body" }, element);
  body.style.position = "relative";
  const svg = make("svg", { role: "img", "aria-labelledby": `${id}-title ${id}-summary`, fill: INK }, body);
  svg.style.display = "block";
  const probe = html("span", { "aria-hidden": "true" }, body);
  probe.style.cssText = "position:absolute;visibility:hidden;width:1em;height:1em;pointer-events:none";
  const summary = html("p", { class: "plot-summary", id: `${id}-summary` }, element);
  const details = html("details", { class: "plot-table" }, element);
  html("summary", {}, details, t("plot.table"));
  const around = html("div", { class: "plot-scroll", tabindex: 0, role: "region", "aria-label": t("plot.table_of", { title: caption.textContent }) }, details);
  const table = html("table", { "aria-labelledby": `${id}-title` }, around);
  const files = html("p", { class: "plot-files" }, details, `${t("plot.save")} `);
  const saved = html("span", { role: "status" });
  for (const kind of ["csv", "svg", "png"]) {
    const button = html("button", { type: "button", "aria-label": t("plot.save_as", { title: caption.textContent, kind: kind.toUpperCase() }) }, files, kind.toUpperCase());
    button.addEventListener("click", () =>
      savePlot({ plot: { toTable, svg: drawing }, id: name, kind, view, doc, fragment: store.fragment(), t }).then(
        (text) => say(saved, text), (error) => say(saved, error.message)),
    );
  }
  files.append(saved);
  const size = { width: 0, em: 0, full: 0 }; // px; full: em where there is room
  let told = 0, view = null;

  const fill = () => {
    const { columns, rows } = toTable(view);
    table.replaceChildren();
    const top = html("tr", {}, html("thead", {}, table));
    for (const { label, unit } of columns) html("th", { scope: "col" }, top, unit ? `${label}, ${unit}` : label);
    const lines = html("tbody", {}, table);
    for (const row of rows) {
      const tr = html("tr", {}, lines);
      row.forEach((cell, k) => {
        const shown = typeof cell === "number" ? (columns[k].unit === "mV" ? t.mV(cell) : t.number(cell, 4)) : cell ?? "\u2013";
        html(k ? "td" : "th", k ? {} : { scope: "row" }, tr, shown);
      });
    }
  };
  details.addEventListener("toggle", () => details.open && view && fill());

  /** The drawing alone, with its title, its summary and lines of text below. */
  const drawing = (footer) => standalone(svg, { title: caption.textContent, summary: summary.textContent, footer });

  const watch = new ResizeObserver(() => {
    const width = Math.floor(body.clientWidth);
    const full = probe.offsetHeight * 0.86, em = Math.min(full, width / 22); // so that labels fit on a narrow screen, with large text too
    if (!width || (width === size.width && em === size.em)) return;
    Object.assign(size, { width, em, full });
    if (view) draw();
  });
  watch.observe(body);
  watch.observe(probe);

  /** Keeps the view for the table; false while there is no room to draw in. */
  function shows(next) {
    view = next;
    if (details.open) {
      clearTimeout(told);
      told = setTimeout(fill, 300);
    }
    return size.width > 0;
  }

  return {
    element, svg, body, tools, size,
    sized(height) {
      set(svg, { width: size.width, height, viewBox: `0 0 ${size.width} ${height}`, "font-size": size.em });
    },
    summarised(text) {
      say(summary, text);
    },
    /** What the page has of a plot; `take` is told each view first. One of the settled state is hidden with that. */
    face(take, { settled = false } = {}) {
      function update(next) {
        take(next);
        if (settled) element.hidden = next.show?.settled === false;
        if (!(settled && element.hidden) && shows(next)) draw();
      }
      return { element, update, title: caption.textContent, toTable, svg: drawing };
    },
  };
}

/** SVG text that needs nothing around it: colours of paper, a white ground, footer lines. */
export function standalone(svg, { title, summary, footer = [] }) {
  const width = Number(svg.getAttribute("width")), height = Number(svg.getAttribute("height"));
  const em = Number(svg.getAttribute("font-size"));
  const letters = Math.floor(width / (0.52 * em));
  const lines = footer.flatMap((text) => wrapped(text, letters));
  const whole = height + 2.2 * em + (lines.length ? (lines.length + 1) * 1.1 * em : 0);
  const copy = make("svg", {
    xmlns: NS, width, height: whole, viewBox: `0 0 ${width} ${whole}`, color: "#111111", fill: "#111111",
    "font-family": "system-ui, 'DejaVu Sans', Arial, sans-serif", "font-size": em,
  });
  make("title", {}, copy, title);
  make("desc", {}, copy, summary);
  make("rect", { width, height: whole, fill: "#ffffff" }, copy);
  make("text", { x: 0.6 * em, y: 1.4 * em, "font-weight": 600 }, copy, title);
  const inner = make("g", { transform: `translate(0 ${2.2 * em})` }, copy);
  for (const child of svg.childNodes) inner.appendChild(child.cloneNode(true));
  lines.forEach((text, k) =>
    make("text", { x: 0.6 * em, y: height + (3.2 + 1.1 * k) * em, "font-size": 0.8 * em, "fill-opacity": 0.8 }, copy, text),
  );
  return new XMLSerializer().serializeToString(copy).replace(/var\(--[\w-]+,\s*([^)]+)\)/g, "$1");
}

/** Text in lines of at most so many letters; a longer word is cut. */
export function wrapped(text, letters) {
  const lines = [];
  const words = text.split(" ").flatMap((word) => word.match(new RegExp(`.{1,${letters}}`, "gs")) ?? [""]);
  for (const word of words)
    if (lines.length && lines.at(-1).length + 1 + word.length <= letters) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  return lines;
}

/** Bars along one axis, a row each: what currents and the waterfall share.
 *  rows: {key, label, from, to, name (of a colour), value (text), strong, head} */
export function bars(svg) {
  const ground = make("g", {}, svg), axis = axes(ground);
  const row = marks(() => {
    const group = make("g", {}, svg);
    return Object.assign(group, {
      label: make("text", { fill: INK }, group),
      bar: make("rect", { rx: 1.5 }, group),
      link: make("line", { stroke: INK, "stroke-opacity": 0.45, "stroke-dasharray": "2 2" }, group),
      value: make("text", { fill: INK }, group),
    });
  });
  return ({ rows, range, ticks, tickText, size, top, labelWidth, xName, linked }) => {
    const { em, width } = size, high = 1.75 * em;
    const box = { left: labelWidth, right: width - 4.6 * em, top, bottom: top + rows.length * high };
    const X = linear(range[0], range[1], box.left, box.right);
    axis({ X, Y: X, x: ticks, xText: tickText, box, em, xName });
    rows.forEach((each, k) => {
      const node = row(each.key), y = top + k * high, middle = y + 0.5 * high + 0.35 * em;
      const place = each.head ? { x: 0.2 * em, "text-anchor": "start" } : { x: box.left - 0.6 * em, "text-anchor": "end" };
      set(node.label, { ...place, y: middle, "font-weight": each.strong ? 600 : null });
      say(node.label, each.label);
      const drawn = !each.head && Number.isFinite(each.from) && Number.isFinite(each.to);
      const a = drawn ? X(each.from) : 0, b = drawn ? X(each.to) : 0, left = Math.min(a, b);
      set(node.bar, {
        x: left, y: y + 0.2 * high, width: drawn ? Math.max(Math.abs(b - a), 1.5) : 0, height: 0.6 * high,
        fill: each.hollow ? "none" : color(each.name), stroke: color(each.name), "stroke-dasharray": each.hollow ? "3 2" : null,
        display: drawn ? null : "none",
      });
      const next = rows[k + 1], joined = linked && drawn && next && !next.head && Number.isFinite(next.to) && !each.last;
      set(node.link, { x1: b, x2: b, y1: y + 0.8 * high, y2: y + 1.2 * high, display: joined ? null : "none" });
      set(node.value, { x: width - 0.2 * em, y: middle, "text-anchor": "end", "font-weight": each.strong ? 600 : null });
      say(node.value, each.value);
    });
    row.swept();
    return box.bottom;
  };
}
