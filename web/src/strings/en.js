// Every text of the page in English: the parts of the page side by side.
import page from "./en.page.js";

export default { ...page };
