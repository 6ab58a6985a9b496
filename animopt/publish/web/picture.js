/** The picture: header, surface, contour plot, loss curves and scoreboard of a run, in a layout, on a canvas. */

import { Camera, View } from "./camera.js";
import { SEEN } from "./field.js";
import { Labels, around } from "./labels.js";
import { filled } from "./numbers.js";
import { Path } from "./paths.js";
import { Scoreboard } from "./scoreboard.js";
import { Trails, trailWidth } from "./trails.js";
import { textSize, widthOf, write } from "./type.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./backdrop.js").Backdrop} Backdrop
 * @typedef {import("./field.js").HeightField} HeightField
 * @typedef {import("./surface.js").Surface} Surface
 * @typedef {import("./race.js").Run} Run
 * @typedef {import("./clock.js").Moment} Moment
 *
 * @typedef {object} Scene what the picture shows
 * @property {Moment} moment
 * @property {{azimuth: number, elevation: number}} angles
 * @property {boolean[]} shown
 * @property {string} theme
 * @property {boolean} sensitive
 * @property {[number, number] | null} crosshair
 * @property {number} seconds seconds since the last picture of the same race, 0 after a jump
 */

/** Maximum scale of the projection, in the foreground. At the origin it is 1. */
const MAX_SCALE = 1.3;

export class Picture {
  /**
   * @param {Payload} payload
   * @param {HeightField} field
   * @param {Surface} surface
   * @param {Backdrop} backdrop
   * @param {Run} run
   * @param {import("./clock.js").Clock} clock
   */
  constructor(payload, field, surface, backdrop, run, clock) {
    const { layout, contour } = backdrop;
    const { unit, boxes, view } = layout;
    this.payload = payload;
    this.field = field;
    this.surface = surface;
    this.backdrop = backdrop;
    this.layout = layout;
    this.contour = contour;
    this.run = run;
    /** The camera and the view of the last picture. */
    this.seenFrom = /** @type {{camera: Camera, view: View} | null} */ (null);
    /** @type {Map<number, View>} */
    this.views = new Map([[payload.sweep.elevation, View.within(boxes.wireframe, view.x, view.y)]]);
    const cell = trailWidth(payload, unit) * payload.sizes.trailCell;
    const perUnit = boxes.wireframe[2] / (view.x[1] - view.x[0]);
    this.above = new Trails(payload, run, unit, path => path, cell / perUnit / MAX_SCALE, 3);
    this.beside = new Trails(payload, run, unit, path => this.#onContour(path), cell, 2);
    this.surfaceLabels = new Labels(payload, layout, boxes.wireframe, run.winner);
    this.contourLabels = new Labels(payload, layout, boxes.contour, run.winner);
    this.scoreboard = new Scoreboard(payload, layout, run, backdrop.axis, clock);
    this.starts = run.start ? [run.start] : distinctStarts(run);
    const trails = this.beside.trails.flatMap(trail => (trail ? [trail.fine] : []));
    this.wordSide = this.starts.length === 1 ? contour.wordSide(this.starts[0], trails) : null;
  }

  /** @param {Path} path */
  #onContour({ step, points }) {
    const { contour } = this;
    const { scale, middle } = this.payload.surface;
    const pixels = new Float32Array((2 * points.length) / 3);
    for (let from = 0, to = 0; from < points.length; from += 3, to += 2) {
      pixels[to] = contour.pixelX(points[from] / scale[0] + middle[0]);
      pixels[to + 1] = contour.pixelY(points[from + 1] / scale[1] + middle[1]);
    }
    return new Path(step, pixels, 2);
  }

