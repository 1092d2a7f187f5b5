// Which ion goes along with an ion of a bath, so that the bath stays neutral.

/** How a state names its choice for a control: "swap Na", "with Cl" or "none"; without a choice the control's own. */
export function choiceOf(control, companions) {
  const chosen = companions[control.name];
  if (chosen) return chosen;
  const own = control.companions[control.companion];
  return own ? `${own.how} ${own.ion}` : "none";
}

/** The companion that a state has chosen for a control, or null. */
export function companionOf(control, companions) {
  const choice = choiceOf(control, companions);
  return control.companions.find(({ how, ion }) => `${how} ${ion}` === choice) ?? null;
}
