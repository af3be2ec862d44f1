// The page's start: load the world, show it, follow it.

import { startInside } from "./inside.js";
import { renderSidebar } from "./sidebar.js";
import { renderRoom, startRoom } from "./room.js";
import { texts, language } from "./texts.js";
import { act, connect, emit, on, store } from "./store.js";
import { become, open } from "./view.js";

const app = document.querySelector("#app");

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
startInside();
on("view", renderRoom);
on("view", renderSidebar);
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
