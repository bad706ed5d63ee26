// @ts-check
/**
 * Creating and finding elements, without a string of markup anywhere.
 */

/**
 * Create an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} [props]
 * @param {...(Node | string | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const element = setProps(document.createElement(tag), props);
  element.append(...children.filter((child) => child !== false));
  return element;
}

/**
 * Set attributes, event handlers and CSS custom properties of an element.
 * @template {HTMLElement} T
 * @param {T} element
 * @param {Props} props
 */
export function setProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("--")) element.style.setProperty(name, `${value}`);
    else if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : `${value}`);
  }
  return element;
}

/** @param {Node | string} content @param {(event: MouseEvent) => void} onclick @param {Props} [props] */
export const button = (content, onclick, props) => el("button", { type: "button", onclick, ...props }, content);

/** An input for choosing one file. @param {Props} props @param {(file: File) => void} onfile */
export function fileInput(props, onfile) {
  const input = el("input", {
    type: "file", ...props,
    onchange() {
      const [file] = input.files ?? [];
      if (file) onfile(file);
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
 * @throws {TypeError} there is none, or one of another kind
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof (kind ?? HTMLElement))) throw new TypeError(`the page has no ${kind?.name ?? "element"} #${id}`);
  return /** @type {T} */ (element);
}

/** Change text only where it differs: no layout, and screen readers do not repeat it. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element a toggle button @param {boolean} pressed */
export const setPressed = (element, pressed) => element.setAttribute("aria-pressed", String(pressed));

/** Place a floating element above another one, inside the window. @param {HTMLElement} floating @param {Element} element */
export function placeAbove(floating, element) {
  const box = element.getBoundingClientRect();
  const left = Math.min(box.left + (box.width - floating.offsetWidth) / 2, innerWidth - floating.offsetWidth - 8);
  floating.style.left = `${Math.max(8, left)}px`;
  floating.style.top = `${Math.max(8, box.top - floating.offsetHeight - 6)}px`;
}
