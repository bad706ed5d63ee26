// @ts-check
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import test from "node:test";

const web = new URL("../../web/", import.meta.url);
const files = readdirSync(web).filter((name) => !name.startsWith("."));
const text = (/** @type {string} */ name) => readFileSync(new URL(name, web), "utf8");
const modules = files.filter((name) => name.endsWith(".js"));
const pages = [["index.html", "main.js"], ["stage.html", "projector.js"]];

/**
 * The modules that load with one, and of these the ones they load, without `import()`.
 * @param {string} name
 * @param {Set<string>} found
 */
function loadedWith(name, found = new Set()) {
  for (const [, next] of text(name).matchAll(/^import .*?"\.\/(.+?)";$/gms)) {
    if (!found.has(String(next))) loadedWith(String(next), found.add(String(next)));
  }
  return found;
}

/** @param {string} page @param {string} main all that comes before the first picture */
function loaded(page, main) {
  const styles = [...text(page).matchAll(/stylesheet" href="web\/(.+?)"/g)].map(([, name]) => String(name));
  return [page, main, ...styles, ...loadedWith(main)];
}

const size = (/** @type {string[]} */ names) => names.reduce((sum, name) => sum + statSync(new URL(name, web)).size, 0);

// Of the sources, comments too; what is served stands in tests/server/test_page.py. They only go down.
test("what a page loads before the first picture, and all of the page, grow no more", () => {
  for (const [page = "", main = "", bound = 0] of /** @type {const} */ ([["index.html", "main.js", 101_900], ["stage.html", "projector.js", 19_900]])) {
    const bytes = size(loaded(page, main));
    assert.ok(bytes <= bound, `${page}: ${bytes} bytes before the first picture, more than ${bound}`);
  }
  assert.ok(size(files) <= 190_400, `web/: ${size(files)} bytes, more than 190400`);
});

test("all modules that a page begins with are loaded at once, not one after the other", () => {
  for (const [page = "", main = ""] of pages) {
    const preloaded = [...text(page).matchAll(/modulepreload" href="web\/(.+?)"/g)].map(([, name]) => name);
    assert.deepEqual(preloaded.sort(), [...loadedWith(main)].sort(), page);
  }
});

test("what a page asks for is there", () => {
  for (const [page = ""] of pages) {
    for (const [, name] of text(page).matchAll(/(?:href|src)="web\/(.+?)"/g)) {
      assert.ok(files.includes(String(name)), name);
    }
  }
});

test("every id that a module looks for is in its page", () => {
  for (const [page = "", main = ""] of pages) {
    for (const name of [main, ...loadedWith(main)]) {
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
    for (const [, source] of code.matchAll(/^import .* from "(.+?)";$/gm)) {
      assert.match(String(source), /^\.\/[\w-]+\.js$/, name);
    }
  }
});

// What trims the modules for browsers would take the spaces out of the inner one.
test("no template stands within another", () => {
  for (const name of modules) {
    const code = text(name).replace(/\/\*.*?\*\/|(?<=\s)\/\/.*?$/gms, "");
    assert.doesNotMatch(code.replace(/\$\{[^`}]*\}/g, ""), /`[^`]*\$\{/, name);
  }
});

test("the policy default-src 'self' holds: nothing inline in a page", () => {
  for (const [page = ""] of pages) {
    assert.doesNotMatch(text(page), /\sstyle=|\son\w+=|<style|<script(?! type="module" src=)/);
  }
});
