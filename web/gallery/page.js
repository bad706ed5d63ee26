// @ts-check
/**
 * The page /gallery: choose a picture, see it painted by all looks, open one on the desk, and
 * learn a look of the desk's style.
 */

import { byId, el, setText } from "../dom.js";
import { request } from "../http.js";
import { makeCloseUp } from "./close-up.js";
import { makeLearning } from "./learning.js";
import { CONTENT, startSource } from "./source.js";
import { makeTiles } from "./tiles.js";

/** Between two looks at the list, while one is being learned and else, ms. */
const [LEARNING_MS, QUIET_MS] = [2000, 15_000];

let player = true;
const tiles = makeTiles((tile) => openTile(tile));
const openTile = makeCloseUp({ source: () => tiles.source ?? CONTENT, beside: tiles.beside, player: () => player });
const learning = makeLearning(show);
let timer = 0;

/** @param {LooksMessage} message */
function show(message) {
  player = message.player;
  byId("tagline").hidden = !player;
  byId("source").hidden = !player || message.reason !== "";
  tiles.show(message.looks.filter(({ error }) => !error));
  byId("damaged").replaceChildren(...message.looks.filter(({ error }) => error).map(({ error }) => el("li", {}, error)));
  learning.show(message);
  if (message.reason) showTrouble(message.reason);
  else if (!message.looks.length) setText(byId("status"), "there are no looks yet: learn one");
  else if (!tiles.source) setText(byId("status"), "a sample of each");
  clearTimeout(timer);
  timer = setTimeout(load, message.learning ? LEARNING_MS : QUIET_MS);
}

async function load() {
  clearTimeout(timer);
  try {
    show(await (await request("api/looks")).json());
  } catch (error) {
    showTrouble(String(/** @type {Error} */ (error).message));
    timer = setTimeout(load, LEARNING_MS);
  }
}

/** @param {string} text */
function showTrouble(text) {
  setText(byId("trouble"), text);
  byId("trouble").hidden = false;
}

await load();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else load();
});
if (player) {
  /** @type {SnapshotMessage} */
  const { pictures } = await (await request("api/state")).json();
  startSource(pictures.content.name, tiles.setSource).catch(({ message }) => showTrouble(message));
  learning.setStyles(pictures.styles, Number(new URLSearchParams(location.search).get("style") ?? 0));
  if (location.hash === "#learn") byId("learn").scrollIntoView();
}
