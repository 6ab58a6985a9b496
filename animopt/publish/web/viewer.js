/** What the page shows, and the loop that draws it: the moment, the camera, the start, the racers and the theme. */

import { Backdrop } from "./backdrop.js";
import { turnedBy, dragged } from "./camera.js";
import { Clock } from "./clock.js";
import { HeightField } from "./field.js";
import { Picture } from "./picture.js";
import { ownRun } from "./race.js";
import { droppedRun, isSensitive, nearestStart, nearestWithin, pointOf } from "./starts.js";
import { Surface } from "./surface.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Layout} Layout
 * @typedef {import("./race.js").Run} Run
 * @typedef {{column: number, row: number}} Cell
 */

/** Range of the smallest type size in pixels of the screen in which a layout is chosen for the area that it fills. */
const LEGIBLE = 9.5;
const LARGE = 16;

/** Longest time in seconds between two pictures for which the clip advances. */
const MAX_SECONDS = 0.1;

/** Density of a saved picture: pixels in a pixel of the layout. */
const SAVED_DENSITY = 2;

export class Viewer extends EventTarget {
  /**
   * @param {Payload} payload
   * @param {HTMLCanvasElement} canvas
   * @param {boolean} calm whether reduced motion is preferred
   */
  constructor(payload, canvas, calm) {
    super();
    this.payload = payload;
    this.canvas = canvas;
    this.calm = calm;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.field = new HeightField(payload.surface);
    this.clock = new Clock(payload);
    this.surface = new Surface(payload, this.field);
    this.own = ownRun(payload, this.field);
    this.run = this.own;
    this.layout = payload.layouts[0];
    this.backdrop = new Backdrop(payload, this.layout);
    this.picture = this.#picture();
    /** @type {Cell | null} */
    this.cell = null;
    /** @type {[number, number] | null} */
    this.crosshair = null;
    this.frame = 0;
    this.playing = false;
    this.speed = 1;
    this.theme = payload.theme;
    this.shown = payload.racers.map(() => true);
    /** The angles to which the viewer has turned the camera, null while it follows the clip. */
    this.angles = /** @type {{azimuth: number, elevation: number} | null} */ (null);
    /** Time of the last picture in milliseconds, null if a jump follows. */
    this.time = /** @type {number | null} */ (null);
    this.requested = false;
    /** Script times of the last pictures in milliseconds. */
    this.times = /** @type {number[]} */ ([]);
  }

