// The line to write in: text, files, replies, edits, and the bot's commands.

import { el, icon } from "./dom.js";
import { act, chat, getJson, isAdministrator, on, store } from "./store.js";
import { texts } from "./texts.js";
import { authorOf, wordsOf } from "./wording.js";

const place = document.querySelector("#composer");
let context = null; // {kind: "reply" | "edit", message, placeholder?}
let commands = [];
let chosen = 0;
let typed = ""; // survives a fresh rendering of the same chat

on("commands", loadCommands);

/** Forget what was being written: another chat or person is shown. */
export function clearComposer() {
  context = null;
  typed = "";
  place.replaceChildren();
}

/** Write an answer to a message. */
export function startReply(message, placeholder) {
  context = { kind: "reply", message, placeholder };
  renderComposer();
  focusComposer();
}

/** Change one's own message. */
export function startEdit(message) {
  context = { kind: "edit", message };
  typed = message.text;
  renderComposer();
  focusComposer();
}

export function focusComposer() {
  const field = input();
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
}

export function renderComposer() {
  const aChat = chat();
  if (!aChat) return;
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(...parts(aChat));
  if (hadFocus) focusComposer();
  grow();
  loadCommands();
}

function parts(aChat) {
  if (aChat.type === "private" && aChat.has_blocked_bot) {
    return [notice(texts.blockedNote), wideButton(texts.unblock, "unblock", () => act("unblock", { user_id: store.me }))];
  }
  if (aChat.type === "private" && !aChat.is_started) {
    return [wideButton(texts.start, "start", () => act("start", { user_id: store.me }))];
  }
  const topic = aChat.topics.find((one) => one.thread_id === store.threadId);
  if (topic?.is_closed && !isAdministrator(aChat, store.me)) return [notice(texts.topicClosed)];
  return [contextBar(), commandList(), writingLine()];
}

function notice(text) {
  return el("p", { class: "notice" }, text);
}

function wideButton(label, testid, run) {
  return el("button", { class: "wide", type: "button", "data-testid": testid, onclick: run }, label);
}

function contextBar() {
  if (!context) return el("div", { hidden: true });
  const isEdit = context.kind === "edit";
  const cancel = () => {
    if (isEdit) typed = "";
    if (isEdit) input().value = "";
    context = null;
    renderComposer();
    focusComposer();
  };
  return el(
    "div",
    { class: "context", "data-testid": isEdit ? "edit-bar" : "reply-bar" },
    icon(isEdit ? "pen" : "reply"),
    el(
      "span",
      { class: "context-lines" },
      el("span", { class: "accent" }, isEdit ? texts.editing : texts.replyTo(authorOf(context.message))),
      el("span", { class: "context-text" }, wordsOf(context.message).slice(0, 120)),
    ),
    el("button", { class: "round", type: "button", "aria-label": texts.cancel, "data-testid": "cancel-reply", onclick: cancel }, icon("close")),
  );
}

function commandList() {
  return el("div", { id: "commands", class: "commands", role: "listbox", "aria-label": texts.commands, hidden: true, "data-testid": "command-menu" });
}

