// @ts-check
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import test from "node:test";

const web = new URL("../../web/", import.meta.url);
const files = readdirSync(web).filter((name) => !name.startsWith("."));
const text = (/** @type {string} */ name) => readFileSync(new URL(name, web), "utf8");
const modules = files.filter((name) => name.endsWith(".js"));

test("what the first picture waits for stays within 120 kB", () => {
  const sheets = [...text("index.html").matchAll(/href="web\/(.+?)"/g)].map(([, name]) => String(name));
  const loaded = new Set(["index.html", "main.js", ...sheets]);
  const bytes = [...loaded].reduce((sum, name) => sum + statSync(new URL(name, web)).size, 0);
  assert.ok(bytes <= 120_000, `${bytes} bytes`);
});

/** What a module needs before it runs: its imports and theirs, not what it loads later. */
function needed(/** @type {string} */ module, seen = new Set()) {
  for (const [, name] of text(module).matchAll(/^import [^;]*? from "\.\/(.+?)";$/gms)) {
    if (!seen.has(name)) needed(String(name), seen.add(name));
  }
  return seen;
}

test("all modules are loaded at once, not one after the other", () => {
  const preloaded = [...text("index.html").matchAll(/modulepreload" href="web\/(.+?)"/g)].map(([, name]) => name);
  assert.deepEqual(preloaded.sort(), [...needed("main.js")].sort());
});

test("what index.html asks for is there", () => {
  for (const [, name] of text("index.html").matchAll(/(?:href|src)="\/web\/(.+?)"/g)) {
    assert.ok(files.includes(String(name)), name);
  }
});

test("every id that a module looks for is in the page", () => {
  const page = text("index.html");
  for (const name of modules) {
    for (const [, id] of text(name).matchAll(/byId\("([\w-]+)"/g)) {
      assert.ok(page.includes(`id="${id}"`), `${name}: #${id}`);
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

test("the policy default-src 'self' holds: nothing inline in index.html", () => {
  assert.doesNotMatch(text("index.html"), /\sstyle=|\son\w+=|<style|<script(?! type="module" src=)/);
});
