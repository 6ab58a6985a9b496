/** Start of the page: reads the payload, shows the race, and tells what is wrong if that fails. */

import { Controls } from "./controls.js";
import { readPayload } from "./data.js";
import { filled } from "./numbers.js";
import { readQuery } from "./query.js";
import { useFontsOf } from "./type.js";
import { Viewer } from "./viewer.js";

/** @param {string} id */
function textOf(id) {
  return document.getElementById(id)?.textContent ?? "";
}

/** Load the fonts of an element, which the page may use only on the canvas. A browser may refuse fonts. @param {Element} element */
async function loadFonts(element) {
  const { fontFamily } = getComputedStyle(element);
  await Promise.allSettled([400, 700].map(weight => document.fonts.load(`${weight} 16px ${fontFamily}`)));
  useFontsOf(element);
}

async function start() {
  const payload = await readPayload(textOf("payload"), textOf("blob"));
  await loadFonts(document.body);
  const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
  const query = readQuery(location.search, payload);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const viewer = new Viewer(payload, canvas, calm.matches);
  if (query.theme) viewer.theme = query.theme;
  const { racers } = query;
  if (racers) viewer.shown = payload.racers.map(({ name }) => racers.includes(name));
  const controls = new Controls(viewer);
  calm.addEventListener("change", () => {
    viewer.calm = calm.matches;
    viewer.change();
  });
  document.documentElement.classList.add("live");
  const fit = () => {
    viewer.fit(controls.stage.clientWidth, Math.max(200, innerHeight - controls.height));
  };
  new ResizeObserver(fit).observe(controls.stage.parentElement ?? document.body);
  addEventListener("resize", fit);
  fit();
  if (query.start) viewer.drop(viewer.nearestStart(query.start));
  if (query.step !== null) viewer.seek(query.step);
  else if (!viewer.calm) viewer.play();
  if (query.ignored.length) controls.report(filled(payload.words.ignored, { names: query.ignored.join(", ") }));
  // Pages around this one, and tests, reach the viewer by this name.
  Object.assign(window, { animopt: viewer });
}

/** Whether the browser has what a page needs. */
function isAble() {
  return "DecompressionStream" in window && document.createElement("canvas").getContext("2d") !== null;
}

start().catch(error => {
  document.documentElement.classList.remove("live");
  const message = document.getElementById(isAble() ? "damaged" : "failed");
  if (message) message.hidden = false;
  throw error;
});
