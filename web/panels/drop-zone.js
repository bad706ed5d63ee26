// @ts-check
/**
 * A place for a picture: shows it, takes another one by drop or choice, uploads it with a
 * progress bar, and shows why the server refused it.
 */

import { el, fileInput, setProps, setText } from "../dom.js";
import { upload } from "../http.js";

const TYPES = "image/jpeg,image/png,image/webp";

/** @typedef {ReturnType<typeof makeDropZone>} DropZone */

/** @param {string} path of a place for a picture @param {Picture} picture */
export const thumbnailUrl = (path, { version, name }) => `${path}.jpg?v=${encodeURIComponent(`${version}-${name}`)}`;

/**
 * @param {string} title such as "content"
 * @param {PictureKind} kind
 * @param {string} path of the server, to upload to and, with `.jpg`, to show
 * @param {boolean} filled false: there is no picture yet
 * @param {(file: File, send: (file: File) => void) => void} onfile a file was chosen or dropped
 * @param {() => void} [onuploaded] the server has accepted it
 */
export function makeDropZone(title, kind, path, filled, onfile, onuploaded) {
  const image = el("img", { alt: "", draggable: "false" });
  const name = el("span", { class: "name" });
  const share = el("span", { class: "part" });
  const error = el("p", { class: "why", role: "alert" });
  const input = fileInput({
    accept: TYPES, class: "unseen", "aria-label": `${title} picture`,
    id: path.replace(/api\/(\w+)\/?/, "$1-file-").replace(/-$/, ""),
  }, (file) => onfile(file, send));
  /** @param {DragEvent} event */
  const ondrag = ({ type, dataTransfer }) => {
    label.classList.toggle("over", type === "dragover");
    const file = dataTransfer?.files[0];
    if (type === "drop" && file) onfile(file, send);
  };
  const label = el(
    "label", {
      class: "drop-zone", title: filled ? "drop, paste or choose a picture" : "one more style: drop, paste or choose it",
      ondragover: ondrag, ondragleave: ondrag, ondrop: ondrag,
    },
    input, image, el("i", { class: "progress" }),
    el("p", { class: "caption" }, el("b", {}, filled ? title.replace("style ", "") : `+ ${title}`), name, share),
  );
  const root = el("div", { class: filled ? "source" : "source empty", "data-term": kind }, label, error);

  /** @param {File | Record<string, string>} picture a file, or the header that names one of the server's; true: it was accepted */
  function send(picture) {
    if (!(picture instanceof File)) return transfer("PUT", { headers: picture });
    return transfer("PUT", { headers: { "Content-Type": picture.type || "application/octet-stream", "X-Filename": encodeURIComponent(picture.name) }, body: picture });
  }

  /** @param {"PUT" | "DELETE"} method @param {Parameters<typeof upload>[2]} [options] */
  async function transfer(method, options) {
    setText(error, "");
    showProgress(0);
    const refusal = await upload(method, path, { ...options, onprogress: showProgress })
      .then(() => "", ({ message }) => String(message));
    showProgress(null);
    setText(error, refusal);
    if (!refusal) onuploaded?.();
    return !refusal;
  }

  /** @param {number | null} part 0..1; null: done */
  function showProgress(part) {
    root.classList.toggle("busy", part !== null);
    setProps(root, { "--progress": part ?? 0 });
  }

  return {
    title, kind, root, send,
    remove: () => transfer("DELETE"),
    /** @param {Picture} picture */
    show(picture) {
      const source = thumbnailUrl(path, picture);
      if (image.getAttribute("src") !== source) image.src = source;
      image.alt = `${title}: ${picture.name}`;
      setText(name, picture.name);
    },
    /** @param {number} part of the blend, 0..1 */
    setShare(part) {
      setText(share, `${Math.round(part * 100)} %`);
      image.style.opacity = String(0.35 + 0.6 * Math.sqrt(part));
    },
  };
}