  /** Return the view at an elevation. @param {number} elevation */
  #view(elevation) {
    let view = this.views.get(elevation);
    if (!view) {
      const { layout, surface, payload } = this;
      view = View.fitted(layout.boxes.wireframe, surface.points, elevation, payload.surface.distance);
      if (this.views.size > 200) this.views.clear();
      this.views.set(elevation, view);
    }
    return view;
  }

  /** Draw the picture over a whole canvas. @param {CanvasRenderingContext2D} context @param {Scene} scene */
  draw(context, scene) {
    const { payload, layout, above, beside, scoreboard, contour } = this;
    const { canvas } = context;
    const { moment, shown, theme } = scene;
    const colors = payload.themes[theme];
    const density = canvas.width / layout.size[0];
    context.resetTransform();
    context.drawImage(this.backdrop.at(canvas.width, canvas.height, theme), 0, 0);
    context.setTransform(density, 0, 0, density, 0, 0);
    this.#writeStep(context, moment.step, colors.muted);

    const { wireframe, contour: contourBox } = layout.boxes;
    const camera = new Camera(scene.angles.azimuth, scene.angles.elevation, payload.surface.distance);
    const view = this.#view(scene.angles.elevation);
    this.seenFrom = { camera, view };
    this.surface.draw(context, camera, view, wireframe, colors, layout.unit);
    if (payload.box) this.#drawBox(context, camera, view, colors.ink);
    above.draw(context, moment, colors, shown, wireframe, parts => {
      camera.project(parts.points, parts.count, view, parts.pixels);
      this.field.visibility(parts.points, parts.count, camera, parts.seen);
    });
    const note = payload.surface.nonlinear ? [this.#writeNote(context, colors.muted)] : [];
    this.surfaceLabels.draw(context, above.heads, colors, colors.background, note, scene.seconds);

    const areas = contour.obstacles();
    for (const start of this.starts) areas.push(...contour.drawStart(context, start, colors, scene.sensitive, this.wordSide));
    if (scene.crosshair) contour.drawCrosshair(context, scene.crosshair, colors);
    beside.draw(context, moment, colors, shown, contourBox, parts => {
      parts.pixels.set(parts.points.subarray(0, 2 * parts.count));
      parts.seen.fill(SEEN, 0, parts.count);
    });
    this.contourLabels.draw(context, beside.heads, colors, colors.labelGround, areas, scene.seconds);
    scoreboard.draw(context, moment, colors, shown);
  }

  /**
   * Return the steps of a racer in view and their pixels on the surface, as it was drawn last, (any, 2).
   *
   * @param {number} racer
   */
  stepsOnSurface(racer) {
    const dots = this.run.racers[racer]?.dots;
    if (!dots || !this.seenFrom) return { steps: [], pixels: new Float32Array() };
    const { camera, view } = this.seenFrom;
    const pixels = new Float32Array(2 * dots.step.length);
    camera.project(dots.points, dots.step.length, view, pixels);
    return { steps: dots.step, pixels };
  }

  /** @param {CanvasRenderingContext2D} context @param {number} step @param {string} color */
  #writeStep(context, step, color) {
    const { payload, layout } = this;
    const { x, y, size } = layout.header.step;
    const words = filled(payload.words.position, { step: Math.floor(step), steps: payload.last });
    write(context, words, x, y, { size, color, align: "right" });
  }

  /** Write that the heights are on a log scale. @param {CanvasRenderingContext2D} context @param {string} color */
  #writeNote(context, color) {
    const { payload, layout } = this;
    const [left, top, width, height] = layout.boxes.wireframe;
    const size = textSize(layout, payload.sizes.noteText);
    write(context, payload.words.heights, left + width, top + height, { size, color, align: "right", at: "bottom" });
    const wide = widthOf(context, payload.words.heights, size);
    return around(left + width - wide / 2, top + height - size / 2, wide, 1.2 * size, 0);
  }

  /** Draw the edge of the box onto which racers are projected. */
  #drawBox(
    /** @type {CanvasRenderingContext2D} */ context, /** @type {Camera} */ camera, /** @type {View} */ view, /** @type {string} */ color,
  ) {
    const { payload, field, layout, contour } = this;
    if (!payload.box) return;
    const { data } = payload.box;
    const count = data.length / 3;
    const points = new Float32Array(data.length), pixels = new Float32Array(2 * count), seen = new Uint8Array(count);
    for (let at = 0; at < data.length; at += 3) {
      points.set([field.flat(data[at], 0), field.flat(data[at + 1], 1), field.heightOf(data[at + 2])], at);
    }
    camera.project(points, count, view, pixels);
    field.visibility(points, count, camera, seen);
    context.strokeStyle = color;
    context.lineWidth = Math.max(payload.sizes.minTrail, payload.sizes.box * layout.unit);
    context.beginPath();
    for (let index = 1; index < count; index++) {
      if (seen[index - 1] !== SEEN || seen[index] !== SEEN) continue;
      context.moveTo(pixels[2 * index - 2], pixels[2 * index - 1]);
      context.lineTo(pixels[2 * index], pixels[2 * index + 1]);
    }
    context.stroke();
    clipped(context, layout.boxes.contour, () => {
      context.beginPath();
      for (let at = 0; at < data.length; at += 3) context.lineTo(contour.pixelX(data[at]), contour.pixelY(data[at + 1]));
      context.stroke();
    });
  }
}

/** @param {CanvasRenderingContext2D} context @param {import("./data.js").Box} box @param {() => void} draw */
function clipped(context, box, draw) {
  context.save();
  context.beginPath();
  context.rect(...box);
  context.clip();
  draw();
  context.restore();
}

/** Return the starts of a run, each once. @param {Run} run @returns {[number, number][]} */
function distinctStarts({ racers }) {
  const starts = new Map(
    racers.flatMap(racer => (racer ? [[`${racer.xy[0]} ${racer.xy[1]}`, /** @type {[number, number]} */ ([racer.xy[0], racer.xy[1]])]] : [])),
  );
  return [...starts.values()];
}
