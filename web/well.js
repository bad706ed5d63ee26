// @ts-check
/**
 * A place for a picture: shows it, takes another by drop or choice, sends it with progress,
 * tells in the server's own words why it was refused.
 */

import { make, say } from "./element.js";

const TYPES = "image/jpeg,image/png,image/webp";

export class Well {
  #picture = make("img", { alt: "", draggable: "false" });
  #name = make("span", { class: "name" });
  #share = make("span", { class: "part" });
  #why = make("p", { class: "why", role: "alert" });
  /** Called when the server has taken what was sent. */
  ontaken = () => {};

  /**
   * @param {string} title such as "content"
   * @param {TermName} term
   * @param {string} path of the server, to send to and, with `.jpg`, to show
   * @param {boolean} taken false: nothing hangs there yet
   * @param {(file: File) => void} take a file was chosen or dropped
   */
  constructor(title, term, path, taken, take) {
    this.title = title;
    this.term = term;
    this.path = path;
    const input = make("input", {
      type: "file", accept: TYPES, class: "unseen", "aria-label": `${title} picture`,
      id: path.replace(/api\/(\w+)\/?/, "$1-file-").replace(/-$/, ""),
      onchange() {
        const [file] = input.files ?? [];
        if (file) take(file);
        input.value = ""; // so that the same file can be chosen again
      },
    });
    const label = make(
      "label", { class: "well", title: taken ? "drop, paste or choose a picture" : "one more style: drop, paste or choose it" },
      input, this.#picture, make("i", { class: "progress" }),
      make("p", { class: "plaque" }, make("b", {}, taken ? title.replace("style ", "") : `+ ${title}`), this.#name, this.#share),
    );
    this.root = make("div", { class: taken ? "source" : "source empty", "data-term": term }, label, this.#why);
    for (const type of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
      label.addEventListener(type, ({ dataTransfer }) => {
        label.classList.toggle("over", type === "dragover");
        const file = dataTransfer?.files[0];
        if (type === "drop" && file) take(file);
      });
    }
  }

  /** @param {Picture} picture */
  show({ name, version }) {
    const source = `${this.path}.jpg?v=${encodeURIComponent(`${version}-${name}`)}`;
    if (this.#picture.getAttribute("src") !== source) this.#picture.src = source;
    this.#picture.alt = `${this.title}: ${name}`;
    say(this.#name, name);
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
    this.ask("PUT", { "Content-Type": type || "application/octet-stream", "X-Filename": encodeURIComponent(name) }, picture);
  }

  /** @param {"PUT" | "DELETE"} method @param {Record<string, string>} [headers] @param {File} [body] */
  ask(method, headers = {}, body) {
    // fetch cannot tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open(method, this.path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const end = (/** @type {string} */ why) => {
      this.#progress(null);
      say(this.#why, why);
    };
    request.upload.onprogress = ({ loaded, total }) => this.#progress(loaded / total);
    request.onload = () => {
      end(request.status < 300 ? "" : reason(request));
      if (request.status < 300) this.ontaken();
    };
    request.onerror = () => end("not sent: the connection broke, or the file is too large");
    end("");
    this.#progress(0);
    request.send(body);
  }

  /** @param {number | null} part 0..1; null: done */
  #progress(part) {
    this.root.classList.toggle("busy", part !== null);
    this.root.style.setProperty("--progress", String(part ?? 0));
  }
}

/** @param {XMLHttpRequest} request */
function reason({ status, statusText, responseText }) {
  try {
    return String(JSON.parse(responseText).message);
  } catch {
    return `refused: ${status} ${statusText}`; // not JSON: something in between answered
  }
}
