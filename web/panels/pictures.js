// @ts-check
/**
 * The pictures that the painting is made of: content and up to four styles, each with its part
 * in the blend and the size of its brush; recent ones; and saved paintings, whose state comes
 * back. A panel, loaded after the first picture.
 */

import { ask } from "../http.js";
import { styleShares } from "../control-math.js";
import { button, byId, make } from "../dom.js";
import { carriesState, restore } from "./png-state.js";
import { makeSlider } from "../fader.js";
import { makeWell } from "./drop-zone.js";

const NUMBERS = [1, 2, 3, 4];
const RECENT = 8;

/** @param {Page} page */
export function start({ store, viewer, notice, hear }) {
  /** Content, the styles, and the place of one more. @type {import("./drop-zone.js").Well[]} */
  let wells = [];
  let styles = -1;
  const list = byId("wells");
  const targets = byId("targets", HTMLDialogElement);
  const recent = make("div", { class: "recent", role: "group", "aria-label": "recent pictures" });
  list.after(recent);
  for (const name of ["style_mix", ...NUMBERS.map((n) => `style_gain.${n}`)]) store.watch(name, share);
  hear("pictures", update);
  if (!viewer) watchHands();

  /** @param {Pictures} pictures */
  function update(pictures) {
    if (styles !== pictures.styles.length) build(pictures.styles.length);
    for (const [index, picture] of [pictures.content, ...pictures.styles].entries()) wells[index]?.show(picture);
    share();
    fillRecent();
  }

  /** @param {number} count of styles */
  function build(count) {
    styles = count;
    wells = [makeWell("content", "content", "api/content", true, take)];
    for (const n of NUMBERS.slice(0, viewer ? count : count + 1)) {
      const taken = n <= count;
      const title = count > 1 || !taken ? `style ${"ABCD"[n - 1]}` : "style";
      // What is added is to be heard.
      const [mix, part] = n === 2 ? ["style_mix", 0.5] : [`style_gain.${n}`, 1];
      const well = makeWell(title, "style", `api/style/${n}`, taken, take, () => taken || store.position(mix) || store.move(mix, part));
      wells.push(well);
      if (!taken) continue;
      const slider = (/** @type {string} */ kind, /** @type {string} */ words) =>
        makeSlider(store.row(`style_${kind}.${n}`), store, `${words} of ${title}`, words);
      well.root.append(make("div", { class: "mix" }, count > 1 && slider("gain", "gain"), slider("scale", "brush")));
      const words = `remove ${title}`;
      if (n > 1 && !viewer) well.root.append(button("×", well.remove, { class: "remove", "aria-label": words, title: words }));
    }
    list.dataset.styles = String(count);
    list.replaceChildren(...wells.map(({ root }) => root));
  }

  /** What falls on a well hangs there, unless it is more than a picture. @param {File} file @param {(file: File) => void} send */
  async function take(file, send) {
    if (await carriesState(file)) offer("this is a saved painting", file);
    else send(file);
  }

  function share() {
    if (styles < 2) return;
    for (const [index, part] of styleShares(store.position, styles).entries()) wells[index + 1]?.share(part);
  }

  /** What falls on no place of its own, or is pasted, is asked about. */
  function watchHands() {
    // Without these two the browser would leave the page for the picture.
    document.ondragover = (event) => event.preventDefault();
    document.ondrop = async (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (!file || (event.target instanceof Element && event.target.closest(".well"))) return;
      if (await carriesState(file)) restore(file, notice);
      else offer("use the picture as", file);
    };
    document.onpaste = ({ clipboardData }) => {
      const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (file) offer("use the pasted picture as", file);
    };
  }

  /** Ask what a picture is for. @param {string} title @param {File | string} picture or the id of a recent one */
  async function offer(title, picture) {
    const use = (/** @type {string} */ words, /** @type {TermName | undefined} */ term, /** @type {() => void} */ act) => button(words, () => {
      targets.close();
      act();
    }, { class: "key", "data-term": term });
    const png = typeof picture !== "string" && (await carriesState(picture)) && picture;
    targets.replaceChildren(
      make("p", {}, title), png ? use("bring its state back", undefined, () => restore(png, notice)) : "",
      ...wells.map((well) => use(well.title, well.term, () => well.send(picture))), button("cancel", () => targets.close()),
    );
    targets.showModal();
  }

  /** The last pictures that were used. */
  async function fillRecent() {
    const answer = await ask("api/recent").catch(() => null);
    /** @type {{recent: {id: string, name: string}[]}} */
    const told = answer ? await answer.json() : { recent: [] };
    recent.replaceChildren(...told.recent.slice(0, RECENT).map(({ id, name }) => button(
      make("img", { src: `api/recent/${id}.jpg`, alt: name }), () => offer(`use ${name} as`, id), { title: name, disabled: viewer },
    )));
  }
}
