// The open chat: its header, its messages and what the bot is writing right now.

import { clearComposer, renderComposer, startEdit, startReply } from "./composer.js";
import { alertDialog, avatar, el, icon, toast } from "./dom.js";
import { openInfo } from "./info.js";
import { messageElement } from "./message.js";
import { richText, startPayload } from "./rich.js";
import { act, chat, isForMe, isMine, isService, messagesOf, on, readKey, store, titleOf, topicOf } from "./store.js";
import { texts } from "./texts.js";
import { close, open } from "./view.js";
import { authorId, dayName, subtitle, wordsOf } from "./wording.js";

const ANSWER_PATIENCE_MS = 15000;
const NEAR_BOTTOM_PX = 120;
const GROUPED_WITHIN_S = 300;

const place = document.querySelector("#messages");
const toBottom = document.querySelector("#to-bottom");
const waiting = new Map(); // callback query id -> what to do when it is answered

const does = {
  reply: startReply,
  edit: startEdit,
  show: showMessage,
  press,
  command: (command) => sendText(addressed(command)),
  start: openStart,
};

/** Listen to the server; called once. */
export function startRoom() {
  on("message", ({ message }) => isShown(message) && addMessage(message));
  on("edited", ({ message }) => isShown(message) && replaceMessage(message));
  on("deleted", ({ chat_id: id, message_id: messageId }) => {
    if (id !== store.chatId) return;
    find(messageId)?.remove();
    renderHeader();
    regroup();
  });
  on("draft", ({ chat_id: id }) => id === store.chatId && renderDraft());
  on("action", ({ chat_id: id }) => id === store.chatId && renderHeader());
  on("chat", ({ chat: fields }) => {
    if (fields.id !== store.chatId) return;
    renderHeader();
    renderComposer();
  });
  on("callback_answer", answered);
  place.addEventListener("scroll", () => (toBottom.hidden = isNearBottom()));
  // A picture gets its height when it is there; who looked at the end goes on doing so.
  place.addEventListener("load", ({ target }) => isNearBottom(target.height ?? 0) && scrollDown(), true);
  toBottom.append(icon("down"));
  toBottom.setAttribute("aria-label", texts.newBelow);
  toBottom.onclick = scrollDown;
}

/** Show the open chat from scratch, or the invitation to open one. */
export function renderRoom() {
  const aChat = chat();
  const pick = document.querySelector("#pick");
  pick.textContent = texts.pick;
  pick.hidden = Boolean(aChat);
  document.querySelector("#open-chat").hidden = !aChat;
  clearComposer();
  if (!aChat) return;
  renderHeader();
  const messages = messagesOf(aChat, store.threadId);
  place.setAttribute("aria-label", titleOf(aChat));
  place.replaceChildren(...messages.map((one) => messageElement(one, does)));
  if (!messages.some((one) => !isService(one))) place.append(emptyNote(aChat));
  regroup();
  renderDraft();
  renderComposer();
  scrollDown();
  markRead();
}

function renderHeader() {
  const aChat = chat();
  const topic = aChat.topics.find((one) => one.thread_id === store.threadId);
  const kind = aChat.type === "private" ? "bot" : topic ? "topic" : aChat.is_forum ? "forum" : "group";
  const back = document.querySelector("#back");
  back.replaceChildren(icon("back"));
  back.setAttribute("aria-label", texts.back);
  back.onclick = close;
  const about = document.querySelector("#about");
  about.title = texts.info;
  about.onclick = openInfo;
  about.replaceChildren(
    avatar(topic?.name ?? titleOf(aChat), topic?.thread_id ?? aChat.id, kind),
    el(
      "span",
      { class: "about-lines" },
      el("span", { class: "about-title", "data-testid": "chat-title" }, titleOf(aChat)),
      subtitleLine(aChat, topic),
    ),
  );
  renderPinned(aChat);
}

/** Show the newest pinned message of what is open; a press leads to it. */
function renderPinned(aChat) {
  const pinned = aChat.pinned.map((id) => aChat.messages.get(id)).filter((one) => one && isShown(one)).at(-1);
  const bar = document.querySelector("#pinned");
  bar.hidden = !pinned;
  if (!pinned) return;
  bar.onclick = () => showMessage(pinned.message_id);
  bar.replaceChildren(el("span", { class: "accent" }, texts.pinned), ` ${wordsOf(pinned).slice(0, 120)}`);
}

function subtitleLine(aChat, topic) {
  const action = aChat.action;
  if (action && (action.message_thread_id ?? null) === store.threadId) {
    const words = action.action === "typing" ? texts.typing : texts.uploading;
    return el(
      "span",
      { class: "about-sub accent", "data-testid": "typing" },
      words,
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    );
  }
  const general = aChat.is_forum ? `${texts.general} · ` : "";
  const where = topic ? `${topic.name} · ` : general;
  return el("span", { class: "about-sub", "data-testid": "chat-subtitle" }, where + subtitle(aChat));
}

function emptyNote(aChat) {
  if (aChat.type !== "private") return el("p", { class: "empty" }, texts.emptyGroup);
  return el("p", { class: "empty", "data-testid": "empty" }, texts.emptyBot);
}

function isShown(message) {
  const aChat = chat();
  if (!aChat || message.chat.id !== aChat.id || !isForMe(message)) return false;
  return !aChat.is_forum || topicOf(message) === store.threadId;
}

