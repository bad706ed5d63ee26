// @ts-check
/**
 * A viewer's page: what is painted after what, who plays, and in words what has just changed.
 */

import { positionFromJson } from "../control-store.js";
import { byId, el, setText } from "../dom.js";
import { formatSource, formatValue } from "../format.js";

/** How long a change can be read, ms. */
const CHANGE_MS = 6000;

/** Who plays. @param {Pick<StateMessage, "players" | "devices">} state */
export function formatPlayers({ players, devices }) {
  const people = players === 1 ? "one person" : `${players} people`;
  const names = [...(players ? [people] : []), ...devices];
  return names.length ? `played by ${names.join(", ")}` : "nobody plays now";
}

/**
 * What has changed, in words: "style strokes up to ×1.8, by nanoKONTROL2".
 * @param {Pick<ChangedMessage, "controls" | "source">} message
 * @param {Pick<ControlStore, "row" | "confirmed">} store with the values before
 * @param {Names["nameOf"]} nameOf
 */
export function formatChange({ controls, source }, store, nameOf) {
  const by = formatSource(source, "").replace("another player", "a player");
  const moves = Object.entries(controls).map(([name, value]) => {
    const [row, before] = [store.row(name), store.confirmed(name) ?? 0];
    const position = positionFromJson(row, value);
    if (row.kind === "choice") return `${nameOf(name)}: ${value}`;
    if (row.kind === "switch") return `${nameOf(name)} ${value ? "on" : "off"}`;
    return `${nameOf(name)} ${position < before ? "down" : "up"} to ${formatValue(row, position)}`;
  });
  // A scene moves nearly all.
  if (moves.length > 2) return source.startsWith("scene:") ? by : `${moves.length} controls, by ${by}`;
  return moves.length ? `${moves.join(", ")}, by ${by}` : "";
}

/** @param {Page} page */
export function start({ on, store, names }) {
  const pictures = el("div", { class: "thumbnails" });
  const [title, players] = [el("p", { class: "painted" }), el("p", { role: "status" })];
  const change = el("p", { id: "change", role: "status" });
  byId("stage").append(change);
  document.querySelector("main")?.append(el("aside", { id: "watching", class: "panel", "aria-label": "the painting" }, pictures, el("div", {}, title, players)));
  let timer = 0;
  on("pictures", ({ content, styles }) => {
    const before = title.textContent;
    setText(title, `${content.name} in the style of ${styles.map(({ name }) => name).join(", ")}`);
    if (before && before !== title.textContent) show(`now ${title.textContent}`);
    pictures.replaceChildren(...[content, ...styles].map(({ name, version }, index) =>
      el("img", { src: `api/${index ? `style/${index}` : "content"}.jpg?v=${version}`, alt: name, title: name })));
  });
  on("state", (state) => setText(players, formatPlayers(state)));
  // Listeners run before the store applies a change: it still has the values before.
  on("changed", (message) => show(formatChange(message, store, names.nameOf)));
  on("triggered", ({ name, source }) => show(`${names.nameOf(name)}, by ${formatSource(source, "").replace("another player", "a player")}`));

  /** @param {string} text */
  function show(text) {
    if (!text) return;
    setText(change, text);
    change.classList.add("fresh");
    clearTimeout(timer);
    timer = setTimeout(() => change.classList.remove("fresh"), CHANGE_MS);
  }
}
