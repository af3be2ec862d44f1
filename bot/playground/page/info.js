// What is known of the open chat, and what an administrator can change.

import { askDialog, avatar, el, icon, openDialog } from "./dom.js";
import { act, chat, fullName, isAdministrator, isPresent, member, store, titleOf } from "./store.js";
import { texts } from "./texts.js";
import { open } from "./view.js";
import { subtitle } from "./wording.js";

/** Open the dialog about the open chat. */
export function openInfo() {
  const aChat = chat();
  openDialog("chat-info", (close) => [
    el(
      "header",
      { class: "info-header" },
      el("h2", {}, titleOf(aChat)),
      el("button", { class: "round", type: "button", "aria-label": texts.close, onclick: close }, icon("close")),
    ),
    el("p", { class: "about-sub" }, subtitle(aChat)),
    aChat.type === "private" ? null : memberList(aChat),
    el("div", { class: "info-actions" }, ...actions(aChat).map((one) => actionButton(one, close))),
  ].filter(Boolean));
}

function memberList(aChat) {
  const present = aChat.members.filter((one) => isPresent(aChat, one.user_id));
  return el(
    "ul",
    { class: "members" },
    ...present.map((one) => {
      const user = store.users.get(one.user_id);
      const role = user.is_bot && one.status === "member" ? `${texts.bot} · ${texts.privacyOn}` : texts.roles[one.status];
      return el(
        "li",
        {},
        avatar(fullName(user), user.id, user.id === store.bot.id ? "bot" : "person"),
        el("span", {}, fullName(user)),
        el("span", { class: "role" }, role, one.is_anonymous ? ` · ${texts.anonymous}` : ""),
      );
    }),
  );
}

function actionButton({ label, testid, run }, close) {
  const click = async () => {
    close();
    await run();
  };
  return el("button", { type: "button", class: "plain", "data-testid": testid, onclick: click }, label);
}

function actions(aChat) {
  if (aChat.type === "private") {
    const path = aChat.has_blocked_bot ? "unblock" : "block";
    return [{ label: texts[path], testid: path, run: () => act(path, { user_id: store.me }) }];
  }
  if (!isAdministrator(aChat, store.me)) return [];
  return [...botActions(aChat), ...ownActions(aChat), ...chatActions(aChat)];
}

function setStatus(aChat, userId, status, isAnonymous = false) {
  return act("members", {
    chat_id: aChat.id,
    actor_id: store.me,
    user_id: userId,
    status,
    is_anonymous: isAnonymous,
  });
}

function botActions(aChat) {
  const bot = store.bot.id;
  if (!isPresent(aChat, bot)) {
    return [{ label: texts.addBot, testid: "add-bot", run: () => setStatus(aChat, bot, "member") }];
  }
  const isAdmin = isAdministrator(aChat, bot);
  return [
    {
      label: isAdmin ? texts.dropBotAdmin : texts.makeBotAdmin,
      testid: "bot-admin",
      run: () => setStatus(aChat, bot, isAdmin ? "member" : "administrator"),
    },
    { label: texts.removeBot, testid: "remove-bot", run: () => setStatus(aChat, bot, "left") },
  ];
}

function ownActions(aChat) {
  const me = member(aChat, store.me);
  return [
    {
      label: me.is_anonymous ? texts.leaveAnonymous : texts.goAnonymous,
      testid: "anonymous",
      run: () => setStatus(aChat, store.me, me.status, !me.is_anonymous),
    },
  ];
}

function chatActions(aChat) {
  if (aChat.is_forum) {
    const create = async () => {
      const name = await askDialog(texts.newTopicName, texts.create, texts.cancel);
      const topic = name && (await act("topics", { chat_id: aChat.id, user_id: store.me, name }));
      if (topic) open(aChat.id, topic.message_thread_id);
    };
    return [{ label: texts.newTopic, testid: "new-topic", run: create }];
  }
  if (aChat.type !== "group") return [];
  const upgrade = () => act("migrate", { chat_id: aChat.id, user_id: store.me });
  return [{ label: texts.upgrade, testid: "upgrade", run: upgrade }];
}
