// @ts-check
/**
 * Making and finding elements, without a string of markup anywhere.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...Node} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The element of the page that has this id.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new TypeError(`the page has no ${kind.name} #${id}`);
  return element;
}

/**
 * Load a panel's own style sheet of this folder, once.
 * @param {string} name such as `scenes.css`
 * @returns {Promise<unknown>} when it holds: what is shown before would jump
 */
export function style(name) {
  if (document.head.querySelector(`link[href$="/${name}"]`)) return Promise.resolve();
  const link = make("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href });
  document.head.append(link);
  return new Promise((done) => (link.onload = link.onerror = done));
}

/**
 * Change text only where it differs: no layout, and no chatter in screen readers.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
