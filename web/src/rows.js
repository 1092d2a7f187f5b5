// Which row of a cell's readings or accounts says what.
const found = new WeakMap();

function index(list) {
  let known = found.get(list);
  if (!known) found.set(list, (known = new Map(list.map(({ quantity, place }, k) => [[quantity, ...place].join("\n"), k]))));
  return known;
}

/** Row of a quantity at a place, or undefined. */
export const row = (list, quantity, ...place) => index(list).get([quantity, ...place].join("\n"));

/** Nernst potential of an ion: at rest, or with the contents of the moment where there is no rest or it is kept back. */
export function potential(view, membrane, ion) {
  const k = row(view.cell.readings, "E", membrane, ion);
  const from = view.rest.isRest && view.show?.settled !== false ? view.rest.read : view.now.read;
  return from?.[k] ?? NaN;
}

/** What is read of the settled state; NaN where there is none. */
export function read(view, quantity, ...place) {
  const k = row(view.cell.readings, quantity, ...place);
  return k === undefined || !view.rest.read ? NaN : view.rest.read[k];
}

/** What the account of V says; NaN where it has no meaning. */
export function told(view, quantity, ...place) {
  const k = row(view.cell.accounts, quantity, ...place);
  const value = k === undefined || !view.account ? NaN : view.account[k];
  return value ?? NaN;
}

const below = new WeakMap();

/** The keys below a place of a quantity: the membranes, the ions of a membrane, the transports of an ion. */
export function keys(list, quantity, ...start) {
  let known = below.get(list);
  if (!known) {
    below.set(list, (known = new Map()));
    for (const { quantity: q, place } of list)
      place.forEach((key, k) => {
        const above = [q, ...place.slice(0, k)].join("\n");
        known.set(above, (known.get(above) ?? new Set()).add(key));
      });
  }
  return [...(known.get([quantity, ...start].join("\n")) ?? [])];
}

/** The ions that have a potential at a membrane. */
export const ionsOf = (view, membrane) => keys(view.cell.readings, "E", membrane);

const SMALL = { "-": "\u207b", "+": "\u207a", 2: "\u00b2", 3: "\u00b3", 4: "\u2074" };

/** K -> K⁺, HCO3 -> HCO₃⁻. */
export function symbol({ valences }, ion) {
  const z = valences[ion] ?? 0, size = Math.abs(z) > 1 ? String(Math.abs(z)) : "";
  const charge = z ? `${size}${z > 0 ? "+" : "-"}` : "";
  return ion.replace(/(?<=[A-Za-z])\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit))) + [...charge].map((c) => SMALL[c]).join("");
}

/** The chosen membrane. */
export const chosen = (view) => Math.min(view.state.membrane ?? 0, view.cell.membranes.length - 1);
