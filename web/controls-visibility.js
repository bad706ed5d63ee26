// @ts-check
/** What is visible over the painting: the engine room, and the controls while somebody plays. */

import { byId, setPressed, setProps } from "./dom.js";
import { onShortcut } from "./shortcuts.js";

/** Controls fade after that long without a hand, ms. */
const IDLE_MS = 5000;
/** While one of these is there somebody reads, types or learns. */
const BUSY = ":popover-open, dialog[open], .learn-mode, :is(input:not([type=range]), select):focus";

export function startControlsVisibility() {
  const { body } = document;
  const [engine, engineKey] = [byId("engine"), byId("engine-key")];
  let idleTimer = 0;

  /** @param {boolean} open */
  function openEngine(open) {
    engine.hidden = !open;
    setProps(engineKey, { "aria-expanded": String(open) });
    setPressed(engineKey, open);
    localStorage.setItem("engine", open ? "open" : "");
  }
  const toggleEngine = () => openEngine(engine.hidden);
  engineKey.onclick = toggleEngine;
  openEngine(localStorage.getItem("engine") === "open");
  onShortcut(({ key, ctrlKey, metaKey, altKey, repeat }) => {
    if (key !== "e" || ctrlKey || metaKey || altKey || repeat) return false;
    toggleEngine();
    return true;
  });

  // A picture that fits leaves the desk its room.
  const mixer = byId("mixer");
  new ResizeObserver(() => setProps(body, { "--desk": `${mixer.offsetHeight}px`, "--desk-width": `${mixer.offsetWidth}px` })).observe(mixer);

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  function hideControls() {
    const stays = still.matches || body.dataset.state !== "running" || document.querySelector(BUSY);
    if (stays) showControls();
    else body.classList.add("idle");
  }
  /** A hand has moved: here, on hardware or elsewhere. */
  function showControls() {
    body.classList.remove("idle");
    clearTimeout(idleTimer);
    idleTimer = setTimeout(hideControls, IDLE_MS);
  }
  for (const type of ["pointermove", "pointerdown", "wheel", "keydown", "focusin", "dragover"]) {
    document.addEventListener(type, showControls, { passive: true });
  }
  showControls();
  return { showControls };
}
