// @ts-check
/**
 * The content picture in the painting's place: it stands there, sharp, until the first step is
 * painted, and then melts into it.
 */

import { setProps } from "./dom.js";

/** Where the painting was there at once, nothing melts: who joins late wants to see it. */
const MIN_SHOWN_MS = 1000;
/** The style sheets' transition, and a margin. */
const MELT_MS = 1500;

/**
 * @param {HTMLImageElement} image loads the content picture
 * @param {(image: HTMLImageElement) => void} onload
 */
export function makeFirstPicture(image, onload) {
  let version = -1;
  let shownAt = Infinity;
  let ended = false;
  const show = () => {
    if (ended) return;
    shownAt = Math.min(shownAt, performance.now());
    image.hidden = false;
    onload(image);
  };
  setProps(image, { onload: show });
  if (image.complete && image.naturalWidth) show();
  return {
    /** Whether the painting is seen. */
    ended: () => ended,

    /** The content picture has been replaced meanwhile, where it is another version. @param {number} newest */
    setVersion(newest) {
      if (version >= 0 && newest !== version) image.src = `api/content.jpg?v=${newest}`;
      version = newest;
    },

    /** A picture has come: from the first step on it is the painting. @param {FrameHeader} header */
    setFrame({ step, epoch }) {
      // The very first picture of a painting is its start, small and not yet painted on.
      if (ended || (step === 0 && epoch === 0)) return;
      ended = true;
      if (performance.now() - shownAt < MIN_SHOWN_MS || image.hidden) image.remove();
      else image.classList.add("melting");
      setTimeout(() => image.remove(), MELT_MS);
    },
  };
}
