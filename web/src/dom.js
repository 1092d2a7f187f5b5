// Elements of the page. Data only ever become text, never markup.

/** An element with properties and children; "class", "for" and names with a dash are attributes, on… are listeners. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-") && name !== "list") element[name] = value;
    else element.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text only where it has changed, so that an update that changes nothing costs nothing. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A button that opens and closes what it names; Escape closes it and returns to the button. */
export function disclosure(label, panel, properties = {}) {
  const button = el("button", { type: "button", "aria-expanded": "false", "aria-controls": panel.id, ...properties }, label);
  const open = (yes) => {
    button.setAttribute("aria-expanded", String(yes));
    panel.hidden = !yes;
  };
  panel.hidden = true;
  button.addEventListener("click", () => open(panel.hidden));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(false);
    button.focus();
  });
  return Object.assign(button, { open });
}
