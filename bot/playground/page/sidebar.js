// The left side: who I am, and the chats of that person.

import { askDialog, avatar, el, icon } from "./dom.js";
import { act, fullName, isMine, isService, messagesOf, myChats, store, titleOf, unreadCount } from "./store.js";
import { texts } from "./texts.js";
import { become, open } from "./view.js";
import { authorOf, clockTime, serviceText, subtitle, wordsOf } from "./wording.js";

export function renderSidebar() {
  renderPeople();
  renderChats();
  const button = document.querySelector("#new-group");
  button.replaceChildren(icon("plus"), texts.newGroup);
  button.onclick = createGroup;
}

function renderPeople() {
  document.querySelector("#i-am").textContent = texts.iAm;
  const place = document.querySelector("#people");
  const people = [...store.users.values()].filter((user) => !user.is_bot);
  const focused = document.activeElement?.closest?.("#people") !== null;
  place.replaceChildren(...people.map(personButton));
  if (focused) place.querySelector('[aria-checked="true"]')?.focus();
}

function personButton(user) {
  const isMe = user.id === store.me;
  return el(
    "button",
    {
      class: "person",
      type: "button",
      role: "radio",
      title: fullName(user),
      "aria-checked": String(isMe),
      tabindex: isMe ? "0" : "-1",
      "data-testid": "person",
      "data-user-id": user.id,
      onclick: () => become(user.id),
      onkeydown: movePerson,
    },
    avatar(fullName(user), user.id),
    el("span", { class: "person-name" }, user.first_name),
  );
}

function movePerson(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const people = [...store.users.values()].filter((user) => !user.is_bot);
  const index = people.findIndex((user) => user.id === store.me);
  become(people[(index + step + people.length) % people.length].id);
}

function renderChats() {
  const place = document.querySelector("#chats");
  place.setAttribute("aria-label", texts.chats);
  const known = new Map([...place.children].map((one) => [one.dataset.key, one]));
  // Buttons that stay are kept: a click must not get lost because the list changed meanwhile.
  const items = myChats().flatMap(chatItems).map((fresh) => {
    const old = known.get(fresh.dataset.key);
    if (!old) return fresh;
    old.replaceChildren(...fresh.childNodes);
    old.setAttribute("aria-current", fresh.getAttribute("aria-current"));
    return old;
  });
  const isSame = items.length === place.children.length && items.every((one, at) => one === place.children[at]);
  if (!isSame) place.replaceChildren(...items);
}

function chatItems(aChat) {
  const kind = aChat.type === "private" ? "bot" : aChat.is_forum ? "forum" : "group";
  const items = [item(aChat, null, titleOf(aChat), kind)];
  if (aChat.is_forum) {
    for (const topic of aChat.topics) items.push(item(aChat, topic.thread_id, topic.name, "topic"));
  }
  return items;
}

function item(aChat, threadId, title, kind) {
  const isOpen = store.chatId === aChat.id && store.threadId === threadId;
  const last = messagesOf(aChat, threadId).at(-1);
  const unread = isOpen ? 0 : unreadCount(aChat, threadId);
  return el(
    "button",
    {
      class: `chat-item ${kind}`,
      type: "button",
      "aria-current": String(isOpen),
      "data-testid": kind === "topic" ? "topic-item" : "chat-item",
      "data-kind": kind,
      "data-key": `${store.me}:${aChat.id}:${threadId ?? 0}`,
      "data-chat-id": aChat.id,
      "data-thread-id": threadId,
      onclick: () => open(aChat.id, threadId),
    },
    avatar(title, threadId ?? aChat.id, kind),
    el(
      "span",
      { class: "chat-lines" },
      el(
        "span",
        { class: "chat-line" },
        el("span", { class: "chat-name" }, title),
        kind === "bot" ? el("span", { class: "tag" }, texts.bot) : null,
        el("time", {}, last ? clockTime(last.date) : ""),
      ),
      el(
        "span",
        { class: "chat-line" },
        preview(aChat, threadId, last),
        unread ? el("span", { class: "badge", "data-testid": "unread" }, String(unread)) : null,
      ),
    ),
  );
}

function preview(aChat, threadId, last) {
  const action = aChat.action;
  if (action && (action.message_thread_id ?? null) === threadId) {
    return el("span", { class: "preview accent" }, `${texts.typing}…`);
  }
  if (aChat.draft?.text && aChat.type === "private") {
    return el("span", { class: "preview accent" }, aChat.draft.text.slice(0, 80));
  }
  if (!last) return el("span", { class: "preview" }, aChat.is_forum ? texts.general : subtitle(aChat));
  if (isService(last)) return el("span", { class: "preview" }, serviceText(last));
  const who = isMine(last) ? texts.you : aChat.type === "private" ? "" : authorOf(last);
  const text = wordsOf(last);
  return el(
    "span",
    { class: "preview" },
    who ? el("span", { class: "who" }, `${who}: `) : null,
    text.slice(0, 80),
  );
}

async function createGroup() {
  const title = await askDialog(texts.newGroupName, texts.create, texts.cancel);
  if (!title) return;
  const others = [...store.users.values()].filter((user) => !user.is_bot && user.id !== store.me);
  const made = await act("chats", {
    kind: "group",
    title,
    creator_id: store.me,
    member_ids: others.map((user) => user.id),
  });
  if (made) open(made.id);
}
