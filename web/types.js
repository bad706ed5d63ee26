// @ts-check
/**
 * The shapes of what the server says, once, for every module that reads it.
 * Types only: nothing runs here.
 */

/**
 * One row of the table of controls (`GET /api/controls`).
 * @typedef {object} Row
 * @property {string} name stable public name, such as `style.block1_conv1`
 * @property {"fader" | "switch" | "choice" | "trigger"} kind
 * @property {number | boolean | string} default position of a fader (0..1), state of a switch, name
 * @property {"linear" | "log" | "log_off"} curve
 * @property {number} low value at position 0
 * @property {number} high value at position 1
 * @property {string} unit
 * @property {string} help
 * @property {"content" | "style" | null} term
 * @property {string | null} layer
 * @property {string[]} choices names of a choice
 * @property {boolean} engine false: the server's own, such as undo
 */

/**
 * One loss: content or style of one layer.
 * @typedef {object} Term
 * @property {number} raw unweighted
 * @property {number} weight as heard: fader × master, 0 when muted or not soloed
 * @property {number} weighted what the optimiser feels
 * @property {number} share of the sum of all weighted terms, 0..1
 */

/**
 * @typedef {object} Epoch
 * @property {"epoch"} type
 * @property {number} epoch
 * @property {number} step
 * @property {number} rev revision of the controls that it was painted with
 * @property {number} steps_per_s
 * @property {{layer: string, content: Term, style: Term}[]} losses
 * @property {number} smooth
 * @property {number} total
 */

/**
 * What the worker and the server say about themselves.
 * @typedef {object} State
 * @property {string} state "starting", "compiling", "running", "paused", "rolling back" …
 * @property {string} [message]
 * @property {string} [device]
 * @property {string} [network]
 * @property {string} [weights]
 * @property {string} [backend]
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [viewers]
 * @property {number} [memory_mb]
 * @property {number | null} [retry_s]
 * @property {string[] | null} [log] last lines of a painter that has failed
 */

/** @typedef {{name: string, width: number, height: number, version: number | string}} Picture */
/** @typedef {{content: Picture, styles: Picture[]}} Pictures */
/** @typedef {Record<string, number | boolean | string>} Values */

/**
 * @typedef {object} Snapshot
 * @property {"snapshot"} type
 * @property {number} rev
 * @property {Values} controls
 * @property {State} state
 * @property {string[]} layers
 * @property {Epoch | null} epoch
 * @property {Pictures} pictures
 * @property {string} version
 * @property {string} client this page's own name in `changed.source`
 * @property {"player" | "viewer"} [role]
 * @property {number} [players] clients that may play
 * @property {number} clients
 * @property {object} [scenes] absent: the server knows no scenes and no gestures
 */

/** @typedef {{type: "changed", rev: number, since?: number, controls: Values, source: string, seq?: number | null}} Changed */
/** @typedef {{type: "triggered", name: string, source: string}} Triggered */
/** @typedef {{type: "error", code: string, message: string, seq?: number | null}} Failure */
/** @typedef {State & {type: "state"}} StateMessage */
/** @typedef {Pictures & {type: "pictures"}} PicturesMessage */
/** @typedef {Snapshot | Changed | Triggered | Failure | Epoch | StateMessage | PicturesMessage} Message */

/**
 * What a panel that loads after the first picture gets: it exports `start(page)`.
 * @typedef {object} Page
 * @property {import("./store.js").Store} store every control: watch, move, hold
 * @property {readonly string[]} layers
 * @property {"player" | "viewer"} role
 * @property {(message: object) => boolean} send on /ws; false: not connected
 * @property {(name: string) => void} trigger
 * @property {(text: string) => void} notice tell the person, for some seconds
 * @property {(type: string, ear: (message: any) => void) => void} hear each message of that type
 *   from now on; the last `snapshot` at once
 */

/** Head of a binary frame; the JPEG follows it.
 * @typedef {{epoch: number, step: number, rev: number, width: number, height: number}} FrameHead
 */

/**
 * How the control socket stands.
 * @typedef {{kind: "connecting"} | {kind: "open"} | {kind: "waiting", until: number}
 *   | {kind: "stopped", why: string}} LinkState
 */

export {};
