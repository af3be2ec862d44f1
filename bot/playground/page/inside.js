// The panel beside the chat: how the model cuts a text, where it looks, what could come next.

import { el, icon } from "./dom.js";
import { act, store } from "./store.js";
import { language, texts } from "./texts.js";

const PAUSE_MS = 350;
const SHOWN = 10;
const LEAST_FIGURE = 0.03;
const KNOBS = {
  temperature: { min: 0, max: 2, step: 0.1, value: 0.7 },
  topK: { min: 0, max: 100, step: 1, value: 50 },
  topP: { min: 0.05, max: 1, step: 0.05, value: 0.95 },
};

const words = texts.inside;
const place = document.querySelector("#inside");
const button = document.querySelector("#inside-button");
const knobs = Object.fromEntries(Object.entries(KNOBS).map(([name, knob]) => [name, knob.value]));
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

let seen = null; // what is known of the text: its pieces, and of the one that looks the rest
const gaze = { layer: "", head: "" }; // by number, or the mean of all
let asked = 0;
let pausing;

/** Offer the panel, if there is a service that can be asked; called once. */
export function startInside() {
  button.hidden = !store.hasInside;
  button.append(icon("look"));
  button.setAttribute("aria-label", words.title);
  button.title = words.title;
  button.onclick = () => show(place.hidden);
  place.append(
    el(
      "header",
      { class: "inside-header" },
      el("h2", { id: "inside-title" }, words.title),
      el(
        "button",
        { class: "round", type: "button", "aria-label": texts.close, "data-testid": "inside-close", onclick: () => show(false) },
        icon("close"),
      ),
    ),
    el(
      "label",
      {},
      words.write,
      el("textarea", { id: "inside-text", rows: 2, maxlength: 300, "data-testid": "inside-text", oninput: wait }, words.example),
    ),
    el("section", { id: "inside-found" }),
  );
}

/** With what probability each piece is drawn: temperature, then top-k, then top-p.
 *
 * What the shares lack to 1 belongs to pieces that are taken to be as likely as the last one.
 */
export function drawnShares(shares, { temperature, topK, topP }) {
  if (temperature === 0 || topK === 1) return shares.map((_, at) => Number(at === 0));
  const hasAll = topK > 0 && topK <= shares.length;
  const weights = shares.slice(0, hasAll ? topK : undefined).map((share) => (share / shares[0]) ** (1 / temperature));
  const rest = Math.max(0, 1 - sum(shares));
  let others = hasAll || !shares.at(-1) ? 0 : (rest / shares.at(-1)) * weights.at(-1);
  let kept = weights.length;
  if (topP < 1) {
    const wanted = topP * (sum(weights) + others);
    let reached = 0;
    const last = weights.findIndex((weight) => (reached += weight) >= wanted);
    if (last >= 0) kept = last + 1;
    if (kept < weights.length) others = 0;
  }
  const total = sum(weights.slice(0, kept)) + others;
  return shares.map((_, at) => (at < kept ? weights[at] / total : 0));
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function show(isOpen) {
  place.hidden = !isOpen;
  document.querySelector("#app").classList.toggle("with-inside", isOpen);
  button.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) return button.focus();
  document.querySelector("#inside-text").focus();
  if (!seen) ask();
}

function wait() {
  clearTimeout(pausing);
  pausing = setTimeout(() => ask(), PAUSE_MS);
}

/** Look at the text, from its last piece or another one. */
async function ask(upto = null) {
  const text = document.querySelector("#inside-text").value.trimEnd();
  const mine = ++asked;
  const found = text ? await act("inside", { text, upto }) : null;
  if (mine !== asked) return; // somebody typed meanwhile
  seen = found;
  render();
}

function render() {
  const found = document.querySelector("#inside-found");
  const hadFocus = found.contains(document.activeElement);
  if (!seen) return found.replaceChildren();
  if (!seen.pieces.length) return found.replaceChildren(el("p", {}, words.none));
  found.replaceChildren(
    el("h3", {}, words.pieces(seen.pieces.length)),
    pieceList(),
    el("p", { class: "inside-note" }, seen.weights ? words.gaze : words.noGaze),
    seen.weights ? gazeChoices() : "",
    el("h3", {}, words.next(readable(seen.pieces[seen.upto - 1]))),
    seen.likely.length ? el("div", {}, ...Object.keys(KNOBS).map(slider)) : el("p", {}, words.noLikely),
    el("ol", { id: "inside-likely", "data-testid": "inside-likely" }),
  );
  renderGaze();
  renderLikely();
  if (hadFocus) found.querySelector('.piece[aria-pressed="true"]').focus();
}

