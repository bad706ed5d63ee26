// @ts-check
/**
 * Wires the page: messages of the server go to the modules that show them, moves of the hand go
 * out. What a message means is in the modules.
 */

import { startControlsVisibility } from "./controls-visibility.js";
import { makeControlStore } from "./control-store.js";
import { byId, el } from "./dom.js";
import { makeFirstPicture } from "./first-picture.js";
import { formatSource } from "./format.js";
import { makeFrameStream } from "./frame-stream.js";
import { makeLatency } from "./latency.js";
import { makeNames } from "./layers.js";
import { makeMixer } from "./mixer.js";
import { showNotice } from "./notices.js";
import { drawPicture, placeContent } from "./picture-canvas.js";
import { FATAL_CODES, makeReconnectingSocket, retryDelayMs } from "./reconnecting-socket.js";
import { makeStatus } from "./status.js";
import { blink, startTransport } from "./transport.js";

/** Modules in `panels/` that the first picture does not wait for, each with `start(page)`. */
const PANELS = ["help", "roving", "viewer-link", "pictures", "picture-tools", "loss-table", "loss-chart", "strip-tooltip", "scenes", "takes", "lab", "wall", "live", "midi"];

/** Those of a viewer's page. */
const WATCHING_PANELS = ["help", "watching", "picture-tools", "loss-table", "loss-chart"];

/** Parts of a snapshot that also come as messages of their own. */
const PARTS = /** @type {const} */ (["state", "pictures", "scenes", "epoch"]);
/** After a gap in the revisions a snapshot is requested, no more often than that, ms. */
const SNAPSHOT_MS = 1000;
/** No picture for that long while the worker paints: the connection is dead, ms. */
const DEAD_MS = 15_000;

const { showControls } = startControlsVisibility();
const status = makeStatus();
const latency = makeLatency();
const firstPicture = makeFirstPicture(byId("content-picture", HTMLImageElement), placeContent);
const controlSocket = makeReconnectingSocket("ws", (data) => dispatch(JSON.parse(data)), (state) => {
  status.setSocket(state);
  if (state.kind !== "open") latency.reset();
});
const frameStream = makeFrameStream((picture, header, bytes) => {
  drawPicture(picture, header);
  firstPicture.setFrame(header);
  status.addFrame(bytes, latency.drawn(header.rev, performance.now()), firstPicture.ended());
}, () => {});

// The tables are the one thing that everything else needs.
const { controls, terms, layers } = await fetchTables();
const store = makeControlStore(controls);
const names = makeNames(controls, layers);
const layerTerms = /** @type {LayerTerm[]} */ (terms.filter(({ per_layer }) => per_layer));
startTransport(store, trigger);
/** @type {ReturnType<typeof makeMixer> | undefined} */
let mixer;
/** @type {SnapshotMessage | undefined} the newest, its parts as of now */
let snapshot;
let workerState = "";
let rev = -1;
// Starts anywhere: answers to another page's numbers must not look like answers to ours.
let seq = Math.floor(Math.random() * 2 ** 40);
let snapshotRequestedAt = -Infinity;
let flushing = false;

/**
 * What the modules that are always loaded do with a message.
 * @type {{[T in keyof ServerMessages]?: (message: ServerMessages[T], now: number) => void}}
 */
const handlers = {
  snapshot: onSnapshot,
  changed(message, now) {
    const own = message.source === snapshot?.client;
    const roundTripMs = message.seq == null ? null : latency.acknowledged(message.seq, message.rev, now);
    if (roundTripMs !== null) status.addRoundTrip(roundTripMs);
    status.setLastSource(formatSource(message.source, snapshot?.client ?? ""));
    store.applyChange(message, own, now);
    // A watcher sees in words what has changed, and nothing else comes and goes.
    if (!store.locked) showControls();
    if ((message.since ?? message.rev - 1) > rev && now - snapshotRequestedAt > SNAPSHOT_MS) {
      snapshotRequestedAt = now;
      controlSocket.send({ type: "snapshot?" });
    }
    rev = message.rev;
  },
  epoch(message) {
    status.setRate(message);
    mixer?.update(message);
  },
  state(message) {
    // A move during a pause reaches a picture only after it, which measures nothing.
    if (message.state !== workerState) latency.reset();
    workerState = message.state;
    status.setWorker(message);
  },
  pictures({ content, styles }) {
    firstPicture.setVersion(content.version);
    mixer?.setStyleCount(styles.length);
  },
  triggered: ({ name }) => blink(name),
  error({ seq, message, code }) {
    if (seq != null) store.reject(seq);
    showNotice(message, code);
  },
};
/** @type {Map<string, Set<(message: any) => void>>} of the panels, by type of message */
const listeners = new Map();

