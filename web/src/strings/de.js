// Every text of the page in German: the parts of the page side by side.
import core from "./de.core.js";
import document from "./de.document.js";
import modes from "./de.modes.js";
import page from "./de.page.js";
import plots from "./de.plots.js";

export default { ...core, ...document, ...page, ...plots, ...modes };
