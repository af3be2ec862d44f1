// Who the visitor is and which chat is open; the other parts draw it when "view" is emitted.

import { closeMenus } from "./menu.js";
import { emit, myChats, store } from "./store.js";

const app = document.querySelector("#app");

/** Play another person; the open chat stays open when that person is in it too. */
export function become(userId) {
  const old = store.chats.get(store.chatId);
  store.me = userId;
  sessionStorage.setItem("me", String(userId));
  const mine = myChats();
  if (old?.type === "private") open(userId, null, { focus: false });
  else if (!mine.some((one) => one.id === store.chatId)) close();
  else emit("view");
}

/** Open a chat, or one topic of a forum. */
export function open(chatId, threadId = null, { focus = true } = {}) {
  store.chatId = chatId;
  store.threadId = threadId;
  app.classList.remove("no-chat");
  closeMenus();
  emit("view");
  if (focus && matchMedia("(min-width: 721px)").matches) {
    document.querySelector("#composer textarea")?.focus();
  }
}

/** Close the open chat; on narrow screens this shows the list. */
export function close() {
  store.chatId = null;
  app.classList.add("no-chat");
  emit("view");
}