store.onqueued = scheduleFlush;
controlSocket.connect();
frameStream.connect();
setInterval(() => {
  if (status.silentMs() > DEAD_MS) for (const socket of [controlSocket, frameStream]) socket.reconnect();
}, 1000);

/** @returns {Promise<Tables>} */
async function fetchTables() {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch("api/controls").catch(() => null);
    if (response?.ok) return response.json();
    const why = FATAL_CODES.get(4000 + (response?.status ?? 0));
    const delayMs = why ? Infinity : retryDelayMs(attempt, Math.random());
    status.setSocket(why ? { kind: "stopped", why } : { kind: "waiting", until: performance.now() + delayMs });
    await new Promise((resolve) => why || setTimeout(resolve, delayMs));
  }
}

/** @param {{type: keyof ServerMessages}} message */
function dispatch(message) {
  // A panel that loads later begins with the newest of each part.
  if (snapshot && message.type in snapshot) Object.assign(snapshot, { [message.type]: message });
  for (const listener of listeners.get(message.type) ?? []) listener(message);
  /** @type {((message: any, now: number) => void) | undefined} */
  const handler = handlers[message.type];
  handler?.(message, performance.now());
}

/** The whole state: at the start, after a gap. @param {SnapshotMessage} message @param {number} now */
function onSnapshot(message, now) {
  const previous = snapshot;
  const { version, role } = message;
  // Another session, or a server with another version of this page, answers at the same address.
  if (previous && (`${previous.layers}` !== `${message.layers}` || previous.version !== version)) location.reload();
  snapshot = message;
  rev = message.rev;
  mixer ??= makeMixer(store, layers, layerTerms, names);
  store.applySnapshot(message.controls, now);
  store.locked = role === "viewer";
  for (const part of document.querySelectorAll("fieldset")) part.disabled = store.locked;
  status.setClients(message);
  for (const type of PARTS) if (message[type]) dispatch({ ...message[type], type });
  if (!previous) loadPanels();
  scheduleFlush();
}

function loadPanels() {
  /** @type {Page} */
  const page = {
    store, layers, terms, layerTerms, names, trigger, showNotice, viewer: store.locked,
    send(message) {
      if (message.type !== "midi") return controlSocket.send(message);
      // A move of hardware: its latency counts, too.
      latency.sent(++seq, performance.now());
      return controlSocket.send({ ...message, seq });
    },
    on(type, listener) {
      listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
      /** @type {any} */
      const newest = { ...snapshot, snapshot }[/** @type {"snapshot"} */ (type)];
      if (newest) listener(newest);
    },
  };
  document.head.append(el("link", { rel: "stylesheet", href: "web/panels/late.css" }));
  for (const name of page.viewer ? WATCHING_PANELS : PANELS) {
    import(`./panels/${name}.js`).then((panel) => panel.start(page))
      .catch((error) => showNotice(`a part of the page could not be loaded: ${error.message}`));
  }
}

/** One message a frame of the screen; a hidden page has no frames but a clock. */
function scheduleFlush() {
  if (flushing) return;
  flushing = true;
  if (document.hidden) setTimeout(flush, 16);
  else requestAnimationFrame(flush);
}

function flush() {
  flushing = false;
  // While not connected, moves gather, the newest value of each; after the next snapshot they are sent.
  if (!controlSocket.isOpen() || !snapshot) return;
  const queued = store.takeQueued(++seq, performance.now());
  if (!queued) return;
  const { since, ...set } = queued;
  latency.sent(seq, since);
  controlSocket.send({ type: "set", ...set, seq });
}

/** Sent now or not at all: a trigger that comes seconds late would surprise. @param {string} name */
function trigger(name) {
  if (store.locked) showNotice(`this link may watch but not play: no ${name}`, "view_only");
  else if (!controlSocket.send({ type: "trigger", name, seq: ++seq })) showNotice(`not connected: no ${name}`);
}
