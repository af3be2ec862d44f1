// A small menu at a place on the page, usable with the keyboard.

import { el, icon } from "./dom.js";

let shown = null;

/** Close the menu that is open, if one is. */
export function closeMenus() {
  shown?.close(false);
}

/**
 * Open a menu near `anchor`.
 * `entries` are {label, icon, testid, run, danger} or {row: [{label, text, run}]} for a row of emoji.
 */
export function openMenu(anchor, entries, testid) {
  closeMenus();
  const menu = el("div", { class: "menu", role: "menu", "data-testid": testid });
  const close = (refocus = true) => {
    if (shown?.menu !== menu) return;
    shown = null;
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) anchor.focus?.();
  };
  const outside = (event) => {
    if (!menu.contains(event.target)) close(false);
  };
  const choose = (run) => () => {
    close();
    run();
  };
  for (const entry of entries) {
    menu.append(entry.row ? emojiRow(entry.row, choose) : menuItem(entry, choose));
  }
  menu.addEventListener("keydown", (event) => moveFocus(event, menu, close));
  document.body.append(menu);
  place(menu, anchor);
  shown = { menu, close };
  document.addEventListener("pointerdown", outside, true);
  menu.querySelector('[role="menuitem"]').focus();
}

function menuItem(entry, choose) {
  return el(
    "button",
    {
      role: "menuitem",
      type: "button",
      class: entry.danger ? "danger" : null,
      "data-testid": entry.testid,
      onclick: choose(entry.run),
    },
    entry.icon ? icon(entry.icon) : null,
    entry.label,
  );
}

function emojiRow(items, choose) {
  return el(
    "div",
    { class: "emoji-row" },
    ...items.map((one) =>
      el(
        "button",
        { role: "menuitem", type: "button", "aria-label": one.label, "data-testid": "menu-react", onclick: choose(one.run) },
        one.text,
      ),
    ),
  );
}

function moveFocus(event, menu, close) {
  const items = [...menu.querySelectorAll('[role="menuitem"]')];
  const index = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step) {
    event.preventDefault();
    items[(index + step + items.length) % items.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close();
  }
}

function place(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left), innerWidth - menu.offsetWidth - 8);
  const below = box.bottom + 4;
  const fits = below + menu.offsetHeight < innerHeight - 8;
  menu.style.left = `${left}px`;
  menu.style.top = `${fits ? below : Math.max(8, box.top - menu.offsetHeight - 4)}px`;
}
