// @ts-check
/**
 * What the learned look paints live: the picture, a film of the server's folder, this page's
 * camera.
 */

import { byId, el } from "../dom.js";
import { request } from "../http.js";
import { openCamera } from "./camera.js";

/** @param {Page} page */
export function start({ store, showNotice, on }) {
  /** @type {StateMessage | undefined} */
  let state;
  /** @type {{close(): void} | null} */
  let camera = null;
  let opening = false;
  /** @type {{id: string, name: string}[]} */
  let films = [];
  /** The one that was chosen here. */
  let film = "";
  let shown = "";
  const select = el("select", { onchange: () => choose(select.value), onpointerdown: loadFilms, onfocus: loadFilms });
  const label = el("label", { class: "choice", id: "live-source", title: "what `live` paints: the picture, a film of the folder, or this device's camera" }, "source", select);
  byId("drop-zones").before(label);
  show();
  loadFilms();
  on("state", (message) => {
    // Something else was chosen, here or on another page.
    if (camera && state?.source === "camera" && message.source !== "camera") closeCamera();
    state = message;
    show();
  });

  function show() {
    const source = state?.source ?? "content";
    const options = [["content", "picture"], ["camera", "camera"], ...films.map(({ id, name }) => [id, name])];
    // Which film it is only who has chosen it knows.
    if (source === "film" && !film) options.push(["film", "a film"]);
    const wanted = JSON.stringify(options);
    if (wanted !== shown) select.replaceChildren(...options.map(([value = "", text = ""]) => el("option", { value }, text)));
    shown = wanted;
    select.value = source === "film" ? film || "film" : source;
  }

  async function loadFilms() {
    const found = await request("api/films").then((answer) => answer.json(), () => null);
    if (!found || JSON.stringify(found.films) === JSON.stringify(films)) return;
    ({ films } = found);
    show();
  }

  /** @param {string} value */
  async function choose(value) {
    if (opening) return;
    opening = true;
    try {
      if (value === "camera") await useCamera();
      else {
        closeCamera();
        film = films.find(({ id }) => id === value)?.id ?? "";
        await put(film ? { source: "film", film } : { source: "content" });
      }
      // A live source is there to be painted live.
      if (value !== "content" && state?.look && !store.position("look")) store.toggle("look");
      if (value !== "content" && !state?.look) showNotice("no look is chosen that could paint it live: start with --look, or open one of the gallery");
    } catch (error) {
      showNotice(/** @type {Error} */ (error).message);
      show();
    }
    opening = false;
  }

  async function useCamera() {
    closeCamera();
    camera = await openCamera(() => [state?.width || 256, state?.height || 256], (why) => {
      camera = null;
      showNotice(why);
    });
  }

  function closeCamera() {
    camera?.close();
    camera = null;
  }
}

/** @param {object} body */
const put = (body) => request("api/source", { method: "PUT", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