  #picture() {
    return new Picture(this.payload, this.field, this.surface, this.backdrop, this.run, this.clock);
  }

  get moment() {
    return this.clock.at(this.frame);
  }

  /** The last whole step. */
  get step() {
    return Math.floor(this.moment.step);
  }

  get atEnd() {
    return this.frame >= this.clock.end;
  }

  /** The camera's angles in degrees. */
  get currentAngles() {
    const { azimuth, turn, elevation } = this.payload.sweep;
    return this.angles ?? { azimuth: azimuth + turn * (this.calm ? 0 : this.moment.turned), elevation };
  }

  get sensitive() {
    return this.cell !== null && this.run.racers.some((_, racer) => this.isSensitive(racer));
  }

  /** Whether a neighbor of the dropped start ends elsewhere. @param {number} racer */
  isSensitive(racer) {
    return this.cell !== null && isSensitive(this.payload, this.cell, racer);
  }

  /** Fit the picture into a room of the screen. @param {number} width @param {number} height */
  fit(width, height) {
    const scales = this.payload.layouts.map(({ size }) => Math.min(width / size[0], height / size[1]));
    const worth = this.payload.layouts.map(({ size, minText }, index) => {
      const text = minText * scales[index];
      return size[0] * size[1] * scales[index] ** 2 * Math.min(1, text / LEGIBLE) ** 4 * Math.min(1, LARGE / text) ** 2;
    });
    const best = worth.indexOf(Math.max(...worth));
    const layout = this.payload.layouts[best];
    const ratio = window.devicePixelRatio || 1;
    const density = Math.max(0.1, scales[best] * ratio);
    this.canvas.width = Math.max(1, Math.round(layout.size[0] * density));
    this.canvas.height = Math.max(1, Math.round(layout.size[1] * density));
    this.canvas.style.width = `${this.canvas.width / ratio}px`;
    this.canvas.style.height = `${this.canvas.height / ratio}px`;
    if (layout !== this.layout) {
      this.layout = layout;
      this.backdrop = new Backdrop(this.payload, layout);
      this.picture = this.#picture();
    }
    this.draw();
    this.#tell("layout");
  }

  play() {
    if (this.atEnd) this.frame = 0;
    this.playing = true;
    this.time = null;
    this.change();
    this.#tell("play");
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.change();
    this.#tell("play");
  }

  /** Show a step. @param {number} step */
  seek(step) {
    this.pause();
    this.frame = this.clock.frameOf(Math.min(Math.max(step, 0), this.payload.last));
    this.time = null;
    this.change();
  }

  /** Turn the camera by degrees. @param {number} across @param {number} up */
  turn(across, up) {
    this.angles = turnedBy(this.currentAngles, across, up);
    this.change();
  }

  /** Turn the camera by a distance in pixels of the layout. @param {number} right @param {number} down */
  drag(right, down) {
    this.angles = dragged(this.currentAngles, right, down, this.layout.boxes.wireframe[2]);
    this.change();
  }

  resetView() {
    this.angles = null;
    this.time = null;
    this.change();
  }

  /** Let all racers run from a start of the grid, or from the scene's own start. @param {Cell | null} cell */
  drop(cell) {
    if (cell?.column === this.cell?.column && cell?.row === this.cell?.row) return;
    this.cell = cell;
    this.run = cell ? droppedRun(this.payload, cell, this.field) : this.own;
    this.picture = this.#picture();
    this.time = null;
    this.change();
    this.#tell("start");
  }

  /** Return the start of the grid that is nearest to a point of the domain. @param {[number, number]} point @returns {Cell | null} */
  nearestStart(point) {
    return this.payload.starts && nearestStart(this.payload.starts, point);
  }

  /** Return the cell that is nearest to another one among those whose starts the contour plot shows. @param {Cell} cell @returns {Cell} */
  nearestShown(cell) {
    const { starts } = this.payload;
    return starts ? nearestWithin(starts, cell, this.layout.window) : cell;
  }

  /** Show the crosshair at a start of the grid. @param {Cell | null} cell */
  aim(cell) {
    const { starts } = this.payload;
    this.crosshair = cell && starts ? pointOf(starts, cell) : null;
    this.change();
  }

  /** @param {number} racer @param {boolean} shown */
  show(racer, shown) {
    this.shown[racer] = shown;
    this.time = null;
    this.change();
  }

  /** @param {string} theme */
  setTheme(theme) {
    this.theme = theme;
    this.change();
    this.#tell("theme");
  }

  /** Draw soon. */
  change() {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(time => this.#next(time));
  }

  /** @param {number} time */
  #next(time) {
    this.requested = false;
    const seconds = this.time === null ? 0 : Math.min(MAX_SECONDS, (time - this.time) / 1000);
    if (this.playing) {
      this.frame = Math.min(this.clock.end, this.frame + seconds * this.clock.fps * this.speed);
      this.time = time;
    }
    this.draw(seconds);
    if (!this.playing) return;
    if (this.atEnd) {
      this.pause();
      this.#tell("end");
    } else {
      this.change();
    }
  }

  /** Draw now. @param {number} seconds seconds since the last picture of the same race, 0 after a jump */
  draw(seconds = 0) {
    const before = performance.now();
    this.picture.draw(this.context, this.#scene(seconds));
    this.times.push(performance.now() - before);
    if (this.times.length > 1000) this.times.shift();
    this.#tell("draw");
  }

  /** @param {number} seconds */
  #scene(seconds) {
    const { moment, currentAngles: angles, shown, theme, sensitive, crosshair } = this;
    return { moment, angles, shown, theme, sensitive, crosshair, seconds };
  }

  /** Return the current picture as a PNG. @returns {Promise<Blob | null>} */
  image() {
    const canvas = document.createElement("canvas");
    const [width, height] = this.layout.size;
    canvas.width = Math.max(this.canvas.width, SAVED_DENSITY * width);
    canvas.height = Math.round((canvas.width * height) / width);
    const context = canvas.getContext("2d", { alpha: false });
    if (context) this.picture.draw(context, { ...this.#scene(0), crosshair: null });
    this.change();
    return new Promise(resolve => canvas.toBlob(resolve, "image/png"));
  }

  /** @param {string} what */
  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}
