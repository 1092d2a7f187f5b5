// What the layout's menus offer: files to save, and texts to copy.
import { commands, pythonCode, runCommand, settledCommand } from "./commands.js";
import { column, comments, csv, png, provenance, save, sheetPage, toml, TYPES } from "./files.js";
import { stagesOf } from "./model.js";
import { csvOf, records, sheet } from "./modes/records.js";

/** The command that answers for a state of the page: where it settles, or its run, which begins at rest or as described. */
export function command({ state, cell, what, start }) {
  if (what === "settled") return settledCommand(state, cell);
  const values = cell.controls.map(({ name, value }) => state.values[name] ?? value);
  return runCommand({ state, cell, values, run: { start: start ?? "rest", stages: stagesOf(values, state, cell) } });
}

/** { copies, actions } of the layout; t() gives the texts in the language of the moment. */
export function createExports({ doc, store, t }) {
  const from = (view) => provenance({ view, doc, fragment: store.fragment() });
  const keep = (view, end, content) => save(t(), `vrest_${view.cell.name}${end}`, content, TYPES[end.split(".").at(-1)]);
  const drawn = (plots) => {
    const found = Object.values(plots).filter(({ element }) => element.getClientRects().length);
    if (!found.length) throw new Error(t()("export.nothing"));
    return found;
  };
  const picture = (view, plots) => {
    const found = drawn(plots);
    return column(found.map((plot, k) => plot.svg(k === found.length - 1 ? from(view) : [])));
  };
  const tables = (view, plots) =>
    comments(from(view)) + drawn(plots).map((plot) => `# ${plot.title}\r\n${csv(plot.toTable(view))}`).join("\r\n");
  const predictions = (make) => (view) => {
    const all = records().all();
    return all.length ? make(view, all) : t()("export.no_predictions");
  };
  return {
    copies: [
      { id: "command", label: "copy.command", text: commands },
      { id: "python", label: "copy.python", text: pythonCode },
    ],
    actions: [
      { id: "csv", label: "export.csv", run: (view, plots) => keep(view, ".csv", tables(view, plots)) },
      { id: "svg", label: "export.svg", run: (view, plots) => keep(view, ".svg", picture(view, plots)) },
      { id: "png", label: "export.png", run: async (view, plots) => keep(view, ".png", await png(picture(view, plots))) },
      { id: "toml", label: "export.toml", run: (view) => keep(view, ".toml", toml(view, from(view))) },
      { id: "lab_csv", label: "export.lab_csv", run: predictions((view, all) => keep(view, "_lab_sheet.csv", comments(from(view)) + csvOf(all, t()))) },
      { id: "lab_page", label: "export.lab_page", run: predictions((view, all) => keep(view, "_lab_sheet.html", sheetPage(sheet(all, t()), t(), from(view)))) },
    ],
  };
}
