/** The clip's clock: the step of the race, the camera's turn and the hold at the end at each frame. */

/** A moment: `frame` is fractional, `turned` is the part of the camera's turn, `hold` the part of the hold at the end. */
/** @typedef {{frame: number, step: number, turned: number, hold: number}} Moment */

import { interpolated } from "./numbers.js";

export class Clock {
  /** @param {import("./data.js").Payload} payload */
  constructor({ clip, last }) {
    this.fps = clip.fps;
    this.steps = clip.step.data;
    this.turned = clip.turned.data;
    this.hold = clip.hold.data;
    this.last = last;
    this.end = this.steps.length - 1;
  }

  /** Return the moment at a fractional frame. @param {number} frame @returns {Moment} */
  at(frame) {
    const at = Math.min(Math.max(frame, 0), this.end);
    const step = interpolated(this.steps, at), whole = Math.round(step);
    // Numbers of the clip are rounded. The page shows whole steps, and rounding must not lower them.
    return { frame: at, step: Math.abs(step - whole) < 1e-4 ? whole : step, turned: interpolated(this.turned, at), hold: interpolated(this.hold, at) };
  }

  /** Return the frame at a step. The last step is at the end of the clip. @param {number} step */
  frameOf(step) {
    if (step <= 0) return 0;
    if (step >= this.last) return this.end;
    let after = 1;
    while (after < this.end && this.steps[after] < step) after++;
    const from = this.steps[after - 1], to = this.steps[after];
    return after - 1 + (to > from ? (step - from) / (to - from) : 1);
  }
}
