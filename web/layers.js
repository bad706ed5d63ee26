// @ts-check
/**
 * Names of layers and controls as they are read, and what a term does to a layer. Pure.
 */

/** Sizes of the picture that a layer sees. @type {Record<string, string>} */
const FRACTIONS = { 2: "½", 4: "¼", 8: "⅛" };

/** `block3_conv1` reads "block3 conv1"; `block3_conv1@2`, which sees the picture at half size, "block3 conv1 ½". @param {string} name of a layer or a control */
export const readable = (name) =>
  name.replaceAll("_", " ").replace(/@(\d+)/g, (_, divisor) => ` ${FRACTIONS[divisor] ?? `1/${divisor}`}`);

/** What raising a term of a layer does, in a sentence. @param {TermRow} term @param {LayerRow} layer */
export const describe = ({ raised }, { effect }) => `up: ${raised.replace("{effect}", effect)}`;

/**
 * Return what a control or `scene:<name>` is called, the same everywhere: `style.block3_conv1` is
 * "style strokes", after what its layer changes; and the layer's own name, where it has one.
 * @param {readonly Pick<ControlRow, "name" | "title" | "style">[]} rows
 * @param {readonly Pick<LayerRow, "name" | "effect">[]} layers
 * @returns {Names}
 */
export function makeNames(rows, layers) {
  const titles = new Map(rows.map(({ name, title, style }) => [
    name, style ? `${title} of style ${"ABCD"[style - 1]}` : title && !name.endsWith(".master") ? title : "",
  ]));
  const find = (/** @type {string} */ target) => layers.find(({ name }) => target.split(".").includes(name));
  const isShared = (/** @type {string} */ effect) => layers.filter((layer) => layer.effect === effect).length > 1;
  return {
    nameOf(target) {
      if (target.startsWith("scene:")) return `scene ${target.slice(6)}`;
      const layer = find(target);
      if (!layer) return titles.get(target) || readable(target).replaceAll(".", " ");
      const [kind, effect] = [target.split(".")[0], isShared(layer.effect) ? `${layer.effect} ${readable(layer.name)}` : layer.effect];
      const suffix = /\.(solo|mute)$/.exec(target)?.[1];
      return [suffix, target === layer.name ? "" : kind, effect].filter(Boolean).join(" ");
    },
    layerOf: (target) => readable(find(target)?.name ?? ""),
  };
}

/** What is written beside a control. @param {Pick<ControlRow, "title" | "name">} row */
export const titleOf = ({ title, name }) => title || readable(name);
