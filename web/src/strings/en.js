// Every text of the page, in English.
import core from "./en.core.js";
import modes from "./en.modes.js";
import page from "./en.page.js";
import plots from "./en.plots.js";

export default { ...core, ...page, ...plots, ...modes };
