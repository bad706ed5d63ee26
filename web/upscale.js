// @ts-check
/** Enlarges a canvas by a bicubic filter in WebGL, on a second one above; without, it is plain. */

import { el, setProps } from "./dom.js";

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

/** Where `object-fit` puts the picture in its element. @param {Box} box @param {number} aspect of the picture @param {string} fit */
export function contentBox(box, aspect, fit) {
  if (fit !== "contain" && fit !== "cover") return box;
  const wide = box.width > box.height * aspect;
  const height = wide === (fit === "contain") ? box.height : box.width / aspect;
  const width = height * aspect;
  return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
}

/**
 * The part of a picture inside its clip, in whole pixels of the screen, as boxes in CSS pixels are.
 * @param {Box} picture @param {Box} clip @param {number} ratio device pixels of a CSS pixel
 * @returns {Box | null} null: nothing of it is seen
 */
export function visiblePart(picture, clip, ratio) {
  /** @param {"left" | "top"} start @param {"width" | "height"} size */
  const range = (start, size) => {
    const from = Math.round(Math.max(picture[start], clip[start]) * ratio);
    return [from, Math.round(Math.min(picture[start] + picture[size], clip[start] + clip[size]) * ratio) - from];
  };
  const [left = 0, width = 0] = range("left", "width");
  const [top = 0, height = 0] = range("top", "height");
  return width > 0 && height > 0 ? { left, top, width, height } : null;
}

/** A renderer without a graphics card: drawn by it, the picture would take the painter's cores. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

const VERTEX = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4. - 1., 0, 1); }`;

// Catmull-Rom, the cubic convolution of Keys 1981 with a = -0.5. What overshoots the four pixels
// around is cut off: no rings around edges.
const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform vec2 origin, scale;
out vec4 color;
vec4 weights(float t) {
  return vec4(((-.5 * t + 1.) * t - .5) * t, (1.5 * t - 2.5) * t * t + 1., ((-1.5 * t + 2.) * t + .5) * t, (.5 * t - .5) * t * t);
}
void main() {
  vec2 at = (gl_FragCoord.xy * vec2(1, -1) + origin) * scale - .5, t = fract(at);
  ivec2 base = ivec2(floor(at)), last = textureSize(picture, 0) - 1;
  vec4 wx = weights(t.x), wy = weights(t.y);
  vec3 sum = vec3(0), low = vec3(1), high = vec3(0);
  for (int y = 0; y < 4; y++) for (int x = 0; x < 4; x++) {
    vec3 texel = texelFetch(picture, clamp(base + ivec2(x, y) - 1, ivec2(0), last), 0).rgb;
    sum += wx[x] * wy[y] * texel;
    if ((x == 1 || x == 2) && (y == 1 || y == 2)) { low = min(low, texel); high = max(high, texel); }
  }
  color = vec4(clamp(sum, low, high), 1);
}`;

/** Firefox names it plainly, and deprecates the extension that the others need. @param {WebGL2RenderingContext} gl @returns {string} */
function rendererOf(gl) {
  const name = gl.getParameter(gl.RENDERER);
  const unmasked = name === "WebKit WebGL" && gl.getExtension("WEBGL_debug_renderer_info");
  return unmasked ? gl.getParameter(unmasked.UNMASKED_RENDERER_WEBGL) : name;
}

/** @param {WebGL2RenderingContext | null} gl @returns what draws the canvas; null: nothing does, or not fast */
function makeFilter(gl) {
  if (!gl || SOFTWARE.test(rendererOf(gl))) return null;
  const program = gl.createProgram();
  for (const [kind, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = gl.createShader(kind);
    if (!program || !shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  const [origin, scale] = ["origin", "scale"].map((name) => gl.getUniformLocation(program, name));
  return {
    /** @param {HTMLCanvasElement} canvas */
    load: (canvas) => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, canvas),

    /** @param {Box} part of the screen, device px @param {Box} picture likewise @param {HTMLCanvasElement} canvas */
    draw(part, picture, { width, height }) {
      gl.viewport(0, 0, part.width, part.height);
      gl.uniform2f(origin ?? null, part.left - picture.left, part.top - picture.top + part.height);
      gl.uniform2f(scale ?? null, width / picture.width, height / picture.height);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas the picture; it keeps its size, its pixels and its events
 * @returns call it after each change of the canvas
 */
export function makeUpscaler(canvas) {
  const sharp = el("canvas", { id: "sharp", "aria-hidden": "true", hidden: true });
  const parent = /** @type {HTMLElement} */ (canvas.parentElement);
  canvas.after(sharp);
  const gl = sharp.getContext("webgl2", { alpha: false, antialias: false, depth: false, failIfMajorPerformanceCaveat: true });
  let filter = makeFilter(gl);
  let empty = true;
  /** What was drawn last, so that nothing is drawn twice. */
  let drawn = "";

  /** @param {boolean} changed whether the canvas has other pixels */
  function update(changed) {
    empty &&= !changed;
    if (empty) return;
    const { objectFit, imageRendering } = getComputedStyle(canvas);
    const ratio = devicePixelRatio;
    const box = contentBox(canvas.getBoundingClientRect(), canvas.width / canvas.height, objectFit);
    const clip = parent.getBoundingClientRect();
    const part = visiblePart(box, clip, ratio);
    const shown = filter && part && imageRendering !== "pixelated" && box.width * ratio > canvas.width;
    sharp.hidden = !shown;
    if (!shown) {
      drawn = "";
      return;
    }
    const picture = { left: box.left * ratio, top: box.top * ratio, width: box.width * ratio, height: box.height * ratio };
    const place = JSON.stringify([part, picture, canvas.width, canvas.height, clip.left, clip.top]);
    if (place !== drawn) {
      Object.assign(sharp.style, {
        left: `${part.left / ratio - clip.left}px`, top: `${part.top / ratio - clip.top}px`,
        width: `${part.width / ratio}px`, height: `${part.height / ratio}px`,
      });
      if (sharp.width !== part.width || sharp.height !== part.height) Object.assign(sharp, { width: part.width, height: part.height });
    }
    if (changed || !drawn) filter?.load(canvas);
    if (changed || place !== drawn) filter?.draw(part, picture, canvas);
    drawn = place;
  }

  const move = () => update(false);
  setProps(sharp, {
    onwebglcontextlost(event) {
      event.preventDefault(); // so that it may be restored
      filter = null;
      move();
    },
    onwebglcontextrestored() {
      filter = makeFilter(gl);
      move();
    },
  });
  if (filter) {
    const sizes = new ResizeObserver(move);
    for (const one of [canvas, parent]) sizes.observe(one);
    new MutationObserver(move).observe(parent, { attributeFilter: ["style", "class"] });
  }
  return () => update(true);
}
