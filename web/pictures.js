// @ts-check
/**
 * The pictures that the painting is made of: shown, dropped, pasted, chosen, sent with
 * progress, refused with the server's own reason.
 */

import { byId, make, say } from "./element.js";

/** @typedef {import("./types.js").Picture} Picture */
/** @typedef {import("./types.js").Pictures} AllPictures */

const TYPES = "image/jpeg,image/png,image/webp";

/** A place that takes a picture. */
class Well {
  #picture = make("img", { alt: "", draggable: "false" });
  #name = make("span", { class: "name" });
  #why = make("p", { class: "why", role: "alert" });
  root;
  title;
  #url;

  /**
   * @param {string} title such as "content"
   * @param {"content" | "style"} term
   * @param {string} inputId
   * @param {string} url to show (with `.jpg`) and to send to
   */
  constructor(title, term, inputId, url) {
    this.title = title;
    this.#url = url;
    const input = make("input", {
      type: "file", id: inputId, accept: TYPES, class: "unseen", "aria-label": `${title} picture`,
    });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) this.send(file);
      input.value = ""; // so that the same file can be chosen again
    });
    const label = make(
      "label",
      { class: "well", title: "drop, paste or choose a picture" },
      input,
      this.#picture,
      make("span", { class: "plaque" }, make("b", {}, title), this.#name),
      make("i", { class: "progress" }),
    );
    label.dataset.term = term;
    this.root = make("div", { class: "source" }, label, this.#why);
    takeDrops(label, (file) => this.send(file));
  }

  /** @param {Picture} picture */
  show(picture) {
    const source = `${this.#url}.jpg?v=${encodeURIComponent(String(picture.version))}`;
    if (this.#picture.getAttribute("src") !== source) this.#picture.src = source;
    this.#picture.alt = `${this.title}: ${picture.name}`;
    say(this.#name, picture.name);
  }

  /** @param {File} file */
  send(file) {
    say(this.#why, "");
    this.#progress(0);
    // fetch cannot tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open("PUT", this.#url);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("X-Filename", encodeURIComponent(file.name));
    request.upload.onprogress = ({ loaded, total }) => this.#progress(loaded / total);
    request.onload = () => {
      this.#progress(null);
      if (request.status >= 300) say(this.#why, reason(request));
    };
    request.onerror = () => {
      this.#progress(null);
      say(this.#why, "not sent: the connection broke, or the file is too large");
    };
    request.send(file);
  }

  /** @param {number | null} part 0..1; null: done */
  #progress(part) {
    this.root.classList.toggle("busy", part !== null);
    this.root.style.setProperty("--progress", String(part ?? 0));
  }
}

/**
 * Why the server refused, in its own words.
 * @param {XMLHttpRequest} request
 */
function reason(request) {
  try {
    const { message } = JSON.parse(request.responseText);
    if (typeof message === "string") return message;
  } catch {
    // not JSON: something in between answered
  }
  return `refused: ${request.status} ${request.statusText}`;
}

/**
 * @param {HTMLElement} element
 * @param {(file: File) => void} take
 */
function takeDrops(element, take) {
  const over = (/** @type {boolean} */ on) => element.classList.toggle("over", on);
  element.addEventListener("dragover", () => over(true));
  element.addEventListener("dragleave", () => over(false));
  element.addEventListener("drop", (event) => {
    over(false);
    const file = event.dataTransfer?.files[0];
    if (file) take(file);
  });
}

export class Pictures {
  /** @type {Well[]} content, then the styles */
  #wells = [];
  #list = byId("wells", HTMLDivElement);
  #targets = byId("targets", HTMLDivElement);
  #depth = 0;

  constructor() {
    this.#watchDrag();
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (file) this.#offer(file);
    });
    this.#targets.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#hideTargets();
    });
  }

  /** @param {AllPictures} pictures */
  update(pictures) {
    if (this.#wells.length !== pictures.styles.length + 1) this.#build(pictures.styles.length);
    for (const [index, picture] of [pictures.content, ...pictures.styles].entries()) {
      this.#wells[index]?.show(picture);
    }
  }

  /** @param {number} styles */
  #build(styles) {
    this.#wells = [new Well("content", "content", "content-file", "api/content")];
    for (let n = 1; n <= styles; n++) {
      const title = styles > 1 ? `style ${"ABCD"[n - 1] ?? n}` : "style";
      this.#wells.push(new Well(title, "style", `style-file-${n}`, `api/style/${n}`));
    }
    this.#list.dataset.count = String(this.#wells.length);
    this.#list.replaceChildren(...this.#wells.map((well) => well.root));
  }

  /** A picture dragged over the page finds a large place for each use. */
  #watchDrag() {
    const files = (/** @type {DragEvent} */ event) =>
      event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragenter", (event) => {
      if (files(event) && this.#depth++ === 0) this.#showTargets("drop it as", null);
    });
    document.addEventListener("dragleave", (event) => {
      if (files(event) && --this.#depth <= 0) this.#hideTargets();
    });
    // Without these two the browser would leave the page for the picture.
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#hideTargets();
    });
  }

  /** @param {File} file pasted: ask what for */
  #offer(file) {
    this.#showTargets("use the pasted picture as", file);
    this.#targets.querySelector("button")?.focus();
  }

  /**
   * @param {string} title
   * @param {File | null} file
   */
  #showTargets(title, file) {
    const buttons = this.#wells.map((well) => {
      const button = make("button", { type: "button" }, well.title);
      button.dataset.term = well.title === "content" ? "content" : "style";
      takeDrops(button, (dropped) => well.send(dropped));
      button.addEventListener("click", () => {
        if (file) well.send(file);
        this.#hideTargets();
      });
      return button;
    });
    this.#targets.replaceChildren(make("p", {}, title), make("div", {}, ...buttons));
    this.#targets.hidden = false;
  }

  #hideTargets() {
    this.#depth = 0;
    this.#targets.hidden = true;
  }
}
