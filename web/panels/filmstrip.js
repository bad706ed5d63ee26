// @ts-check
/** Pictures to choose from: a tap uses one; dragged onto the painting it is one more style. */

import { button, byId, el, setPressed, setText } from "../dom.js";

/** A press that moves that far is a drag, px. */
const DRAG_PX = 8;

/**
 * @typedef {object} StripPicture
 * @property {string} name
 * @property {string} src of its thumbnail
 * @property {Record<string, string>} headers that choose it
 * @property {string} group of those that stand together
 */

/**
 * @param {object} actions
 * @param {(picture: StripPicture) => void} actions.use
 * @param {(picture: StripPicture) => void} actions.blend
 * @param {() => string} actions.describeBlend what dropping a picture onto the painting does
 */
export function makeFilmstrip({ use, blend, describeBlend }) {
  const root = el("div", { class: "filmstrip", role: "group", onkeydown: moveFocus });
  const stage = byId("stage");
  const hint = el("p", { id: "drop-hint", hidden: true });
  stage.append(hint);
  /** @type {{picture: StripPicture, x: number, y: number, pointer: number, ghost?: HTMLElement} | null} */
  let drag = null;
  let dragged = false; // the click that follows is none
  /** @type {Map<string, HTMLElement>} by source */
  const made = new Map();
  let shown = "";

  /** @param {StripPicture} picture */
  function makeThumbnail(picture) {
    const thumbnail = button(
      el("img", {
        src: picture.src, alt: picture.name, loading: "lazy", draggable: "false",
        onerror: () => thumbnail.replaceChildren(picture.name), // a press shows why
      }),
      ({ detail }) => (detail && dragged) || use(picture), { title: picture.name, class: "thumbnail", tabindex: -1 },
    );
    thumbnail.addEventListener("pointerdown", ({ button, clientX: x, clientY: y, pointerId: pointer }) => {
      dragged = false;
      if (button === 0) drag = { picture, x, y, pointer };
    });
    return thumbnail;
  }

  /** @param {PointerEvent} event */
  const isOverStage = ({ clientX, clientY }) => stage.contains(document.elementFromPoint(clientX, clientY));

  document.addEventListener("pointermove", (event) => {
    const { clientX, clientY } = event;
    if (!drag || event.pointerId !== drag.pointer) return;
    if (!drag.ghost) {
      if (Math.hypot(clientX - drag.x, clientY - drag.y) < DRAG_PX) return;
      dragged = true;
      drag.ghost = el("img", { class: "ghost", src: drag.picture.src, alt: "" });
      document.body.append(drag.ghost);
      setText(hint, describeBlend());
      hint.hidden = false;
    }
    drag.ghost.style.translate = `${clientX}px ${clientY}px`;
    hint.classList.toggle("over", isOverStage(event));
  });
  document.addEventListener("pointerup", (event) => {
    if (drag?.ghost && event.pointerId === drag.pointer && isOverStage(event)) blend(drag.picture);
    endDrag();
  });
  document.addEventListener("pointercancel", endDrag);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && endDrag());

  function endDrag() {
    drag?.ghost?.remove();
    drag = null;
    hint.hidden = true;
  }

  const thumbnails = () => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".thumbnail")]);

  /** One tab stop; arrow keys lead to the others. @param {KeyboardEvent} event */
  function moveFocus(event) {
    const all = thumbnails();
    const at = all.findIndex((thumbnail) => thumbnail === document.activeElement);
    const columns = Math.max(1, all.findIndex(({ offsetTop }) => offsetTop > (all[0]?.offsetTop ?? 0)));
    /** @type {Record<string, number>} */
    const targets = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: all.length - 1 };
    const target = all[targets[event.key] ?? -1];
    if (!target) return;
    event.preventDefault();
    for (const thumbnail of all) thumbnail.tabIndex = thumbnail === target ? 0 : -1;
    target.focus();
  }

  return {
    root,
    /** @param {string} label @param {readonly StripPicture[]} pictures those of a group together @param {string} used name of the one in use */
    show(label, pictures, used) {
      root.setAttribute("aria-label", label);
      const key = pictures.map(({ group, src }) => group + src).join();
      const focused = thumbnails().find((thumbnail) => thumbnail === document.activeElement);
      if (key !== shown) {
        shown = key;
        root.replaceChildren(...pictures.flatMap((picture, index) => {
          const thumbnail = made.get(picture.src) ?? makeThumbnail(picture);
          made.set(picture.src, thumbnail);
          return index && pictures[index - 1]?.group !== picture.group ? [el("hr"), thumbnail] : [thumbnail];
        }));
      }
      const all = thumbnails();
      for (const thumbnail of all) {
        setPressed(thumbnail, thumbnail.title === used);
        thumbnail.tabIndex = -1;
      }
      const stop = all.find((thumbnail) => thumbnail === focused) ?? all.find(({ title }) => title === used) ?? all[0];
      if (stop) stop.tabIndex = 0;
      if (focused) stop?.focus({ preventScroll: true });
    },
  };
}
