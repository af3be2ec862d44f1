// Texts with entities as elements. Offsets are UTF-16 units, as in JavaScript's strings.

import { el } from "./dom.js";
import { store } from "./store.js";
import { texts } from "./texts.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
};

/** Return the nodes of a text; `handlers` get clicks on commands and links into the bot. */
export function richText(text, entities, handlers) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return nodes(text, 0, text.length, sorted, handlers);
}

function nodes(text, start, end, entities, handlers) {
  const result = [];
  let position = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const entityEnd = Math.min(entity.offset + entity.length, end);
    const inner = [];
    index += 1;
    while (index < entities.length && entities[index].offset < entityEnd) {
      inner.push(entities[index]);
      index += 1;
    }
    if (entity.offset > position) result.push(text.slice(position, entity.offset));
    const children = nodes(text, Math.max(entity.offset, position), entityEnd, inner, handlers);
    result.push(wrap(entity, text.slice(entity.offset, entityEnd), children, handlers));
    position = entityEnd;
  }
  if (position < end) result.push(text.slice(position, end));
  return result;
}

function wrap(entity, covered, children, handlers) {
  if (entity.type in TAGS) return el(TAGS[entity.type], {}, ...children);
  switch (entity.type) {
    case "expandable_blockquote":
      return expandable(children);
    case "spoiler": {
      const reveal = (event) => event.currentTarget.classList.add("revealed");
      return el("button", { class: "spoiler", type: "button", onclick: reveal }, ...children);
    }
    case "bot_command":
      return el(
        "button",
        { class: "link", type: "button", "data-testid": "text-command", onclick: () => handlers.command(covered) },
        ...children,
      );
    case "url":
      return link(covered.includes("://") ? covered : `https://${covered}`, children, handlers);
    case "text_link":
      return link(entity.url, children, handlers);
    case "email":
      return el("a", { href: `mailto:${covered}` }, ...children);
    default:
      return el("span", { class: "link" }, ...children);
  }
}

/** A quotation of which three lines show until it is unfolded. */
function expandable(children) {
  const text = el("span", { class: "folded" }, ...children);
  const toggle = (event) => {
    const isFolded = text.classList.toggle("folded");
    event.currentTarget.setAttribute("aria-expanded", String(!isFolded));
    event.currentTarget.textContent = isFolded ? texts.unfold : texts.fold;
  };
  const button = el(
    "button",
    { class: "link unfold", type: "button", "aria-expanded": "false", "data-testid": "unfold", onclick: toggle },
    texts.unfold,
  );
  return el("blockquote", { "data-testid": "expandable" }, text, button);
}

function link(url, children, handlers) {
  const payload = startPayload(url);
  if (payload === null) {
    return el("a", { href: safe(url), target: "_blank", rel: "noopener noreferrer" }, ...children);
  }
  const open = (event) => {
    event.preventDefault();
    handlers.start(payload);
  };
  return el("a", { href: url, onclick: open }, ...children);
}

function safe(url) {
  return /^(https?|tg|mailto):/i.test(url) ? url : "#";
}

/** The payload of a link `t.me/<bot>?start=PAYLOAD`, or null for any other link. */
export function startPayload(url) {
  try {
    const parsed = new URL(url);
    const isBot =
      parsed.hostname === "t.me" &&
      parsed.pathname.slice(1).toLowerCase() === store.bot.username.toLowerCase();
    return isBot ? (parsed.searchParams.get("start") ?? "") : null;
  } catch {
    return null;
  }
}
