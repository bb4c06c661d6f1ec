// What the kit's widgets share in the browser; it is sent ahead of each one's own script. Text is only ever set as text.

const FOCUSED = ["button", "input", "select", "summary"];

/**
 * An element with attributes (`class`, `aria-label`, `onclick`, ...) and children; null children are left out.
 *
 * JupyterLab's shortcuts leave keys alone only on the very element that says so: without it an arrow in a list moves the
 * notebook to its next cell.
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (FOCUSED.includes(tag) || "tabindex" in attributes) keepKeys(element);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function keepKeys(element) {
  element.dataset.lmSuppressShortcuts = "true";
}

let controls = 0;

/**
 * Controls with their labels, and a live region, `said`, for what came of what was asked. A button that does nothing now
 * says so and can still be reached.
 */
class Controls {
  sayAnswer() {
    const { text, is_fault: isFault } = this.model.get("answer");
    this.say(text, text === "" ? "" : isFault ? "ds-fault" : "ds-done");
  }

  say(text, className) {
    this.said.className = `ds-said ${className}`;
    this.said.textContent = text;
  }

  labelled(text, control, className = "") {
    control.id ||= `ds-control-${(controls += 1)}`;
    return make("div", { class: `ds-labelled ${className}` }, make("label", { for: control.id }, text), control);
  }

  button(text, onclick, more = {}) {
    return make("button", { type: "button", onclick: (event) => this.press(event, onclick), ...more }, text);
  }

  press(event, onclick) {
    if (event.currentTarget.getAttribute("aria-disabled") !== "true") onclick();
  }

  allow(button, isAllowed) {
    button.setAttribute("aria-disabled", String(!isAllowed));
  }
}
