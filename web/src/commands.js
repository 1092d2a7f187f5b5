// The page's numbers as commands of vrest and as Python: what is shown here can be asked there.

/** A word of a shell, in quotes where it needs them. */
export function quoted(word) {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word.startsWith("-") ? `./${word}` : word;
  return /["$`\\!%]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}

const python = (text) => JSON.stringify(text);

/** "outside.K=8 mM", with all digits. */
const setting = ({ name, unit }, value) => `${name}=${value}${unit && unit !== "1" ? ` ${unit}` : ""}`;

/** What differs from the reference, as [control, value], in the order of the controls. */
function changed({ values }, { controls }) {
  return controls.filter(({ name }) => name in values).map((control) => [control, values[control.name]]);
}

const contents = (changes) => changes.filter(([control]) => control.fixed_at_start);

/** Changes of a run as [seconds, text]: where stages differ from what held before. */
function events({ values, run, cell: { controls } }) {
  const found = [];
  let held = values;
  for (const stage of run.stages) {
    controls.forEach((control, k) => {
      if (stage.values[k] !== held[k]) found.push([stage.start, setting(control, stage.values[k])]);
    });
    held = stage.values;
  }
  return found;
}

const sets = (changes) => changes.map(([control, value]) => ` --set ${quoted(setting(control, value))}`).join("");

/** The file that commands begin with, and the line that makes it where contents matter that the cell has at rest. */
function beginning(state, cell, start = "rest") {
  const own = start === "rest" && !contents(changed(state, cell)).length;
  if (own || !cell.reference.rests) return { file: quoted(cell.file), before: [] };
  const file = quoted(`${cell.name}_rest.toml`);
  return { file, before: [`vrest rest ${quoted(cell.file)} -o ${file}`] };
}

/** The command that answers where the cell settles (and, where contents are as at rest, what happens at once). */
export function settledCommand(state, cell) {
  const changes = changed(state, cell), { file, before } = beginning(state, cell);
  const verb = changes.length && cell.reference.rests && !contents(changes).length ? "settled" : "rest";
  return [...before, `vrest ${verb} ${file}${sets(changes)}`].join("\n");
}

/** The command that repeats the run. */
export function runCommand(view) {
  const { state, cell, run } = view, { file, before } = beginning(state, cell, run.start);
  const at = events(view).map(([time, text]) => ` --at ${quoted(`${time} s`)} ${quoted(text)}`).join("");
  const start = run.start === "rest" ? " --from-rest" : "";
  return [...before, `vrest run ${file}${start}${sets(changed(state, cell))}${at} --until ${quoted(`${state.until} s`)}${state.log ? " --log" : ""}`].join("\n");
}

/** Commands that give the numbers of a view, and the run if something happens in it. */
export function commands(view) {
  const { state, cell } = view, lines = settledCommand(state, cell).split("\n");
  if (contents(changed(state, cell)).length) lines.push("# at once, with these contents frozen: copy as Python");
  if (state.blocks.length) lines.push(...runCommand(view).split("\n").filter((line) => !lines.includes(line)));
  return lines.join("\n");
}

/** The same in Python. */
export function pythonCode(view) {
  const { state, cell } = view, changes = changed(state, cell), put = contents(changes);
  const table = (list) => `{${list.map(([{ name }, value]) => `${python(name)}: ${value}`).join(", ")}}`;
  const rest = changes.filter((change) => !put.includes(change));
  const lines = ["import vrest", ""];
  lines.push(cell.reference.rests ? `before = vrest.rest(${python(cell.file)})` : `cell = vrest.load(${python(cell.file)})`);
  if (cell.reference.rests) lines.push("cell = before.as_cell()");
  if (put.length) lines.push(`cell = vrest.apply(cell, ${table(put)})  # contents, mM`);
  const defined = view.now.v.every((v) => v !== null);
  lines.push(`changes = ${table(rest)}`);
  if (defined) lines.push("now = vrest.instant(cell, changes)  # contents frozen");
  lines.push("settled = vrest.rest(vrest.apply(cell, changes))");
  const told = [cell.reference.rests && "before.v_rest", defined && "now.v", view.rest.isRest && "settled.v_rest", "settled.outcome.name"];
  lines.push(`print(${told.filter(Boolean).join(", ")})  # mV`);
  if (state.blocks.length) {
    const protocol = events(view).map(([time, text]) => `(${python(`${time} s`)}, ${python(text)})`);
    const start = view.run.start === "rest" ? ", start=settled.state" : "";
    lines.push(`run = vrest.simulate(settled.cell, [${protocol.join(", ")}], ${python(`${state.until} s`)}${start})`, "print(run.time, run.v)  # s, mV");
  }
  return lines.join("\n");
}