function pieceList() {
  const buttons = seen.pieces.map((piece, at) =>
    el(
      "button",
      {
        type: "button",
        class: "piece",
        "aria-pressed": String(at === seen.upto - 1),
        "data-testid": "inside-piece",
        onclick: () => ask(at + 1),
      },
      el("span", {}, readable(piece)),
      el("small", {}, String(seen.ids[at])),
      el("span", { class: "piece-share" }),
    ),
  );
  return el("div", { class: "pieces", role: "group", "aria-label": words.pieces(buttons.length) }, ...buttons);
}

function gazeChoices() {
  return el(
    "div",
    { class: "gaze-choices" },
    choice("layer", words.layer, seen.weights.length),
    choice("head", words.head, seen.weights[0].length),
  );
}

function choice(name, label, count) {
  const numbers = Array.from({ length: count }, (_, at) => el("option", {}, String(at + 1)));
  const choose = (event) => {
    gaze[name] = event.target.value;
    renderGaze();
  };
  const select = el("select", { onchange: choose, "data-testid": `inside-${name}` }, el("option", { value: "" }, words.mean), ...numbers);
  if (Number(gaze[name]) > count) gaze[name] = "";
  select.value = gaze[name];
  return el("label", {}, label, select);
}

/** How much each piece is looked at, by one head or by the mean of many. */
function renderGaze() {
  const chosen = (name, all) => (gaze[name] === "" ? all : [all[Number(gaze[name]) - 1]]);
  const rows = chosen("layer", seen.weights ?? []).flatMap((heads) => chosen("head", heads ?? []));
  document.querySelectorAll(".piece").forEach((piece, at) => {
    const share = seen.weights ? sum(rows.map((row) => row[at] ?? 0)) / rows.length : 0;
    piece.style.setProperty("--share", share);
    piece.querySelector(".piece-share").textContent = share >= LEAST_FIGURE ? percent.format(share) : "";
  });
}

function slider(name) {
  const output = el("output", {}, number.format(knobs[name]));
  const move = (event) => {
    knobs[name] = Number(event.target.value);
    output.textContent = number.format(knobs[name]);
    renderLikely();
  };
  const range = { type: "range", "data-testid": `inside-${name}`, oninput: move };
  return el("label", { class: "knob" }, words.knobs[name], el("input", { ...KNOBS[name], ...range, value: knobs[name] }), output);
}

/** The likeliest pieces: a bar for the model's own probability, a dot for what is drawn from. */
function renderLikely() {
  const shares = seen.likely.map(([, share]) => share);
  const drawn = drawnShares(shares, knobs);
  const rows = seen.likely.slice(0, SHOWN).map(([piece], at) => {
    const bar = el("span", { class: "likely-bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", shares[at]);
    bar.style.setProperty("--drawn", drawn[at]);
    const figures = words.shares(percent.format(shares[at]), drawn[at] ? percent.format(drawn[at]) : "");
    const add = { type: "button", class: `likely${drawn[at] ? "" : " is-cut"}`, title: words.add, onclick: () => append(piece) };
    return el("li", {}, el("button", add, el("span", {}, readable(piece)), bar, el("span", { class: "likely-share" }, figures)));
  });
  document.querySelector("#inside-likely").replaceChildren(...rows);
}

/** Go on with a piece from where the model looks. */
function append(piece) {
  if (/^<\||^bytes:/.test(piece)) return;
  document.querySelector("#inside-text").value = seen.pieces.slice(0, seen.upto).join("") + piece;
  ask();
}

/** A piece as people can read it: a dot for a space, signs for what cannot be seen. */
function readable(piece) {
  if (/^<\|.*\|>$/.test(piece)) return words.end;
  if (piece.startsWith("bytes:")) return "▯";
  return piece.replace(/^ +/, (spaces) => "·".repeat(spaces.length)).replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}
