/** The axis of the losses: its grid, tick labels, heading and the levels of higher minima. */

import { textSize, write } from "./type.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Layout} Layout
 * @typedef {import("./data.js").Colors} Colors
 */

/** Distance from the axis, in its lengths, beyond which all losses have one height. */
const FAR = 20;

const SUPERSCRIPT = /[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/;
const RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";
const PLAIN = "−0123456789";

/** Size of a superscript, and how far it is raised, as fractions of the type size. */
const RAISED_SIZE = 0.7;
const RAISED_BY = 0.38;

export class LossAxis {
  /** @param {Payload} payload @param {Layout} layout */
  constructor(payload, layout) {
    this.payload = payload;
    this.layout = layout;
    this.box = layout.boxes.curves;
  }

  /** Return the height of a value on the axis: 0 at its low end, 1 at its high end. @param {number} value */
  fraction(value) {
    const { low, high, logarithmic } = this.payload.axis;
    if (Number.isNaN(value)) return FAR;
    const fraction = logarithmic
      ? Math.log10(Math.max(value, 0) / low) / Math.log10(high / low)
      : (value - low) / (high - low);
    return Math.min(FAR, Math.max(-FAR, fraction));
  }

  /** Draw the grid, the tick labels and the heading. @param {CanvasRenderingContext2D} context @param {Colors} colors */
  draw(context, colors) {
    const { payload, layout, box } = this;
    const { sizes } = payload;
    const [left, top, width, height] = box;
    const { x: steps, y: losses } = layout.lossTicks;
    context.strokeStyle = colors.rule;
    context.lineWidth = Math.max(sizes.minRule, sizes.rule * layout.unit);
    context.lineCap = "butt";
    const { a: density } = context.getTransform();
    // On whole pixels of the screen, lines are sharp.
    const sharp = (/** @type {number} */ place) => {
      const half = (Math.round(context.lineWidth * density) % 2) / 2;
      return (Math.round(place * density - half) + half) / density;
    };
    context.beginPath();
    for (const [value] of steps) {
      const x = sharp(left + (width * value) / Math.max(1, payload.last));
      context.moveTo(x, top);
      context.lineTo(x, top + height);
    }
    for (const [value] of losses) {
      const y = sharp(top + height * (1 - this.fraction(value)));
      context.moveTo(left, y);
      context.lineTo(left + width, y);
    }
    context.stroke();
    this.#drawLevels(context, colors);
    const size = textSize(layout, sizes.tickText), pad = sizes.tickGap * layout.unit;
    const style = { size, color: colors.muted };
    if (steps.some(([, text]) => text)) {
      for (const [value, text] of steps) {
        const x = left + (width * value) / Math.max(1, payload.last);
        write(context, text, x, top + height + pad, { ...style, align: "center", at: "top" });
      }
      write(context, payload.words.clock, left - 0.8 * size, top + height + pad, { ...style, align: "right", at: "top" });
      for (const [value, text] of losses) {
        writeRaised(context, text, left - pad, top + height * (1 - this.fraction(value)), style);
      }
    }
    write(context, layout.lossOffset, left + width, top - sizes.headingGap * layout.unit, { ...style, align: "right" });
    write(context, payload.heading, left, top - sizes.headingGap * layout.unit, {
      size: textSize(layout, sizes.headingText), color: colors.muted,
    });
  }

  /** Draw a dashed line at the level of each higher minimum. @param {CanvasRenderingContext2D} context @param {Colors} colors */
  #drawLevels(context, colors) {
    const [left, top, width, height] = this.box;
    const { sizes, axis } = this.payload;
    context.save();
    context.strokeStyle = colors.muted;
    context.lineWidth = Math.max(sizes.minRule, sizes.rule * this.layout.unit);
    context.setLineDash([4 * context.lineWidth, 3 * context.lineWidth]);
    context.beginPath();
    for (const level of axis.levels) {
      const y = top + height * (1 - this.fraction(level));
      if (y <= top || y >= top + height) continue;
      context.moveTo(left, y);
      context.lineTo(left + width, y);
    }
    context.stroke();
    context.restore();
  }
}

/**
 * Write a number with its right end at x. Superscript digits are raised plain ones, as in the clip.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {{size: number, color: string}} style
 */
function writeRaised(context, text, x, y, style) {
  const found = SUPERSCRIPT.exec(text);
  if (!found) {
    write(context, text, x, y, { ...style, align: "right", at: "middle" });
    return;
  }
  const raised = found[0].replace(/./g, letter => PLAIN[RAISED.indexOf(letter)]);
  const size = RAISED_SIZE * style.size;
  write(context, raised, x, y - RAISED_BY * style.size, { ...style, size, align: "right", at: "middle" });
  const width = context.measureText(raised).width;
  write(context, text.slice(0, found.index), x - width, y, { ...style, align: "right", at: "middle" });
}