function writingLine() {
  const file = el("input", { type: "file", hidden: true, "data-testid": "file-input", onchange: sendFile });
  const field = el("textarea", {
    rows: "1",
    dir: "auto",
    maxlength: "4096",
    placeholder: context?.placeholder ?? texts.placeholder,
    "aria-label": texts.placeholder,
    "aria-controls": "commands",
    "aria-autocomplete": "list",
    "data-testid": "composer",
    oninput: () => {
      typed = field.value;
      grow();
      showCommands();
    },
    onkeydown: keyDown,
  });
  field.value = typed;
  const isEdit = context?.kind === "edit";
  return el(
    "form",
    {
      class: "line",
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    el("button", { class: "round", type: "button", "aria-label": texts.menu, title: texts.commands, "data-testid": "menu-button", onclick: toggleCommands }, icon("menu")),
    field,
    file,
    el("button", { class: "round", type: "button", "aria-label": texts.attach, title: texts.attach, "data-testid": "attach", onclick: () => file.click() }, icon("clip")),
    el("button", { class: "round send", "aria-label": isEdit ? texts.save : texts.send, "data-testid": "send" }, icon(isEdit ? "check" : "send")),
  );
}

function input() {
  return place.querySelector("textarea");
}

function grow() {
  const field = input();
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}

async function send() {
  const text = input().value.trim();
  if (!text) return;
  const sent = context;
  const done = context?.kind === "edit" ? await saveEdit(text) : await sendText(text);
  if (!done) return;
  typed = "";
  if (input()) input().value = "";
  // The bot's question may have come meanwhile: what is typed next answers it.
  if (context === sent) context = null;
  renderComposer();
  focusComposer();
}

function saveEdit(text) {
  return act("messages/edit", { chat_id: store.chatId, user_id: store.me, message_id: context.message.message_id, text });
}

function sendText(text) {
  const command = /^\/(\w+)/.exec(text)?.[1];
  const isEphemeral = chat().type !== "private" && commands.some((one) => one.is_ephemeral && one.command === command);
  return act("messages", { ...destination(), text, is_ephemeral: isEphemeral });
}

function destination() {
  return {
    chat_id: store.chatId,
    user_id: store.me,
    thread_id: store.threadId,
    reply_to: context?.kind === "reply" ? context.message.message_id : null,
  };
}

async function sendFile(event) {
  const file = event.target.files[0];
  if (!file) return;
  const form = new FormData();
  for (const [name, value] of Object.entries(destination())) {
    if (value !== null) form.append(name, value);
  }
  form.append("text", input().value.trim());
  form.append("file", file);
  const sent = context;
  if (await act("files", form)) {
    typed = "";
    input().value = "";
    if (context === sent) context = null;
    renderComposer();
  }
}

// The bot's commands.

async function loadCommands() {
  if (!store.chatId) return;
  commands = (await getJson(`commands?chat_id=${store.chatId}&user_id=${store.me}`)) ?? [];
  showCommands();
}

function matching() {
  const word = /^\/(\w*)$/.exec(input()?.value ?? "");
  return word ? commands.filter((one) => one.command.startsWith(word[1].toLowerCase())) : [];
}

function showCommands(all = false) {
  const list = place.querySelector("#commands");
  if (!list) return;
  const offered = all ? commands : matching();
  chosen = Math.min(chosen, Math.max(0, offered.length - 1));
  list.hidden = offered.length === 0;
  list.dataset.all = all ? "yes" : "";
  list.replaceChildren(
    ...offered.map((one, index) =>
      el(
        "div",
        {
          class: "command",
          id: `command-${index}`,
          role: "option",
          "aria-selected": String(index === chosen),
          "data-testid": "command-option",
          "data-command": one.command,
          onmousedown: (event) => {
            event.preventDefault();
            complete(one);
          },
        },
        el("span", { class: "command-name" }, `/${one.command}`),
        el("span", { class: "command-text" }, one.description),
      ),
    ),
  );
  input().setAttribute("aria-expanded", String(!list.hidden));
  if (list.hidden) input().removeAttribute("aria-activedescendant");
  else input().setAttribute("aria-activedescendant", `command-${chosen}`);
  list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

function toggleCommands() {
  const list = place.querySelector("#commands");
  chosen = 0;
  if (list.hidden) showCommands(true);
  else list.hidden = true;
  input().focus();
}

/** Write the command into the field; in groups with the bot's name, as Telegram's clients do. */
function complete(command) {
  const needsName = chat().type !== "private";
  typed = `/${command.command}${needsName ? `@${store.bot.username}` : ""} `;
  input().value = typed;
  place.querySelector("#commands").hidden = true;
  focusComposer();
}

function keyDown(event) {
  const list = place.querySelector("#commands");
  const offered = list.hidden ? [] : list.dataset.all ? commands : matching();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (offered.length && step) {
    event.preventDefault();
    chosen = (chosen + step + offered.length) % offered.length;
    showCommands(Boolean(list.dataset.all));
  } else if (offered.length && (event.key === "Tab" || (event.key === "Enter" && !isWhole(offered)))) {
    event.preventDefault();
    complete(offered[chosen]);
  } else if (event.key === "Escape") {
    if (offered.length) list.hidden = true;
    else place.querySelector('[data-testid="cancel-reply"]')?.click();
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
}

function isWhole(offered) {
  return chat().type === "private" && input().value === `/${offered[chosen].command}`;
}
