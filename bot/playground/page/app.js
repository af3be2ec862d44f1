// The page's start, and what ties its parts together: who I am and which chat is open.

import { renderSidebar } from "./sidebar.js";
import { closeMenus } from "./menu.js";
import { renderRoom, startRoom } from "./room.js";
import { texts, language } from "./texts.js";
import { act, connect, emit, myChats, on, store } from "./store.js";

const app = document.querySelector("#app");

/** Play another person; the open chat stays open when that person is in it too. */
export function become(userId) {
  const old = store.chats.get(store.chatId);
  store.me = userId;
  sessionStorage.setItem("me", String(userId));
  const mine = myChats();
  if (old?.type === "private") open(userId, null, { focus: false });
  else if (!mine.some((one) => one.id === store.chatId)) close();
  else renderRoom();
  renderSidebar();
}

/** Open a chat, or one topic of a forum. */
export function open(chatId, threadId = null, { focus = true } = {}) {
  store.chatId = chatId;
  store.threadId = threadId;
  app.classList.remove("no-chat");
  closeMenus();
  renderRoom();
  renderSidebar();
  if (focus && matchMedia("(min-width: 721px)").matches) {
    document.querySelector("#composer textarea")?.focus();
  }
}

/** Close the open chat; on narrow screens this shows the list. */
export function close() {
  store.chatId = null;
  app.classList.add("no-chat");
  renderRoom();
  renderSidebar();
}

function firstPerson() {
  const saved = Number(sessionStorage.getItem("me"));
  const people = [...store.users.values()].filter((user) => !user.is_bot);
  return people.some((user) => user.id === saved) ? saved : people[0]?.id;
}

/** Follow an address such as `/?start=CODE&as=teacher`, which does what t.me links do. */
async function followLink() {
  const query = new URLSearchParams(location.search);
  const payload = query.get("start");
  if (payload === null) return;
  history.replaceState(null, "", location.pathname);
  const who = query.get("as");
  const userId = who === "teacher" ? store.classroom?.teacher : Number(who);
  if (store.users.has(userId)) become(userId);
  open(store.me);
  await act("start", { user_id: store.me, payload });
}

function showConnection(isOpen) {
  const note = document.querySelector("#connection");
  note.textContent = texts.connecting;
  note.hidden = isOpen;
}

document.documentElement.lang = language;
document.title = texts.pageTitle;
await connect();
store.me = firstPerson();
startRoom();
on("connection", showConnection);
on("reload", () => become(firstPerson()));
for (const kind of ["message", "edited", "deleted", "chat", "user", "action", "draft"]) {
  on(kind, renderSidebar);
}
on("chat", ({ chat }) => {
  if (chat.id === store.chatId && chat.migrated_to) open(chat.migrated_to);
});
renderSidebar();
if (matchMedia("(min-width: 721px)").matches) open(store.me);
else renderRoom();
await followLink();
app.dataset.ready = "yes";
emit("ready");
