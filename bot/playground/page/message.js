// One message as a bubble, or as a pill when it is a service message.

import { avatar, el, hue, icon, toast } from "./dom.js";
import { openMenu } from "./menu.js";
import { richText, startPayload } from "./rich.js";
import { act, chat, isAdministrator, isMine, isService, store } from "./store.js";
import { texts } from "./texts.js";
import { authorId, authorOf, clockTime, fileSize, serviceText, wordsOf } from "./wording.js";

// Telegram sends hearts without the selector that makes them an emoji.
const shown = (emoji) => (emoji === "❤" ? "❤\uFE0F" : emoji);

const QUICK_REACTIONS = ["👍", "❤", "🔥", "👏", "😁", "🎉", "🤔"];

/** Build a message; `does` has what the room can do: reply, edit, command, start. */
export function messageElement(message, does) {
  if (isService(message)) {
    return el(
      "div",
      { class: "service", "data-testid": "service", "data-message-id": message.message_id },
      serviceText(message),
    );
  }
  const mine = isMine(message);
  const isPrivate = message.chat.type === "private";
  const bubble = el(
    "div",
    { class: "bubble" },
    isPrivate || mine ? null : authorLine(message),
    quoteBlock(message, does),
    message.receiver_user ? el("div", { class: "whisper", "data-testid": "whisper" }, icon("unseen"), texts.onlyYou) : null,
    message.photo ? photoBlock(message) : null,
    message.document ? documentBlock(message) : null,
    message.poll ? pollBlock(message) : null,
    textBlock(message, does),
    meta(message, mine),
    menuButton(message, does),
  );
  bubble.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a")) return;
    event.preventDefault();
    showMenu(bubble.querySelector(".message-more"), message, does);
  });
  return el(
    "article",
    {
      class: `message ${mine ? "mine" : ""} ${isPrivate ? "private" : ""}`,
      "data-testid": "message",
      "data-message-id": message.message_id,
      "data-author": authorOf(message),
      "data-mine": mine ? "yes" : "no",
      "data-from-bot": message.from.id === store.bot.id ? "yes" : "no",
    },
    isPrivate || mine ? null : avatarOf(message),
    el("div", { class: "stack" }, bubble, keyboard(message, does), reactions(message), unseenHint(message)),
  );
}

function avatarOf(message) {
  const kind = message.from.id === store.bot.id ? "bot" : "person";
  return avatar(authorOf(message), authorId(message), kind);
}

function authorLine(message) {
  return el(
    "div",
    { class: `author ${hue(authorId(message))}`, "data-testid": "message-author" },
    authorOf(message),
    message.from.id === store.bot.id ? el("span", { class: "tag" }, texts.bot) : null,
  );
}

function quoteBlock(message, does) {
  const id = message.playground.replied_id;
  if (id === undefined) return null;
  const replied = chat(message.chat.id)?.messages.get(id);
  const text = message.quote?.text ?? (replied && wordsOf(replied));
  return el(
    "button",
    {
      class: `quote ${replied ? hue(authorId(replied)) : ""}`,
      type: "button",
      "data-testid": "message-reply",
      onclick: () => does.show(id),
    },
    el("span", { class: "quote-author" }, replied ? authorOf(replied) : texts.deletedMessage),
    el("span", { class: "quote-text" }, (text ?? "").slice(0, 120)),
  );
}

function textBlock(message, does) {
  const text = message.text ?? message.caption;
  if (!text) return null;
  const entities = message.entities ?? message.caption_entities;
  return el(
    "div",
    { class: "text", dir: "auto", "data-testid": "message-text" },
    ...richText(text, entities, does),
  );
}

function documentBlock(message) {
  const file = message.document;
  return el(
    "a",
    {
      class: "document",
      href: `/api/files/${encodeURIComponent(file.file_id)}/${encodeURIComponent(file.file_name)}`,
      download: file.file_name,
      "aria-label": texts.download(file.file_name),
      "data-testid": "document",
    },
    el("span", { class: "document-icon" }, icon("file")),
    el(
      "span",
      { class: "document-lines" },
      el("span", { class: "document-name" }, file.file_name),
      el("span", { class: "document-size" }, fileSize(file.file_size)),
    ),
  );
}

function photoBlock(message) {
  const photo = message.photo.at(-1);
  const picture = `/api/files/${encodeURIComponent(photo.file_id)}/photo`;
  return el(
    "a",
    { class: "photo", href: picture, target: "_blank", rel: "noopener", "data-testid": "photo" },
    el("img", { src: picture, alt: message.caption ?? texts.photo, width: photo.width, height: photo.height }),
  );
}

function pollBlock(message) {
  const poll = message.poll;
  const votes = message.playground.votes;
  const mine = votes[store.me] ?? [];
  const isCounted = poll.is_closed || (mine.length > 0 && poll.options.some((one) => one.voter_count));
  const option = (one, index) => {
    const share = poll.total_voter_count ? Math.round((100 * one.voter_count) / poll.total_voter_count) : 0;
    const chosen = mine.includes(index);
    const others = poll.allows_multiple_answers ? mine.filter((other) => other !== index) : [];
    return el(
      "button",
      {
        class: "poll-option",
        type: "button",
        disabled: poll.is_closed,
        "aria-pressed": String(chosen),
        "data-testid": "poll-option",
        onclick: () => act("vote", { ...place(message), options: chosen ? others : [...others, index] }),
      },
      el("span", {}, chosen ? `✓ ${one.text}` : one.text),
      isCounted ? el("span", { class: "poll-share" }, `${share} %`) : null,
      isCounted ? el("meter", { max: "100", value: String(share), "aria-hidden": "true" }) : null,
    );
  };
  return el(
    "div",
    { class: "poll", "data-testid": "poll" },
    el("strong", {}, poll.question),
    ...poll.options.map(option),
    el("span", { class: "poll-note" }, poll.is_closed ? `${texts.pollClosed} · ` : "", texts.votes(poll.total_voter_count)),
  );
}

