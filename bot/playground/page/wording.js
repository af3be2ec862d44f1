// Names, times, sizes and service messages in words.

import { fullName, isGroupVoice, store } from "./store.js";
import { language, texts } from "./texts.js";

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });

export function clockTime(seconds) {
  return clock.format(new Date(seconds * 1000));
}

/** "Hoy", "Ayer" or a date. */
export function dayName(seconds) {
  const day = new Date(seconds * 1000).toDateString();
  const now = new Date();
  if (day === now.toDateString()) return texts.today;
  now.setDate(now.getDate() - 1);
  return day === now.toDateString() ? texts.yesterday : calendar.format(new Date(seconds * 1000));
}

export function authorOf(message) {
  if (isGroupVoice(message)) return `${message.sender_chat.title} (${texts.anonymous})`;
  return message.sender_chat?.title ?? fullName(message.from);
}

export function authorId(message) {
  return message.sender_chat?.id ?? message.from.id;
}

export function fileSize(bytes) {
  const units = ["B", "KB", "MB"];
  let size = bytes;
  while (size >= 1024 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${size.toLocaleString(language, { maximumFractionDigits: 1 })} ${units[0]}`;
}

/** What a message says, or what it is. */
export function wordsOf(message) {
  const file = message.document?.file_name ?? (message.photo ? texts.photo : texts.file);
  return message.text ?? message.caption ?? message.poll?.question ?? file;
}

export function serviceText(message) {
  const words = texts.service;
  if (message.new_chat_members) {
    return words.joined(message.new_chat_members.map(fullName).join(", "));
  }
  if (message.left_chat_member) return words.left(fullName(message.left_chat_member));
  if (message.forum_topic_created) return words.topicCreated(message.forum_topic_created.name);
  if (message.forum_topic_closed) return words.topicClosed;
  if (message.forum_topic_reopened) return words.topicReopened;
  if (message.pinned_message) return words.pinned(wordsOf(message.pinned_message).slice(0, 60));
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return words.migrated;
  return words.created;
}

/** What the line under a chat's title says. */
export function subtitle(aChat) {
  if (aChat.type === "private") return `${texts.bot} · @${store.bot.username}`;
  const count = aChat.members.filter((one) => !["left", "kicked"].includes(one.status)).length;
  return texts.members(count);
}
