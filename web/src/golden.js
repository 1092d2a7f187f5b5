// Before a page shows a number it answers cases whose answers vrest wrote into the file.

/**
 * What differs first from what vrest answered, in words for whoever looks into it; null if nothing does.
 * @param model The `CellModel` of the cell.
 */
export function unlike(model, cell, certificate) {
  const { golden } = certificate;
  let told = 0;
  for (const [k, each] of cell.golden.entries()) {
    const found = model.golden(each);
    const differs = [
      ...compared(found.now, each.at_once, `case ${k}, V at once`, golden.v_mV),
      ...decided(found, each, k, golden),
      ...ran(found, each, k),
    ];
    if (differs.length) return differs[0];
    if (found.outcome === each.rest.outcome) told++;
  }
  return told || !cell.golden.length ? null : "no case was decided";
}

function decided(found, { rest }, k, golden) {
  if (found.outcome === "pending" || found.outcome === "undecided" || rest.outcome === null) return [];
  if (found.outcome !== rest.outcome) return [`case ${k} is ${found.outcome}, not ${rest.outcome}`];
  if (!found.state) return [];
  return [
    ...compared(found.v, rest.v, `case ${k}, V`, golden.v_mV),
    ...rest.state.flatMap((value, row) => compared([found.state[row]], [value], `case ${k}, state ${row}`, golden.state * Math.max(Math.abs(value), Math.abs(found.state[row])))),
  ];
}

function ran({ run }, expected, k) {
  if (!run) return [];
  return compared(run.v.flatMap((row) => [...row]), expected.run.v.flat(), `case ${k}, V of a run`, expected.run.error);
}

function compared(found, expected, what, error) {
  return expected.flatMap((value, i) => {
    const got = found[i];
    const same = value === null ? got === null || Number.isNaN(got) : Math.abs(got - value) <= error;
    return same ? [] : [`${what}: ${got}, not ${value}`];
  });
}
