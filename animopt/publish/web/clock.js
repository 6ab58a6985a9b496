/** The clip's clock: the step of the race, the camera's turn and the hold at the end at each frame. */

/** A moment: `frame` is fractional, `turned` is the part of the camera's turn, `hold` the part of the hold at the end. */
/** @typedef {{frame: number, step: number, turned: number, hold: number}} Moment */

export class Clock {
  /** @param {import("./data.js").Payload} payload */
  constructor({ clip, last }) {
    this.fps = clip.fps;
    let count = 1;
    while (count < clip.step.data.length && clip.step.data[count] >= clip.step.data[count - 1]) count++;
    this.steps = clip.step.data.subarray(0, count);
    this.turned = clip.turned.data.subarray(0, count);
    this.hold = clip.hold.data.subarray(0, count);
    this.last = last;
    this.end = count - 1;
  }

  /** Return the moment at a fractional frame. @param {number} frame @returns {Moment} */
  at(frame) {
    const at = Math.min(Math.max(frame, 0), this.end), before = Math.floor(at), after = Math.min(before + 1, this.end);
    const between = (/** @type {ArrayLike<number>} */ row) => row[before] + (at - before) * (row[after] - row[before]);
    const step = between(this.steps), whole = Math.round(step);
    // Numbers of the clip are rounded. The page shows whole steps, and rounding must not lower them.
    return { frame: at, step: Math.abs(step - whole) < 1e-4 ? whole : step, turned: between(this.turned), hold: between(this.hold) };
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
