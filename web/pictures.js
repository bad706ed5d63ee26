// @ts-check
/**
 * The pictures that the painting is made of: content and up to four styles, each with its part
 * in the blend and the size of its brush; recent ones; and saved paintings, whose state comes
 * back. A panel, loaded after the first picture.
 */

import { styleShares } from "./blend.js";
import { byId, make, style } from "./element.js";
import { carriesState, restore } from "./saved.js";
import { makeSlider } from "./slider.js";
import { takeDrops, Well } from "./well.js";

/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./types.js").Pictures} AllPictures */

const MOST_STYLES = 4;
const RECENT = 8;

/** @param {Page} page */
export async function start(page) {
  await style("pictures.css");
  const pictures = new Pictures(page);
  page.hear("snapshot", (message) => pictures.update(message.pictures));
  page.hear("pictures", (message) => pictures.update(message));
}

class Pictures {
  #page;
  /** @type {Well[]} content, the styles, and the place of one more */
  #wells = [];
  #styles = -1;
  #list = byId("wells", HTMLDivElement);
  #targets = byId("targets", HTMLDivElement);
  #recent = make("div", { class: "recent", role: "group", "aria-label": "recent pictures" });
  #depth = 0;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#list.after(this.#recent);
    for (const name of ["style_mix", ...[1, 2, 3, 4].map((n) => `style_gain.${n}`)]) {
      if (page.store.has(name)) page.store.watch(name, () => this.#shares());
    }
    if (page.role === "viewer") return;
    this.#watchDrag();
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (file) this.#offer("use the pasted picture as", file);
    });
    this.#targets.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#hideTargets();
    });
  }

  /** @param {AllPictures} pictures */
  update(pictures) {
    if (this.#styles !== pictures.styles.length) this.#build(pictures.styles.length);
    for (const [index, picture] of [pictures.content, ...pictures.styles].entries()) {
      this.#wells[index]?.show(picture);
    }
    this.#shares();
    this.#fillRecent();
  }

  /** @param {number} styles */
  #build(styles) {
    this.#styles = styles;
    const play = this.#page.role !== "viewer";
    this.#wells = [this.#well("content", "content", "api/content")];
    for (let n = 1; n <= styles + 1 && n <= MOST_STYLES; n++) {
      const taken = n <= styles;
      if (!taken && !play) break;
      const title = styles > 1 || !taken ? `style ${"ABCD"[n - 1]}` : "style";
      const well = this.#well(title, "style", `api/style/${n}`, taken);
      if (!taken) well.ontaken = () => this.#raise(n);
      if (taken) well.root.append(this.#makeMix(n, title, styles));
      if (taken && n > 1 && play) {
        const button = make("button", { type: "button", class: "remove", "aria-label": `remove ${title}`, title: `remove ${title}` }, "×");
        button.addEventListener("click", () => well.ask("DELETE"));
        well.root.append(button);
      }
      this.#wells.push(well);
    }
    this.#list.dataset.styles = String(styles);
    this.#list.replaceChildren(...this.#wells.map((well) => well.root));
    if (!play) for (const input of this.#list.querySelectorAll("input")) input.disabled = true;
  }

  /**
   * @param {string} title
   * @param {"content" | "style"} term
   * @param {string} url
   * @param {boolean} [taken]
   */
  #well(title, term, url, taken) {
    /** @param {File} file */
    const take = async (file) => {
      if (await carriesState(file)) this.#offer("this is a saved painting", file);
      else well.send(file);
    };
    const well = new Well(title, term, url, { take, taken });
    return well;
  }

  /**
   * @param {number} n
   * @param {string} title
   * @param {number} styles
   */
  #makeMix(n, title, styles) {
    const { store } = this.#page;
    const sliders = /** @type {const} */ ([["gain", "gain"], ["scale", "brush"]])
      .filter(([kind]) => store.has(`style_${kind}.${n}`) && (kind === "scale" || styles > 1))
      .map(([kind, words]) => makeSlider(store.row(`style_${kind}.${n}`), store, words, `${words} of ${title}`));
    return make("div", { class: "mix" }, ...sliders);
  }

  /**
   * What is added is to be heard.
   * @param {number} n
   */
  #raise(n) {
    const { store } = this.#page;
    const [name, position] = n === 2 ? ["style_mix", 0.5] : [`style_gain.${n}`, 1];
    if (store.has(name) && store.position(name) === 0) store.move(name, position, performance.now());
  }

  #shares() {
    if (this.#styles < 2) return;
    const { store } = this.#page;
    const shares = styleShares((name) => (store.has(name) ? store.position(name) : 1), this.#styles);
    for (const [index, part] of shares.entries()) this.#wells[index + 1]?.share(part);
  }

  /** A picture dragged over the page finds a large place for each use. */
  #watchDrag() {
    const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragenter", (event) => {
      if (!files(event) || this.#depth++ !== 0) return;
      const png = event.dataTransfer?.items[0]?.type === "image/png";
      this.#showTargets("drop it as", null, png);
    });
    document.addEventListener("dragleave", (event) => {
      if (files(event) && --this.#depth <= 0) this.#hideTargets();
    });
    // Without these two the browser would leave the page for the picture.
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", async (event) => {
      event.preventDefault();
      this.#hideTargets();
      const file = event.dataTransfer?.files[0];
      const aimed = event.target instanceof Element && event.target.closest(".well, #targets button");
      if (!file || aimed) return;
      if (await carriesState(file)) this.#restore(file);
      else this.#offer("use the picture as", file);
    });
  }

  /** @param {Blob} file */
  async #restore(file) {
    const { notice } = this.#page;
    if (await carriesState(file)) restore(file, notice);
    else notice("this PNG was not saved by styletune: it holds no state");
  }

  /**
   * Ask what a file is for.
   * @param {string} title
   * @param {File} file
   */
  async #offer(title, file) {
    this.#showTargets(title, (well) => well.send(file), await carriesState(file), file);
    this.#targets.querySelector("button")?.focus();
  }

  /**
   * @param {string} title
   * @param {((well: Well) => void) | null} use when clicked; null: only drops are awaited
   * @param {boolean} stateful offer to bring the state back
   * @param {File} [file]
   */
  #showTargets(title, use, stateful, file) {
    const target = (/** @type {string} */ words, /** @type {string} */ term, /** @type {() => void} */ act, /** @type {(file: File) => void} */ drop) => {
      const button = make("button", { type: "button", "data-term": term }, words);
      button.addEventListener("click", () => {
        this.#hideTargets();
        act();
      });
      takeDrops(button, drop);
      return button;
    };
    const buttons = this.#wells.map((well) =>
      target(well.title, well.title === "content" ? "content" : "style", () => use?.(well), (dropped) => well.send(dropped)));
    if (stateful) {
      buttons.unshift(target("bring its state back", "state", () => file && this.#restore(file), (dropped) => this.#restore(dropped)));
    }
    const cancel = make("button", { type: "button", class: "cancel" }, "cancel");
    cancel.addEventListener("click", () => this.#hideTargets());
    this.#targets.replaceChildren(make("p", {}, title), make("div", {}, ...buttons), ...(use ? [cancel] : []));
    this.#targets.hidden = false;
  }

  #hideTargets() {
    this.#depth = 0;
    this.#targets.hidden = true;
  }

  /** The last pictures that were used, if the server keeps them. */
  async #fillRecent() {
    const answer = await fetch("api/recent", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return this.#recent.replaceChildren();
    /** @type {{recent: {id: string, name: string}[]}} */
    const { recent } = await answer.json();
    this.#recent.replaceChildren(...recent.slice(0, RECENT).map(({ id, name }) => {
      const button = make("button", { type: "button", title: name }, make("img", { src: `api/recent/${id}.jpg`, alt: name }));
      button.disabled = this.#page.role === "viewer";
      button.addEventListener("click", () =>
        this.#showTargets(`use ${name} as`, (well) => well.send(id), false));
      return button;
    }));
  }
}
