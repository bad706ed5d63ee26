// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { layerOfChange } from "../../web/panels/lab.js";

test("a change is of a layer where all of its controls are of that one", () => {
  const layers = [{ name: "block1_conv1" }, { name: "block1_conv1@2" }];
  assert.equal(layerOfChange(["style.block1_conv1"], layers), "block1_conv1");
  assert.equal(layerOfChange(["style.block1_conv1@2.mute", "content.block1_conv1@2"], layers), "block1_conv1@2");
  assert.equal(layerOfChange(["style.block1_conv1", "style.block1_conv1@2"], layers), undefined);
  assert.equal(layerOfChange(["smooth", "style.master"], layers), undefined);
});
