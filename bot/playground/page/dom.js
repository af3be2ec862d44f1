// Small helpers to build elements without markup in strings.

/** Build an element: `el("div", {class: "x", onclick: f}, child, "text")`. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return an icon of the sprite in index.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Return a round picture made of initials, or of the pen for the bot. */
export function avatar(name, id, kind = "person") {
  const initials = name
    .split(/\s+/)
    .filter((word) => /^\p{L}{3}|^\p{Lu}$/u.test(word))
    .slice(0, 2)
    .map((word) => word[0].toUpperCase())
    .join("");
  const content = kind === "bot" ? icon("pen") : kind === "topic" ? "#" : initials || "?";
  return el("span", { class: `avatar ${kind} ${hue(id)}`, "aria-hidden": "true" }, content);
}

/** Return the class of the colour that belongs to an id. */
export function hue(id) {
  return `hue${Math.abs(id) % 7}`;
}

/** Show a note for a moment at the bottom of the page. */
export function toast(text) {
  const place = document.querySelector("#toasts");
  const note = el("div", { class: "toast", "data-testid": "toast" }, text);
  place.append(note);
  setTimeout(() => note.remove(), 4500);
}

/** Show a text that must be closed; resolves when it is. */
export function alertDialog(text, acceptLabel) {
  return openDialog("alert", (close) => [
    el("p", { "data-testid": "alert-text" }, text),
    el(
      "div",
      { class: "dialog-buttons" },
      el(
        "button",
        { class: "primary", type: "button", "data-testid": "alert-ok", onclick: close },
        acceptLabel,
      ),
    ),
  ]);
}

/** Ask for a line of text; resolves to it, or to null. */
export async function askDialog(label, acceptLabel, cancelLabel) {
  let answer = null;
  await openDialog("ask", (close) => {
    const input = el("input", { maxlength: "64", required: true, "data-testid": "ask-input" });
    const accept = (event) => {
      event.preventDefault();
      answer = input.value.trim() || null;
      close();
    };
    return [
      el(
        "form",
        { onsubmit: accept },
        el("label", {}, label, input),
        el(
          "div",
          { class: "dialog-buttons" },
          el("button", { type: "button", onclick: close }, cancelLabel),
          el("button", { class: "primary", "data-testid": "ask-ok" }, acceptLabel),
        ),
      ),
    ];
  });
  return answer;
}

/** Open a modal dialog whose content `build` makes; resolves when it is closed. */
export function openDialog(testid, build) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { "data-testid": testid });
    dialog.append(...build(() => dialog.close()));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
