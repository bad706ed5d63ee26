// @ts-check
/**
 * A place for a picture: shows it, takes another by drop or choice, sends it with progress,
 * tells in the server's own words why it was refused.
 */

import { make, makeFileInput, say, set } from "../dom.js";

const TYPES = "image/jpeg,image/png,image/webp";

/** @typedef {ReturnType<typeof makeWell>} Well */

/**
 * @param {string} title such as "content"
 * @param {TermName} term
 * @param {string} path of the server, to send to and, with `.jpg`, to show
 * @param {boolean} taken false: nothing hangs there yet
 * @param {(file: File, send: (file: File) => void) => void} take a file was chosen or dropped
 * @param {() => void} [ontaken] the server has taken what was sent
 */
export function makeWell(title, term, path, taken, take, ontaken) {
  const image = make("img", { alt: "", draggable: "false" });
  const called = make("span", { class: "name" });
  const percent = make("span", { class: "part" });
  const why = make("p", { class: "why", role: "alert" });
  const input = makeFileInput({
    accept: TYPES, class: "unseen", "aria-label": `${title} picture`,
    id: path.replace(/api\/(\w+)\/?/, "$1-file-").replace(/-$/, ""),
  }, (file) => take(file, send));
  /** @param {DragEvent} event */
  const drag = ({ type, dataTransfer }) => {
    label.classList.toggle("over", type === "dragover");
    const file = dataTransfer?.files[0];
    if (type === "drop" && file) take(file, send);
  };
  const label = make(
    "label", {
      class: "well", title: taken ? "drop, paste or choose a picture" : "one more style: drop, paste or choose it",
      ondragover: drag, ondragleave: drag, ondrop: drag,
    },
    input, image, make("i", { class: "progress" }),
    make("p", { class: "plaque" }, make("b", {}, taken ? title.replace("style ", "") : `+ ${title}`), called, percent),
  );
  const root = make("div", { class: taken ? "source" : "source empty", "data-term": term }, label, why);

  /** @param {File | string} picture a file, or the id of a recent one */
  function send(picture) {
    if (typeof picture === "string") return ask("PUT", { "X-Recent": picture });
    const { type, name } = picture;
    ask("PUT", { "Content-Type": type || "application/octet-stream", "X-Filename": encodeURIComponent(name) }, picture);
  }

  /** @param {"PUT" | "DELETE"} method @param {Record<string, string>} [headers] @param {File} [body] */
  function ask(method, headers = {}, body) {
    // fetch cannot tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const end = (/** @type {string} */ words) => {
      progress(null);
      say(why, words);
    };
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onload = () => {
      end(request.status < 300 ? "" : reason(request));
      if (request.status < 300) ontaken?.();
    };
    request.onerror = () => end("not sent: the connection broke, or the file is too large");
    end("");
    progress(0);
    request.send(body);
  }

  /** @param {number | null} part 0..1; null: done */
  function progress(part) {
    root.classList.toggle("busy", part !== null);
    set(root, { "--progress": part ?? 0 });
  }

  return {
    title, term, root, send,
    remove: () => ask("DELETE"),
    /** @param {Picture} picture */
    show({ name, version }) {
      const source = `${path}.jpg?v=` + encodeURIComponent(`${version}-${name}`);
      if (image.getAttribute("src") !== source) image.src = source;
      image.alt = `${title}: ${name}`;
      say(called, name);
    },
    /** @param {number} part of the blend, 0..1 */
    share(part) {
      say(percent, `${Math.round(part * 100)} %`);
      image.style.opacity = String(0.35 + 0.6 * Math.sqrt(part));
    },
  };
}

/** @param {XMLHttpRequest} request */
function reason({ status, statusText, responseText }) {
  try {
    return String(JSON.parse(responseText).message);
  } catch {
    return `refused: ${status} ${statusText}`; // not JSON: something in between answered
  }
}
