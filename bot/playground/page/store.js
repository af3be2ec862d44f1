// What the page knows: a copy of the world, kept fresh by the server's events.

import { toast } from "./dom.js";
import { texts } from "./texts.js";

const ACTION_LIFE_MS = 5500;

export const store = {
  bot: null,
  users: new Map(),
  chats: new Map(),
  classroom: null,
  hasInside: false, // whether the model can be looked into
  me: null, // id of the person that the visitor plays
  chatId: null, // open chat
  threadId: null, // open topic of a forum; null is the general one
  read: new Map(), // "me:chat:thread" -> id of the last message seen
};

const listeners = new Map();

/** Call `listener(data)` for every event of a kind. */
export function on(kind, listener) {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(listener);
}

export function emit(kind, data) {
  for (const listener of listeners.get(kind) ?? []) listener(data);
}

/** Do something as a person; failures become a note. Returns the answer or null. */
export async function act(path, body) {
  const isForm = body instanceof FormData;
  let response;
  try {
    response = await fetch(`/api/${path}`, {
      method: "POST",
      headers: isForm ? {} : { "content-type": "application/json" },
      body: isForm ? body : JSON.stringify(body),
    });
  } catch {
    toast(texts.connecting);
    return null;
  }
  const answer = await response.json();
  if (response.ok) return answer;
  toast(texts.errors[answer.error] ?? texts.failed);
  return null;
}

export async function getJson(path) {
  const response = await fetch(`/api/${path}`);
  return response.ok ? response.json() : null;
}

export function chat(id = store.chatId) {
  return store.chats.get(id);
}

export function member(aChat, userId) {
  return aChat.members.find((one) => one.user_id === userId);
}

export function isPresent(aChat, userId) {
  return ["creator", "administrator", "member"].includes(member(aChat, userId)?.status);
}

export function isAdministrator(aChat, userId) {
  return ["creator", "administrator"].includes(member(aChat, userId)?.status);
}

export function fullName(user) {
  return [user.first_name, user.last_name].filter(Boolean).join(" ");
}

/** The chats of the person that the visitor plays, the bot first. */
export function myChats() {
  const mine = [...store.chats.values()].filter((one) =>
    one.type === "private" ? one.id === store.me : isPresent(one, store.me) && !one.migrated_to,
  );
  return mine.sort((a, b) => (a.type === "private" ? -1 : b.type === "private" ? 1 : b.id - a.id));
}

export function titleOf(aChat) {
  return aChat.type === "private" ? fullName(store.bot) : aChat.title;
}

/** Messages of a chat, or of one topic of a forum, oldest first. */
export function messagesOf(aChat, threadId) {
  const all = [...aChat.messages.values()].filter(isForMe);
  return aChat.is_forum ? all.filter((one) => topicOf(one) === threadId) : all;
}

/** Whether the person that the visitor plays sees a message: ephemeral ones are for one alone. */
export function isForMe(message) {
  return !message.receiver_user || [message.receiver_user.id, message.from.id].includes(store.me);
}

export function topicOf(message) {
  return message.is_topic_message ? message.message_thread_id : null;
}

export function isMine(message) {
  const mine = message.from.id === store.me && !message.sender_chat;
  const anonymous =
    message.sender_chat && member(chat(message.chat.id), store.me)?.is_anonymous && isGroupVoice(message);
  return mine || Boolean(anonymous);
}

export function isGroupVoice(message) {
  return message.sender_chat?.id === message.chat.id;
}

export function readKey(chatId, threadId) {
  return `${store.me}:${chatId}:${threadId ?? 0}`;
}

export function unreadCount(aChat, threadId) {
  const seen = store.read.get(readKey(aChat.id, threadId)) ?? store.baseline.get(aChat.id) ?? 0;
  return messagesOf(aChat, threadId).filter(
    (one) => one.message_id > seen && !isMine(one) && !isService(one),
  ).length;
}

const SERVICE_FIELDS = [
  "new_chat_members",
  "left_chat_member",
  "group_chat_created",
  "forum_topic_created",
  "forum_topic_closed",
  "forum_topic_reopened",
  "pinned_message",
  "migrate_to_chat_id",
  "migrate_from_chat_id",
];

export function isService(message) {
  return SERVICE_FIELDS.some((field) => field in message);
}

/** Load the world and follow its changes. */
export async function connect() {
  await load();
  follow();
}

async function load() {
  const state = await getJson("state");
  store.bot = state.bot;
  store.users = new Map(state.users.map((user) => [user.id, user]));
  store.classroom = state.classroom ?? null;
  store.hasInside = state.has_inside;
  store.chats = new Map(state.chats.map((one) => [one.id, withMessages(one, one.messages)]));
  store.baseline = new Map(
    state.chats.map((one) => [one.id, Math.max(0, ...one.messages.map((m) => m.message_id))]),
  );
  store.lastSeq = state.last_seq;
}

function withMessages(fields, messages) {
  return { ...fields, messages: new Map(messages.map((one) => [one.message_id, one])), action: null };
}

function follow() {
  const source = new EventSource(`/events?after=${store.lastSeq}`);
  source.onmessage = (event) => apply(JSON.parse(event.data));
  source.onopen = () => emit("connection", true);
  source.onerror = () => {
    // The server may come back as a new one with a new world, so start afresh.
    source.close();
    emit("connection", false);
    setTimeout(async () => {
      try {
        await load();
        emit("reload");
      } catch {
        // Still away: following fails too and comes back here.
      }
      follow();
    }, 1500);
  };
}

function apply(change) {
  store.lastSeq = change.seq;
  const handlers = {
    user: () => store.users.set(change.user.id, change.user),
    chat: () => mergeChat(change.chat),
    message: () => addMessage(change.message),
    edited: () => knownChat(change.message.chat).messages.set(change.message.message_id, change.message),
    deleted: () => store.chats.get(change.chat_id)?.messages.delete(change.message_id),
    draft: () => showDraft(change),
    action: () => showAction(change),
  };
  handlers[change.kind]?.();
  emit(change.kind, change);
}

function mergeChat(fields) {
  const known = store.chats.get(fields.id);
  store.chats.set(fields.id, {
    ...fields,
    messages: known?.messages ?? new Map(),
    action: known?.action ?? null,
  });
}

function knownChat(fields) {
  if (!store.chats.has(fields.id)) {
    const empty = { members: [], topics: [], pinned: [], draft: null, is_started: true };
    store.chats.set(fields.id, withMessages({ ...empty, ...fields }, []));
  }
  return store.chats.get(fields.id);
}

function addMessage(message) {
  const aChat = knownChat(message.chat);
  aChat.messages.set(message.message_id, message);
  if (message.from.id === store.bot.id) {
    aChat.draft = null;
    aChat.action = null;
  }
}

function showAction(change) {
  const aChat = store.chats.get(change.chat_id);
  const action = { ...change };
  aChat.action = action;
  setTimeout(() => {
    if (aChat.action === action) {
      aChat.action = null;
      emit("action", change);
    }
  }, ACTION_LIFE_MS);
}

function showDraft(change) {
  const aChat = store.chats.get(change.chat_id);
  const draft = change.draft;
  aChat.draft = draft;
  if (!draft) return;
  setTimeout(() => {
    if (aChat.draft === draft) {
      aChat.draft = null;
      emit("draft", { chat_id: aChat.id });
    }
  }, draft.expires_at * 1000 - Date.now());
}
