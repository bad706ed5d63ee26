// @ts-check
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";

const web = new URL("../../web/", import.meta.url);
const files = readdirSync(web, { recursive: true }).map(String).filter((name) => /\.(html|css|js|svg)$/.test(name));
const text = (/** @type {string} */ name) => readFileSync(new URL(name, web), "utf8");
const modules = files.filter((name) => name.endsWith(".js"));
const pages = [["index.html", "main.js"], ["stage.html", "stage-page.js"], ["gallery.html", "gallery/page.js"]];
const IMPORT = /^import .*?"(.+?)";$/gms;

/** The module that an import names, as a path below `web/`. @param {string} importer @param {string} source */
const resolve = (importer, source) => new URL(source, new URL(importer, web)).href.slice(web.href.length);

/**
 * The modules that a module imports, directly or through others; `import()` does not count.
 * @param {string} name
 * @param {Set<string>} found
 */
function dependencies(name, found = new Set()) {
  for (const [, source] of text(name).matchAll(IMPORT)) {
    const next = resolve(name, String(source));
    if (!found.has(next)) dependencies(next, found.add(next));
  }
  return found;
}

/** Everything that comes before the first picture. @param {string} page @param {string} main */
function initial(page, main) {
  const styles = [...text(page).matchAll(/stylesheet" href="web\/(.+?)"/g)].map(([, name]) => String(name));
  return [page, main, ...styles, ...dependencies(main)];
}

/** What travels: the server compresses each file. @param {string[]} names */
const compressedSize = (names) => names.reduce((sum, name) => sum + gzipSync(text(name)).length, 0);

test("a page stays small: before its first picture, and as a whole", () => {
  const limits = /** @type {const} */ ([["index.html", "main.js", 45_000], ["stage.html", "stage-page.js", 12_000], ["gallery.html", "gallery/page.js", 18_000]]);
  for (const [page, main, limit] of limits) {
    const bytes = compressedSize(initial(page, main));
    assert.ok(bytes <= limit, `${page}: ${bytes} compressed bytes before the first picture, more than ${limit}`);
  }
  const bytes = compressedSize(files.filter((name) => !name.startsWith("gallery"))); // a page of its own
  assert.ok(bytes <= 120_000, `web/: ${bytes} compressed bytes, more than 120000`);
});

test("all modules that a page begins with are loaded at once, not one after the other", () => {
  for (const [page = "", main = ""] of pages) {
    const preloaded = [...text(page).matchAll(/modulepreload" href="web\/(.+?)"/g)].map(([, name]) => name);
    assert.deepEqual(preloaded.sort(), [...dependencies(main)].sort(), page);
  }
});

test("every file that a page names exists", () => {
  for (const [page = ""] of pages) {
    for (const [, name] of text(page).matchAll(/(?:href|src)="web\/(.+?)"/g)) {
      assert.ok(files.includes(String(name)), name);
    }
  }
});

test("every id that a module looks up is in its page", () => {
  for (const [page = "", main = ""] of pages) {
    for (const name of [main, ...dependencies(main)]) {
      for (const [, id] of text(name).matchAll(/byId\("([\w-]+)"/g)) {
        assert.ok(text(page).includes(`id="${id}"`), `${name}: #${id}`);
      }
    }
  }
});

test("every module is checked, names its imports in full, and writes no markup", () => {
  for (const name of modules) {
    const code = text(name);
    assert.ok(code.startsWith("// @ts-check\n"), name);
    assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, name);
    for (const [, source] of code.matchAll(IMPORT)) {
      assert.match(String(source), /^\.\.?\/[\w/-]+\.js$/, name);
      assert.ok(modules.includes(resolve(name, String(source))), `${name}: ${source}`);
    }
  }
});

test("the policy default-src 'self' holds: nothing inline in a page", () => {
  for (const [page = ""] of pages) {
    assert.doesNotMatch(text(page), /\sstyle=|\son\w+=|<style|<script(?! type="module" src=)/);
  }
});

test("every address is relative to the page, which a proxy may have put below a path", () => {
  for (const name of files) assert.doesNotMatch(text(name), /(?:["'`=]|url\()\/\w/, name);
});
