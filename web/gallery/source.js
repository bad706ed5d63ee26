// @ts-check
/**
 * The picture that the looks paint: a file, one of the samples, or the desk's content.
 */

import { button, byId, el, fileInput, setPressed } from "../dom.js";
import { request } from "../http.js";

/** What is sent to be painted, longer edge, px: as large as a close-up is. */
const SENT_PX = 1024;

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {string} preview address of a picture
 * @property {RequestInit} paint what a look is asked to paint with
 * @property {RequestInit | null} use what makes it the desk's content; null: it is
 */

/** The desk's content. @type {Source} */
export const CONTENT = { name: "the desk's picture", preview: "api/content.jpg", paint: {}, use: null };

/** A file, sent no larger than is needed; as it is where the browser cannot read it. @param {File} file @returns {Promise<Source>} */
export async function sourceOf(file) {
  const type = file.type || "application/octet-stream";
  const body = (await shrink(file)) ?? file;
  return {
    name: file.name,
    preview: URL.createObjectURL(body),
    paint: { body, headers: { "Content-Type": body.type || type } },
    use: { body: file, headers: { "Content-Type": type, "X-Filename": encodeURIComponent(file.name) } },
  };
}

/** @param {File} file */
async function shrink(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, SENT_PX / Math.max(picture.width, picture.height));
  const canvas = el("canvas", { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // behind what is transparent, as the server has it
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}

/** Let the user choose, drop or paste. @param {string} content name of the desk's picture @param {(source: Source) => void} onchange */
export async function startSource(content, onchange) {
  const [zone, preview, samples] = [byId("drop-zone"), byId("preview", HTMLImageElement), byId("samples")];
  /** @param {Source} source @param {Element} [chosen] */
  const choose = (source, chosen) => {
    preview.src = source.preview;
    preview.alt = `the picture that is chosen: ${source.name}`;
    for (const other of samples.children) setPressed(other, other === chosen);
    onchange(source);
  };
  const take = async (/** @type {File | undefined} */ file) => file && choose(await sourceOf(file));
  zone.prepend(fileInput({ accept: "image/*", class: "unseen", id: "file", "aria-label": "choose a picture" }, take));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || zone.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer?.files[0]);
  });
  document.addEventListener("paste", ({ clipboardData }) => {
    take([...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/")));
  });
  /** @type {LibraryMessage} */
  const { pictures } = await (await request("api/library")).json();
  const own = button(el("img", { src: CONTENT.preview, alt: CONTENT.name, title: CONTENT.name }), () => choose(CONTENT, own));
  samples.append(own, ...pictures.filter(({ kind, name }) => kind !== "style" && name !== content).slice(0, 23).map(({ id, name, version }) => {
    const src = `api/library/${id}.jpg?v=${version}`;
    const headers = { "X-Library": id };
    const sample = button(el("img", { src, alt: name, title: name, loading: "lazy" }), () => {
      choose({ name, preview: src, paint: { headers }, use: { headers } }, sample);
    });
    return sample;
  }));
}
