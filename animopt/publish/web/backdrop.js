/** What depends only on the layout and the theme, drawn once: header, contour lines, and the axis of the losses. */

import { LossAxis } from "./axis.js";
import { Contour } from "./contour.js";
import { write } from "./type.js";

export class Backdrop {
  /** @param {import("./data.js").Payload} payload @param {import("./data.js").Layout} layout */
  constructor(payload, layout) {
    this.payload = payload;
    this.layout = layout;
    this.contour = new Contour(payload, layout);
    this.axis = layout.boxes.curves ? new LossAxis(payload, layout) : null;
    this.canvas = document.createElement("canvas");
    this.formula = new Path2D(payload.formulaOutline);
    this.drawn = "";
  }

  /**
   * Return a canvas of a size with the backdrop in a theme.
   *
   * @param {number} width
   * @param {number} height
   * @param {string} theme
   */
  at(width, height, theme) {
    const { canvas } = this;
    const wanted = `${width} ${height} ${theme}`;
    if (wanted === this.drawn) return canvas;
    this.drawn = wanted;
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) return canvas;
    const colors = this.payload.themes[theme];
    context.fillStyle = colors.background;
    context.fillRect(0, 0, width, height);
    const density = width / this.layout.size[0];
    context.scale(density, density);
    this.#drawHeader(context, colors);
    this.contour.draw(context, colors);
    this.axis?.draw(context, colors);
    return canvas;
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./data.js").Colors} colors */
  #drawHeader(context, colors) {
    const { title, formula, caption } = this.layout.header;
    if (title) writeLines(context, title, colors.ink, 700);
    if (formula) {
      context.save();
      context.translate(formula.x, formula.y);
      context.scale(formula.size, formula.size);
      context.fillStyle = colors.muted;
      context.fill(this.formula);
      context.restore();
    }
    if (caption) writeLines(context, caption, colors.muted, 400);
  }
}

/** Distance of two lines in type sizes. */
const LINE = 1.2;

/** @param {CanvasRenderingContext2D} context @param {import("./data.js").Line} line @param {string} color @param {number} weight */
function writeLines(context, { lines, x, y, size }, color, weight) {
  lines.forEach((words, index) => write(context, words, x, y + LINE * size * index, { size, color, weight }));
}
