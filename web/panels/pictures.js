// @ts-check
/**
 * The pictures that are painted from: content and up to four styles, each with its share of the
 * blend and its scale; those to choose from; and saved paintings, whose state can be restored.
 */

import { button, byId, el, setPressed, setProps } from "../dom.js";
import { makeSlider } from "../fader.js";
import { request } from "../http.js";
import { titleOf } from "../layers.js";
import { blendControls, blendIn, blendPositions, blendTarget, MAX_STYLES, styleShares } from "./blend-math.js";
import { makeBlendPad } from "./blend-pad.js";
import { makeDropZone, thumbnailUrl } from "./drop-zone.js";
import { makeFilmstrip } from "./filmstrip.js";
import { hasState, restoreState } from "./png-state.js";

/** @param {Page} page */
export async function start({ store, names, showNotice, on }) {
  await loadStyles();
  /** Of the content, of each style, and of one more style. @type {import("./drop-zone.js").DropZone[]} */
  let zones = [];
  /** Which of them a tap on the filmstrip is for. */
  let place = 1;
  let styleCount = -1;
  /** @type {PicturesMessage | undefined} */
  let current;
  /** @type {import("./filmstrip.js").StripPicture[][]} to choose from as content, as style */
  let choices = [[], []];
  const list = byId("drop-zones");
  const dialog = byId("use-dialog", HTMLDialogElement);
  const pad = makeBlendPad(store);
  const places = el("div", {
    class: "places", role: "group", "aria-label": "what a picture below is for",
    onkeydown({ key }) {
      const next = place + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0);
      if (next === place || !zones[next]) return;
      select(next);
      /** @type {HTMLElement} */ (places.children[next]).focus();
    },
  });
  const sliders = [...store.rowsIn("blend"), ...store.rowsIn("styles")].map((row) => ({
    row, root: makeSlider(row, store, names.nameOf(row.name), titleOf(row)),
  }));
  const mix = el("div", { class: "mix" }, ...sliders.map(({ root }) => root));
  const filmstrip = makeFilmstrip({
    use: ({ headers }) => zones[place]?.send(headers),
    async blend({ headers }) {
      const number = blendPlace();
      if (await zones[number]?.send(headers)) bringIn(number);
    },
    describeBlend: () => `blend as style ${"ABCD"[blendPlace() - 1]}`,
  });
  const learn = el("a", { title: "teach a network this style: it paints any picture at once" }, "learn this look");
  byId("bar-keys").prepend(el("a", { class: "key", id: "gallery-key", href: "gallery", title: "looks that paint any picture at once" }, "gallery"));
  list.after(pad.root, places, mix, el("p", { class: "looks" }, learn, el("a", { href: "gallery" }, "gallery")), filmstrip.root);
  for (const name of blendControls(MAX_STYLES)) store.watch(name, showShares);
  on("pictures", update);
  acceptAnywhere();
  window.addEventListener("focus", loadChoices); // the folder may have got more

  /** @param {PicturesMessage} pictures */
  function update(pictures) {
    current = pictures;
    if (styleCount !== pictures.styles.length) build(pictures.styles.length);
    pad.setStyles(pictures.styles.map((picture, index) => thumbnailUrl(`api/style/${index + 1}`, picture)));
    for (const [index, picture] of [pictures.content, ...pictures.styles].entries()) zones[index]?.show(picture);
    showShares();
    loadChoices();
  }

  /** @param {number} count of styles */
  function build(count) {
    if (styleCount > 0 && count > styleCount) place = count;
    styleCount = count;
    zones = [makeDropZone("content", "content", "api/content", true, onFile)];
    for (let n = 1; n <= Math.min(MAX_STYLES, count + 1); n++) {
      const title = count > 1 || n > count ? `style ${"ABCD"[n - 1]}` : "style";
      const zone = makeDropZone(title, "style", `api/style/${n}`, n <= count, onFile, () => n <= count || bringIn(n));
      zones.push(zone);
      const label = `remove ${title}`;
      if (n > 1 && n <= count) zone.root.append(button("×", zone.remove, { class: "remove", "aria-label": label, title: label }));
    }
    list.dataset.styles = String(count);
    list.replaceChildren(...zones.map(({ root }) => root));
    places.replaceChildren(...zones.map(({ title, kind }, index) => {
      const text = index > count ? "+" : title.replace("style ", "");
      return button(text, () => select(index), { "data-term": kind, title: `the pictures below are for ${title}`, "aria-label": title });
    }));
    select(Math.min(place, count));
  }

  /** @param {number} index of a zone */
  function select(index) {
    place = index;
    for (const [at, tab] of /** @type {HTMLElement[]} */ ([...places.children]).entries()) {
      setPressed(tab, at === index);
      tab.tabIndex = at === index ? 0 : -1;
    }
    for (const { row, root } of sliders) root.hidden = row.style !== index || index > styleCount || (styleCount === 1 && row.panel === "blend");
    learn.hidden = !index || index > styleCount;
    learn.href = `gallery?style=${index}#learn`;
    mix.hidden = sliders.every(({ root }) => root.hidden);
    showChoices();
  }

  function showChoices() {
    const zone = zones[place];
    if (!zone || !current) return;
    setProps(filmstrip.root, { "data-term": zone.kind });
    const used = (place ? current.styles[place - 1] : current.content)?.name;
    filmstrip.show(`pictures for ${zone.title}`, choices[place ? 1 : 0] ?? [], used ?? "");
  }

  /** Where a picture goes that is dragged onto the painting. */
  const blendPlace = () => blendTarget(styleShares(store.position, styleCount));

  /** A style counts at once. @param {number} number */
  function bringIn(number) {
    const shares = blendIn(styleShares(store.position, Math.max(number, styleCount)), number - 1);
    const moves = Object.entries(blendPositions(shares));
    for (const [name] of moves) store.hold(name);
    for (const [name, position] of moves) store.move(name, position);
    for (const [name] of moves) store.release(name);
  }

  /** A file for a drop zone is sent there, unless it is more than a picture. @param {File} file @param {(file: File) => void} send */
  async function onFile(file, send) {
    if (await hasState(file)) choose("this is a saved painting", file);
    else send(file);
  }

  function showShares() {
    if (styleCount < 2) return;
    for (const [index, share] of styleShares(store.position, styleCount).entries()) zones[index + 1]?.setShare(share);
  }

  /** Take pictures that are pasted, or dropped outside of the drop zones. */
  function acceptAnywhere() {
    // Without these two the browser would leave the page for the picture.
    document.ondragover = (event) => event.preventDefault();
    document.ondrop = async (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (!file || (event.target instanceof Element && event.target.closest(".drop-zone"))) return;
      if (await hasState(file)) restoreState(file, showNotice);
      else choose("use the picture as", file);
    };
    document.onpaste = ({ clipboardData }) => {
      const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (file) choose("use the pasted picture as", file);
    };
  }

  /** Let the user choose what to do with a picture. @param {string} title @param {File} picture */
  async function choose(title, picture) {
    const option = (/** @type {string} */ text, /** @type {PictureKind | undefined} */ kind, /** @type {() => void} */ action) => button(text, () => {
      dialog.close();
      action();
    }, { class: "key", "data-term": kind });
    const png = (await hasState(picture)) && picture;
    dialog.replaceChildren(
      el("p", {}, title), png ? option("bring its state back", undefined, () => restoreState(png, showNotice)) : "",
      ...zones.map((zone) => option(zone.title, zone.kind, () => zone.send(picture))), button("cancel", () => dialog.close()),
    );
    dialog.showModal();
  }

  /** The samples of a kind, what was used last and is none of the server's, the folder's. */
  async function loadChoices() {
    /** @type {[LibraryMessage, RecentPicturesMessage] | null} */
    const answers = await Promise.all(["api/library", "api/recent"].map(async (path) => (await request(path)).json())).then(([a, b]) => [a, b], () => null);
    if (!answers) return; // not connected: they stay
    const [{ pictures }, { recent }] = answers;
    const known = new Set(pictures.map(({ name }) => name));
    const used = recent.filter(({ name }) => !known.has(name)).map(({ id, name }) => ({
      name, src: `api/recent/${id}.jpg`, headers: { "X-Recent": id }, group: "recent",
    }));
    choices = ["content", "style"].map((kind) => {
      const [samples = [], folder = []] = ["sample", "folder"].map((group) => pictures
        .filter((picture) => picture.origin === group && (picture.kind ?? kind) === kind)
        .map(({ id, name, version }) => ({ name, src: `api/library/${id}.jpg?v=${version}`, headers: { "X-Library": id }, group })));
      return [...samples, ...used, ...folder];
    });
    showChoices();
  }
}

/** Its styles come with it, after the first picture. @returns {Promise<unknown>} */
function loadStyles() {
  const link = el("link", { rel: "stylesheet", href: "web/panels/pictures.css" });
  document.head.append(link);
  return new Promise((resolve) => (link.onload = link.onerror = resolve));
}
