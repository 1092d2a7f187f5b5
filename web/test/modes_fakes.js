// A cell and a model for tests of the modes. V is that of the Goldman equation, with the pump as an offset; nothing of vrest.

const control = (name, value, more = {}) => ({
  name, label: name, unit: "mM", value, low: value / 20, high: value * 20, log: true, minimum: 0, maximum: null, range: null,
  switch: false, companions: [], companion: null, ...more,
});
const strength = (name, value, more = {}) => control(name, value, { unit: "cm/s", switch: true, ...more });

export const fakeCell = (more = {}) => ({
  name: "fake",
  file: "my cell.toml",
  membranes: ["membrane"],
  reference: { rests: true, outcome: "rests", reason: "" },
  controls: [
    control("outside.K", 5, {
      companions: [{ how: "swap", ion: "Na", control: 1, factor: -1 }, { how: "with", ion: "Cl", control: 2, factor: 1 }],
      companion: 0, low: 0.2, high: 100,
    }),
    control("outside.Na", 145, { companions: [{ how: "with", ion: "Cl", control: 2, factor: 1 }], companion: 0 }),
    control("outside.Cl", 110),
    control("inside.K", 140),
    strength("K_leak.permeability", 1),
    strength("Na_leak.permeability", 0.05),
    strength("Cl_leak.permeability", 1e-9),
    strength("pump.max_rate", 60, { range: [50, 130] }),
    strength("nkcc.rate", 1),
    strength("water.permeability", 1),
  ],
  transports: [
    { label: "K_leak", control: 4, kind: "channel", ion: "K" },
    { label: "Na_leak", control: 5, kind: "channel", ion: "Na" },
    { label: "Cl_leak", control: 6, kind: "channel", ion: "Cl" },
    { label: "pump", control: 7, kind: "pump" },
    { label: "nkcc", control: 8, kind: "cotransport" },
    { label: "leak of all", control: null, kind: "channel", ion: "Ca" },
    { label: "water", control: 9, kind: "water" },
  ],
  readings: [{ quantity: "E", place: ["membrane", "K"] }],
  bath_ion: { control: 0, ion: "K" },
  ...more,
});

export const fakeState = (more = {}) => ({
  cell: "fake", values: {}, blocks: [], membrane: 0, companions: {}, x: null, data: [], seed: 7, reading: "settled", ...more,
});

/** Below 20 of the pump the cell has no rest; a search `needs` so many steps. */
export function fakeModel(cell, { needs = 0 } = {}) {
  function answer(state, steps) {
    const of = (name) => state.values[name] ?? cell.controls.find((c) => c.name === name).value;
    const [pK, pNa, pCl] = ["K_leak.permeability", "Na_leak.permeability", "Cl_leak.permeability"].map(of);
    const above = pK * of("outside.K") + pNa * of("outside.Na") + pCl * 7;
    const below = pK * 140 + pNa * 15 + pCl * of("outside.Cl");
    const now = 26.7 * Math.log(above / below) - of("pump.max_rate") / 5;
    const decided = steps >= needs;
    const isRest = decided && of("pump.max_rate") >= 20;
    return {
      state, cell,
      now: { v: [now], defined: true },
      rest: {
        outcome: !decided ? "undecided" : isRest ? "rests" : "swells_without_limit", text: "said so", isRest, hasState: decided,
        v: [now + 1], read: [26.7 * Math.log(of("outside.K") / 140)], undecided: decided ? null : "a command",
      },
    };
  }
  return {
    calls: [],
    async ask(states, steps = Infinity) {
      this.calls.push(states.length);
      return states.map((state) => answer(state, steps));
    },
  };
}