function addMessage(message) {
  const stays = isNearBottom() || isMine(message);
  place.querySelector(".empty")?.remove();
  const element = messageElement(message, does);
  element.classList.add("arrives");
  const draft = place.querySelector(".draft");
  if (draft && !chat().draft) draft.remove();
  place.insertBefore(element, place.querySelector(".draft"));
  regroup();
  renderHeader();
  if (stays) scrollDown();
  else toBottom.hidden = false;
  markRead();
  offerReply(message);
}

function replaceMessage(message) {
  const stays = isNearBottom();
  renderHeader();
  const old = find(message.message_id);
  if (!old) return;
  const hadFocus = old.contains(document.activeElement) && document.activeElement.dataset.callback;
  const element = messageElement(message, does);
  const unfolded = [...old.querySelectorAll(".unfold")].map((one) => one.getAttribute("aria-expanded") === "true");
  old.replaceWith(element);
  element.querySelectorAll(".unfold").forEach((one, index) => unfolded[index] && one.click());
  if (hadFocus) element.querySelector(`[data-callback="${CSS.escape(hadFocus)}"]`)?.focus();
  regroup();
  if (stays) scrollDown();
}

/** Show or update the message that the bot is still writing. */
function renderDraft() {
  const draft = chat().draft;
  let element = place.querySelector(".draft");
  if (!draft || chat().type !== "private") {
    element?.remove();
    return;
  }
  const stays = isNearBottom();
  if (!element) {
    element = el("article", { class: "message private draft", "data-testid": "draft", "aria-busy": "true" });
    place.append(element);
  }
  const content = draft.text
    ? el("div", { class: "text", dir: "auto", "data-testid": "draft-text" }, ...richText(draft.text, draft.entities, does))
    : el("div", { class: "text thinking" }, texts.thinking);
  const stop = draft.can_stop
    ? el(
        "button",
        { class: "inline-button", type: "button", "data-testid": "draft-stop", onclick: () => act("stop", { user_id: store.me }) },
        icon("stop"),
        texts.stop,
      )
    : null;
  element.replaceChildren(
    el("div", { class: "stack" }, el("div", { class: "bubble" }, content, el("span", { class: "pen" }, icon("pen"))), stop),
  );
  if (stays) scrollDown();
}

/** Insert the days and join messages of one author that follow each other. */
function regroup() {
  for (const day of place.querySelectorAll(".day")) day.remove();
  let previous = null;
  for (const element of [...place.querySelectorAll("[data-message-id]")]) {
    const message = chat().messages.get(Number(element.dataset.messageId));
    if (!message) continue;
    const isNewDay =
      !previous || new Date(previous.date * 1000).toDateString() !== new Date(message.date * 1000).toDateString();
    if (isNewDay) element.before(el("div", { class: "service day" }, dayName(message.date)));
    const follows =
      !isNewDay &&
      !isService(previous) &&
      !isService(message) &&
      authorId(previous) === authorId(message) &&
      message.date - previous.date < GROUPED_WITHIN_S;
    element.classList.toggle("follows", follows);
    previous = message;
  }
}

async function press(message, data, element) {
  const { chat_id, query_id } = {
    chat_id: message.chat.id,
    ...(await act("press", { chat_id: message.chat.id, user_id: store.me, message_id: message.message_id, data })),
  };
  if (!query_id || chat_id !== store.chatId) return;
  element.setAttribute("aria-busy", "true");
  const patience = setTimeout(() => {
    waiting.delete(query_id);
    element.removeAttribute("aria-busy");
    toast(texts.noAnswer);
  }, ANSWER_PATIENCE_MS);
  waiting.set(query_id, () => {
    clearTimeout(patience);
    element.removeAttribute("aria-busy");
  });
  early.get(query_id)?.();
}

const early = new Map(); // answers that came before the press itself was acknowledged

function answered(answer) {
  const finish = () => {
    early.delete(answer.query_id);
    waiting.get(answer.query_id)?.();
    waiting.delete(answer.query_id);
  };
  if (waiting.has(answer.query_id)) finish();
  else early.set(answer.query_id, finish);
  if (answer.user_id !== store.me) return;
  if (answer.url) openStart(startPayload(answer.url) ?? "");
  if (!answer.text) return;
  if (answer.show_alert) alertDialog(answer.text, texts.accept);
  else toast(answer.text);
}

/** Start answering a message that asks for a reply from this person. */
function offerReply(message) {
  const forced = message.playground.forced_reply;
  if (!forced) return;
  const replied = chat().messages.get(message.playground.replied_id);
  const isForMe = !forced.selective || chat().type === "private" || (replied && isMine(replied));
  if (isForMe) startReply(message, forced.input_field_placeholder);
}

async function openStart(payload) {
  open(store.me);
  await act("start", { user_id: store.me, payload });
}

function addressed(command) {
  return chat().type === "private" || command.includes("@") ? command : `${command}@${store.bot.username}`;
}

function sendText(text) {
  return act("messages", { chat_id: store.chatId, user_id: store.me, text, thread_id: store.threadId });
}

function showMessage(messageId) {
  const element = find(messageId);
  if (!element) return;
  element.scrollIntoView({ block: "center", behavior: "smooth" });
  element.classList.add("found");
  setTimeout(() => element.classList.remove("found"), 1500);
}

function find(messageId) {
  return place.querySelector(`[data-message-id="${messageId}"]`);
}

function isNearBottom(grownPx = 0) {
  return place.scrollHeight - place.scrollTop - place.clientHeight - grownPx < NEAR_BOTTOM_PX;
}

function scrollDown() {
  place.scrollTop = place.scrollHeight;
  toBottom.hidden = true;
}

function markRead() {
  const last = messagesOf(chat(), store.threadId).at(-1);
  if (last) store.read.set(readKey(store.chatId, store.threadId), last.message_id);
}

