// @ts-check
/**
 * A place for a picture: shows it, takes another by drop or choice, sends it with progress,
 * tells in the server's own words why it was refused.
 */

import { make, say } from "./element.js";

/** @typedef {import("./types.js").Picture} Picture */

const TYPES = "image/jpeg,image/png,image/webp";

export class Well {
  #picture = make("img", { alt: "", draggable: "false" });
  #name = make("span", { class: "name" });
  #share = make("span", { class: "part" });
  #why = make("p", { class: "why", role: "alert" });
  root;
  title;
  url;
  /** Called when the server has taken what was sent. */
  ontaken = () => {};

  /**
   * @param {string} title such as "content"
   * @param {"content" | "style"} term
   * @param {string} url to show (with `.jpg`) and to send to
   * @param {{take: (file: File) => void, taken?: boolean}} use `take`: a file was chosen or
   *   dropped; `taken` false: nothing hangs there yet
   */
  constructor(title, term, url, { take, taken = true }) {
    this.title = title;
    this.url = url;
    const [, kind, number] = url.split("/");
    const id = number ? `${kind}-file-${number}` : `${kind}-file`;
    const input = make("input", { type: "file", id, accept: TYPES, class: "unseen", "aria-label": `${title} picture` });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) take(file);
      input.value = ""; // so that the same file can be chosen again
    });
    const hint = taken ? "drop, paste or choose a picture" : "one more style: drop, paste or choose it";
    const label = make("label", { class: "well", title: hint }, input, this.#picture, make("i", { class: "progress" }));
    const plaque = make("p", { class: "plaque" }, make("b", {}, taken ? title.replace("style ", "") : `+ ${title}`), this.#name, this.#share);
    label.append(plaque);
    this.root = make("div", { class: taken ? "source" : "source empty", "data-term": term }, label, this.#why);
    takeDrops(label, take);
  }

  /** @param {Picture} picture */
  show(picture) {
    const source = `${this.url}.jpg?v=${encodeURIComponent(String(picture.version))}-${encodeURIComponent(picture.name)}`;
    if (this.#picture.getAttribute("src") !== source) this.#picture.src = source;
    this.#picture.alt = `${this.title}: ${picture.name}`;
    say(this.#name, picture.name);
  }

  /** @param {number} part of the blend, 0..1 */
  share(part) {
    say(this.#share, `${Math.round(part * 100)} %`);
    this.#picture.style.opacity = String(0.35 + 0.6 * Math.sqrt(part));
  }

  /** @param {File | string} picture a file, or the id of a recent one */
  send(picture) {
    if (typeof picture === "string") return this.ask("PUT", { "X-Recent": picture });
    const { type, name } = picture;
    const headers = { "Content-Type": type || "application/octet-stream", "X-Filename": encodeURIComponent(name) };
    this.ask("PUT", headers, picture);
  }

  /**
   * @param {"PUT" | "DELETE"} method
   * @param {Record<string, string>} [headers]
   * @param {File | null} [body]
   */
  ask(method, headers = {}, body = null) {
    say(this.#why, "");
    this.#progress(0);
    // fetch cannot tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open(method, this.url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => this.#progress(loaded / total);
    request.onload = () => {
      this.#progress(null);
      if (request.status >= 300) say(this.#why, reason(request));
      else this.ontaken();
    };
    request.onerror = () => {
      this.#progress(null);
      say(this.#why, "not sent: the connection broke, or the file is too large");
    };
    request.send(body);
  }

  /** @param {number | null} part 0..1; null: done */
  #progress(part) {
    this.root.classList.toggle("busy", part !== null);
    this.root.style.setProperty("--progress", String(part ?? 0));
  }
}

/** @param {XMLHttpRequest} request */
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
export function takeDrops(element, take) {
  const over = (/** @type {boolean} */ on) => element.classList.toggle("over", on);
  element.addEventListener("dragover", () => over(true));
  element.addEventListener("dragleave", () => over(false));
  element.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    over(false);
    if (file) take(file);
  });
}
