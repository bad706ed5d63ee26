// @ts-check
/**
 * Making and finding elements, without a string of markup anywhere.
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = set(document.createElement(tag), attributes);
  element.append(...children.filter((child) => child !== false));
  return element;
}

/**
 * Give an element attributes, handlers, and properties of its style.
 * @template {HTMLElement} T
 * @param {T} element
 * @param {Attributes} attributes
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("--")) element.style.setProperty(name, `${value}`);
    else if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : `${value}`);
  }
  return element;
}

/** @param {Node | string} content @param {(event: MouseEvent) => void} act @param {Attributes} [attributes] */
export const button = (content, act, attributes) => make("button", { type: "button", onclick: act, ...attributes }, content);

/** Where a file is chosen. @param {Attributes} attributes @param {(file: File) => void} take */
export function makeFileInput(attributes, take) {
  const input = make("input", {
    type: "file", ...attributes,
    onchange() {
      const [file] = input.files ?? [];
      if (file) take(file);
      input.value = ""; // so that the same file can be chosen again
    },
  });
  return input;
}

/**
 * The element of the page that has this id.
 * @template {HTMLElement} [T = HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof (kind ?? HTMLElement))) throw new TypeError(`the page has no ${kind?.name ?? "element"} #${id}`);
  return /** @type {T} */ (element);
}

/** Change text only where it differs: no layout, no chatter in screen readers. @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that is down or up. @param {Element} element @param {boolean} down */
export const press = (element, down) => element.setAttribute("aria-pressed", String(down));

/** Put what floats above an element, inside the window. @param {HTMLElement} floating @param {Element} element */
export function putAbove(floating, element) {
  const box = element.getBoundingClientRect();
  const left = Math.min(box.left + (box.width - floating.offsetWidth) / 2, innerWidth - floating.offsetWidth - 8);
  floating.style.left = `${Math.max(8, left)}px`;
  floating.style.top = `${Math.max(8, box.top - floating.offsetHeight - 6)}px`;
}
