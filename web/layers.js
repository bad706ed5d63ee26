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

/** What is written beside a control. @param {Pick<ControlRow, "title" | "name">} row */
export const titleOf = ({ title, name }) => title || readable(name);
