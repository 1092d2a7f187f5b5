// Every text of the page in German: the parts of the page side by side.
import core from "./de.core.js";
import modes from "./de.modes.js";
import page from "./de.page.js";
import plots from "./de.plots.js";

export default { ...core, ...page, ...plots, ...modes };