function meta(message, mine) {
  return el(
    "div",
    { class: "meta" },
    message.playground.is_seen_by_bot ? null : withTitle(icon("unseen"), texts.unseen),
    message.edit_date ? el("span", { "data-testid": "message-edited" }, texts.edited) : null,
    el("time", {}, clockTime(message.date)),
    mine ? icon("check") : null,
  );
}

function withTitle(child, title) {
  return el("span", { title, role: "img", "aria-label": title, "data-testid": "unseen" }, child);
}

function keyboard(message, does) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return el(
    "div",
    { class: "keyboard", "data-testid": "inline-keyboard" },
    ...rows.map((row) =>
      el("div", { class: "keyboard-row" }, ...row.map((button) => inlineButton(message, button, does))),
    ),
  );
}

function inlineButton(message, button, does) {
  const element = el(
    "button",
    {
      class: `inline-button ${button.style ?? ""}`,
      type: "button",
      "data-testid": "inline-button",
      "data-callback": button.callback_data,
      onclick: () => pressed(message, button, element, does),
    },
    button.text,
    button.url ? icon("link") : button.copy_text ? icon("copy") : null,
  );
  return element;
}

async function pressed(message, button, element, does) {
  if (button.callback_data !== undefined) {
    if (!element.hasAttribute("aria-busy")) await does.press(message, button.callback_data, element);
  } else if (button.copy_text) {
    await copy(button.copy_text.text);
  } else {
    const payload = startPayload(button.url);
    if (payload !== null) does.start(payload);
    else window.open(button.url, "_blank", "noopener");
  }
}

function reactions(message) {
  const given = message.playground.reactions;
  if (!given.length) return null;
  const counts = Map.groupBy
    ? Map.groupBy(given, (one) => one.emoji)
    : given.reduce((map, one) => map.set(one.emoji, [...(map.get(one.emoji) ?? []), one]), new Map());
  return el(
    "div",
    { class: "reactions" },
    ...[...counts].map(([emoji, who]) => {
      const isMineToo = who.some((one) => one.user_id === store.me);
      return el(
        "button",
        {
          class: "reaction",
          type: "button",
          "aria-pressed": String(isMineToo),
          "aria-label": texts.react(emoji),
          "data-testid": "reaction",
          "data-emoji": emoji,
          onclick: () => react(message, isMineToo ? null : emoji),
        },
        shown(emoji),
        who.length > 1 ? ` ${who.length}` : "",
      );
    }),
  );
}

function unseenHint(message) {
  if (message.playground.is_seen_by_bot || message.from.id !== store.me) return null;
  const command = /^\/\w+$/.exec((message.text ?? "").split(/\s/)[0])?.[0];
  if (!command) return null;
  const addressed = `${command}@${store.bot.username}`;
  const resend = () =>
    act("messages", {
      chat_id: message.chat.id,
      user_id: store.me,
      text: addressed + message.text.slice(command.length),
      reply_to: message.playground.replied_id ?? null,
      thread_id: message.is_topic_message ? message.message_thread_id : null,
    });
  return el(
    "div",
    { class: "unseen-hint", "data-testid": "unseen-hint" },
    texts.unseen,
    el("button", { class: "link", type: "button", onclick: resend }, texts.resend(addressed)),
  );
}

function menuButton(message, does) {
  const button = el(
    "button",
    {
      class: "message-more",
      type: "button",
      "aria-label": texts.messageMenu,
      "aria-haspopup": "menu",
      "data-testid": "message-menu-button",
      onclick: () => showMenu(button, message, does),
    },
    icon("down"),
  );
  return button;
}

function showMenu(anchor, message, does) {
  const mine = isMine(message);
  const aChat = chat(message.chat.id);
  const mayDelete = mine || aChat.type === "private" || isAdministrator(aChat, store.me);
  const text = message.text ?? message.caption;
  const entries = [
    { row: QUICK_REACTIONS.map((emoji) => ({ label: texts.react(emoji), text: shown(emoji), run: () => react(message, emoji) })) },
    { label: texts.reply, icon: "reply", testid: "menu-reply", run: () => does.reply(message) },
  ];
  if (text) entries.push({ label: texts.copy, icon: "copy", testid: "menu-copy", run: () => copy(text) });
  if (mine && message.text) {
    entries.push({ label: texts.edit, icon: "pen", testid: "menu-edit", run: () => does.edit(message) });
  }
  if (mayDelete) {
    const remove = () => act("messages/delete", place(message));
    entries.push({ label: texts.remove, icon: "trash", testid: "menu-delete", danger: true, run: remove });
  }
  openMenu(anchor, entries, "message-menu");
}

function place(message) {
  return { chat_id: message.chat.id, user_id: store.me, message_id: message.message_id };
}

function react(message, emoji) {
  return act("react", { ...place(message), emoji });
}

async function copy(text) {
  await navigator.clipboard?.writeText(text);
  toast(texts.copied);
}
