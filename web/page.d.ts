/** What the page's modules call each other; what server and page exchange stands in types.d.ts. */

type Value = number | boolean | string; // of a fader, a switch, a choice
type Values = Record<string, Value>;
type TermName = Exclude<keyof LayerLoss, "layer">;
type LayerTerm = TermRow & { name: TermName }; // one that each layer has
type PictureKind = "content" | "style";
type ControlStore = ReturnType<typeof import("./control-store.js").makeControlStore>;

/** What controls, scenes and layers are called; see `makeNames` in layers.js. */
interface Names {
  nameOf(target: string): string;
  layerOf(target: string): string; // the layer's own name; "": it belongs to none
}

/** What `GET /api/controls` answers. */
interface Tables {
  controls: ControlRow[];
  terms: TermRow[];
  layers: LayerRow[];
}

/** What a panel gets, which loads after the first picture: it exports `start(page)`. */
interface Page {
  store: ControlStore;
  layers: readonly LayerRow[];
  terms: readonly TermRow[];
  layerTerms: readonly LayerTerm[]; // those of `terms` that each layer has
  names: Names;
  viewer: boolean; // this page may watch but not play
  send(message: ClientMessage): boolean; // on /ws; false: not connected
  trigger(name: string): void;
  showNotice(text: string): void; // for some seconds
  /** Call `listener` with each message of that type; also at once with the newest one, if there is one. */
  on<T extends keyof ServerMessages>(type: T, listener: (message: ServerMessages[T]) => void): void;
}

/** State of a reconnecting socket; `until`: on the clock of `performance.now()`, ms. */
type SocketState =
  | { kind: "connecting" | "open" }
  | { kind: "waiting"; until: number; ended?: boolean } // the server has ended in order
  | { kind: "stopped"; why: string };

/** `onclick` and its like are handlers, `--at` and its like properties; true is an empty attribute; false, null and undefined are none. */
type Props = {
  [E in keyof HTMLElementEventMap as `on${E}`]?: (event: HTMLElementEventMap[E]) => void;
} & { [name: string]: string | number | boolean | null | undefined | ((event: any) => void) };
