/** The controls around the picture: buttons, slider, racers, keyboard, pointer, readings and announcements. */

import { copied } from "./clipboard.js";
import { filled, numberFormat } from "./numbers.js";
import { writeQuery } from "./query.js";
import { IN_VIEW } from "./race.js";
import { lossText } from "./scoreboard.js";
import { pointOf } from "./starts.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./viewer.js").Viewer} Viewer
 */

/** Degrees by which an arrow key turns the camera. */
const TURN = 5;

/** Distance in pixels of the layout up to which the pointer is at a head, a trail or a curve. */
const NEAR = 14;

/** Distance in pixels from which a press with the pointer is a drag. */
const DRAG = 4;

/** @template {Element} T @param {string} id @param {{new (): T}} type */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no ${id}`);
  return found;
}

export class Controls {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.payload = viewer.payload;
    this.words = viewer.payload.words;
    this.numbers = numberFormat(viewer.payload);
    this.stage = element("stage", HTMLElement);
    this.bar = element("bar", HTMLElement);
    this.playButton = element("play", HTMLButtonElement);
    this.slider = element("step", HTMLInputElement);
    this.speed = element("speed", HTMLSelectElement);
    this.ownStart = element("own-start", HTMLButtonElement);
    this.reset = element("reset-view", HTMLButtonElement);
    this.themeButton = element("theme", HTMLButtonElement);
    this.copy = element("copy-link", HTMLButtonElement);
    this.save = element("save-image", HTMLButtonElement);
    this.racers = element("racers", HTMLElement);
    this.surface = element("surface", HTMLElement);
    this.contour = element("contour", HTMLElement);
    this.tip = element("tip", HTMLElement);
    this.about = element("about-start", HTMLElement);
    this.status = element("status", HTMLElement);
    /** @type {import("./viewer.js").Cell | null} */
    this.aimed = null;
    /** Racer whose reading is shown, null for none. @type {number | null} */
    this.focused = null;
    /** The step of the last picture. */
    this.passed = 0;
    /** @type {HTMLInputElement[]} */
    this.boxes = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.keeping = undefined;
    // A frame with the text of a page has no address of its own.
    this.copy.hidden = location.protocol === "about:";
    this.slider.max = String(this.payload.last);
    this.#makeRacers();
    this.#bindButtons();
    this.#bindKeys();
    this.#bindSurface();
    this.#bindContour();
    this.#bindReadings();
    viewer.addEventListener("draw", () => {
      this.#showMoment();
      this.#sayEvents();
    });
    viewer.addEventListener("play", () => this.#showPlaying());
    viewer.addEventListener("layout", () => this.#placeAreas());
    viewer.addEventListener("theme", () => this.#showTheme());
    viewer.addEventListener("start", () => this.#showStart());
    viewer.addEventListener("end", () => this.say(`${this.#position()}. ${this.#summary()}`));
    this.#showTheme();
    this.#showPlaying();
    this.#showStart();
  }

  /** Height below the picture that belongs to the window: the controls, or on a small screen only their first row. */
  get height() {
    const { bar, playButton } = this;
    return bar.offsetHeight < innerHeight / 6 ? bar.offsetHeight : playButton.offsetHeight + 10;
  }

  /** Announce a sentence. @param {string} sentence */
  say(sentence) {
    this.status.textContent = sentence;
  }

  /** Show and announce a sentence. It is shown until the state changes. @param {string} sentence */
  report(sentence) {
    this.#showStart();
    this.about.textContent = `${sentence} ${this.about.textContent}`;
    this.say(sentence);
  }

  /** Announce what has happened since the last picture, while the scene's own race plays. */
  #sayEvents() {
    const { viewer, payload, passed } = this;
    this.passed = viewer.step;
    if (!viewer.playing || viewer.run !== viewer.own) return;
    const sentences = payload.events.filter(([step]) => passed < step && step <= viewer.step).map(([, sentence]) => sentence);
    if (sentences.length) this.say(sentences.join(" "));
  }

  /** The step as words. */
  #position() {
    return filled(this.words.position, { step: this.viewer.step, steps: this.payload.last });
  }

  /** The racers' losses as words. */
  #summary() {
    const { viewer, payload } = this;
    const parts = payload.racers.flatMap(({ name }, racer) =>
      viewer.shown[racer] && viewer.run.racers[racer]
        ? [`${name} ${lossText(payload, viewer.run, racer, viewer.moment.step).words}`]
        : [],
    );
    return parts.join(", ");
  }

  /** A racer's step, position and loss as words. @param {number} racer @param {number} step */
  #reading(racer, step) {
    const { viewer, payload, words } = this;
    const own = viewer.run.racers[racer];
    const { name } = payload.racers[racer];
    if (!own) return this.payload.starts?.absent.find(each => each.racer === racer)?.reason ?? `${name}: ${words.absent}`;
    const at = Math.min(Math.floor(step), own.steps);
    const loss = lossText(payload, viewer.run, racer, at);
    const position = filled(words.position, { step: at, steps: payload.last });
    if (loss.lost) return filled(words.readingLost, { name, position, reason: loss.words });
    const [x, y] = [own.xy[2 * at], own.xy[2 * at + 1]].map(each => this.numbers.coordinate(each));
    return filled(words.reading, { name, position, x, y, quantity: payload.heading, loss: loss.words });
  }

  #makeRacers() {
    const { payload, viewer, racers } = this;
    payload.racers.forEach((racer, index) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = viewer.shown[index];
      box.addEventListener("change", () => {
        viewer.show(index, box.checked);
        this.say(filled(box.checked ? this.words.shown : this.words.hidden, { name: racer.name }));
        this.#keep();
      });
      const name = document.createElement("span");
      name.textContent = racer.name;
      label.append(box, markerOf(racer), name);
      label.title = racer.settings;
      const read = (/** @type {boolean} */ on) => {
        this.focused = on ? index : null;
        this.#showReading();
      };
      label.addEventListener("pointerenter", event => { if (event.pointerType === "mouse") read(true); });
      label.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") read(box.matches(":focus-visible")); });
      box.addEventListener("focus", () => {
        if (!box.matches(":focus-visible")) return;
        read(true);
        this.say(this.#reading(index, viewer.moment.step));
      });
      box.addEventListener("blur", () => read(false));
      this.boxes.push(box);
      racers.append(label);
    });
  }

  #bindButtons() {
    const { viewer, words } = this;
    this.playButton.addEventListener("click", () => this.#toggle());
    this.slider.addEventListener("input", () => {
      viewer.seek(Number(this.slider.value));
      this.#keep();
    });
    this.speed.addEventListener("change", () => { viewer.speed = Number(this.speed.value); });
    this.ownStart.addEventListener("click", () => {
      this.playButton.focus({ preventScroll: true });
      viewer.drop(null);
      this.#begin();
      this.say(words.ownStart);
      this.#keep();
    });
    this.reset.addEventListener("click", () => {
      this.playButton.focus({ preventScroll: true });
      this.#resetView();
    });
    this.themeButton.addEventListener("click", () => {
      viewer.setTheme(this.#otherTheme());
      this.#keep();
    });
    this.copy.addEventListener("click", async () => {
      const address = this.#address();
      if (await copied(address)) {
        this.say(words.linkCopied);
        this.#flash(this.copy, words.copied);
      } else {
        this.report(`${words.linkFailed} ${address}`);
      }
    });
    this.save.addEventListener("click", async () => {
      const image = await viewer.image();
      if (!image) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(image);
      link.download = `race-step-${viewer.step}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      this.say(words.imageSaved);
    });
  }

  /** Show another text on a button for a moment. @param {HTMLButtonElement} button @param {string} text */
  #flash(button, text) {
    const own = button.dataset.own ?? button.textContent ?? "";
    button.dataset.own = own;
    button.textContent = text;
    setTimeout(() => { button.textContent = own; }, 1500);
  }

  #toggle() {
    const { viewer } = this;
    if (viewer.playing) viewer.pause();
    else viewer.play();
    this.#keep();
  }

  /** Show the race from its beginning, or its end if reduced motion is preferred. */
  #begin() {
    const { viewer } = this;
    if (viewer.calm) {
      viewer.seek(this.payload.last);
    } else {
      viewer.seek(0);
      viewer.play();
    }
  }

  #resetView() {
    this.viewer.resetView();
    this.say(this.words.viewReset);
  }

  /** @param {number} step */
  #stepTo(step) {
    this.viewer.seek(step);
    this.say(`${this.#position()}. ${this.focused === null ? this.#summary() : this.#reading(this.focused, this.viewer.moment.step)}`);
    this.#keep();
  }

  #bindKeys() {
    document.addEventListener("keydown", event => {
      if (event.defaultPrevented || isShortcut(event)) return;
      const target = event.target instanceof Element ? event.target : document.body;
      const moves = !target.closest("select, input[type=range]");
      const { step } = this.viewer;
      if (event.key === " " && !target.closest("button, select, input[type=checkbox], a, summary, [role=application]")) this.#toggle();
      else if (event.key === "ArrowLeft" && moves) this.#stepTo(step - 1);
      else if (event.key === "ArrowRight" && moves) this.#stepTo(step + 1);
      else if (event.key === "Home" && moves) this.#stepTo(0);
      else if (event.key === "End" && moves) this.#stepTo(this.payload.last);
      else return;
      event.preventDefault();
    });
  }

  #bindSurface() {
    const { surface, viewer } = this;
    /** @type {{x: number, y: number} | null} */
    let last = null;
    surface.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      last = { x: event.clientX, y: event.clientY };
      surface.setPointerCapture(event.pointerId);
    });
    surface.addEventListener("pointermove", event => {
      if (!last) return;
      const { clientX: x, clientY: y } = event;
      // On a touch screen, a vertical drag scrolls the page.
      const down = event.pointerType === "touch" ? 0 : y - last.y;
      viewer.drag((x - last.x) / this.#scale, down / this.#scale);
      last = { x, y };
    });
    const end = () => { last = null; };
    surface.addEventListener("pointerup", end);
    surface.addEventListener("pointercancel", end);
    surface.addEventListener("dblclick", () => this.#resetView());
    surface.addEventListener("keydown", event => {
      if (isShortcut(event)) return;
      const across = { ArrowLeft: TURN, ArrowRight: -TURN }[event.key] ?? 0;
      const up = { ArrowUp: TURN, ArrowDown: -TURN }[event.key] ?? 0;
      if (event.key === "Escape" || event.key === "0") this.#resetView();
      else if (event.key === " ") this.#toggle();
      else if (across || up) {
        viewer.turn(across, up);
        const { azimuth, elevation } = viewer.currentAngles;
        this.say(filled(this.words.turned, { azimuth: Math.round(azimuth), elevation: Math.round(elevation) }));
      } else return;
      event.preventDefault();
    });
  }

  /** Pixels of the screen in a pixel of the layout. */
  get #scale() {
    return this.viewer.canvas.clientWidth / this.viewer.layout.size[0];
  }

  /** Return the pixel of the layout under the pointer. @param {MouseEvent} event */
  #pixel(event) {
    const box = this.viewer.canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / this.#scale, y: (event.clientY - box.top) / this.#scale };
  }

  /** Return the start of the grid under the pointer, or the nearest one that is shown. @param {MouseEvent} event */
  #cellAt(event) {
    const { viewer } = this;
    const { x, y } = this.#pixel(event);
    const cell = viewer.nearestStart(viewer.backdrop.contour.pointAt(x, y));
    return cell && viewer.nearestShown(cell);
  }

  #bindContour() {
    const { contour, viewer, payload } = this;
    const { starts } = payload;
    if (!starts?.racers.length) {
      contour.hidden = true;
      return;
    }
    /** @type {{x: number, y: number, drags: boolean} | null} */
    let pressed = null;
    contour.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      pressed = { x: event.clientX, y: event.clientY, drags: false };
      contour.setPointerCapture(event.pointerId);
      viewer.aim(this.#cellAt(event));
    });
    contour.addEventListener("pointermove", event => {
      const cell = this.#cellAt(event);
      viewer.aim(cell);
      if (!pressed) return;
      pressed.drags ||= Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > DRAG;
      if (!pressed.drags) return;
      viewer.drop(cell);
      if (!viewer.atEnd) viewer.seek(payload.last);
    });
    contour.addEventListener("pointerup", event => {
      if (!pressed) return;
      pressed = null;
      viewer.aim(null);
      this.#drop(this.#cellAt(event));
    });
    contour.addEventListener("pointercancel", () => {
      pressed = null;
      viewer.aim(null);
    });
    contour.addEventListener("pointerleave", () => {
      if (!pressed) viewer.aim(null);
    });
    contour.addEventListener("focus", () => {
      if (!contour.matches(":focus-visible")) return;
      const own = viewer.own.racers[0]?.xy ?? [0, 0];
      this.aimed ??= viewer.cell ?? viewer.nearestStart([own[0], own[1]]);
      viewer.aim(this.aimed);
    });
    contour.addEventListener("blur", () => viewer.aim(null));
    contour.addEventListener("keydown", event => {
      if (isShortcut(event)) return;
      const own = viewer.own.racers[0]?.xy ?? [0, 0];
      const aimed = this.aimed ?? viewer.cell ?? viewer.nearestStart([own[0], own[1]]);
      if (!aimed) return;
      const right = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0, up = { ArrowDown: -1, ArrowUp: 1 }[event.key] ?? 0;
      if (right || up) {
        this.aimed = viewer.nearestShown({ column: aimed.column + right, row: aimed.row + up });
        viewer.aim(this.aimed);
        this.say(this.#point(pointOf(starts, this.aimed)));
      } else if (event.key === "Enter" || event.key === " ") this.#drop(aimed);
      else return;
      event.preventDefault();
    });
  }

  /** @param {import("./viewer.js").Cell | null} cell */
  #drop(cell) {
    if (!cell) return;
    this.aimed = cell;
    this.viewer.drop(cell);
    this.#begin();
    this.#keep();
    this.say(this.about.textContent ?? "");
  }

  /** Write a point. @param {ArrayLike<number>} point */
  #point(point) {
    return `(${this.numbers.coordinate(point[0])}, ${this.numbers.coordinate(point[1])})`;
  }

  #bindReadings() {
    const { stage } = this;
    const read = (/** @type {PointerEvent} */ event) => {
      const found = this.#racerAt(this.#pixel(event));
      if (found) this.#showTip(this.#reading(found.racer, found.step), found.x, found.y);
      else this.#showReading();
    };
    stage.addEventListener("pointermove", event => {
      if (event.pointerType !== "touch" && !event.buttons) read(event);
    });
    stage.addEventListener("pointerleave", event => {
      if (event.pointerType !== "touch") this.#showReading();
    });
    // The reading under a finger remains until the next touch.
    document.addEventListener("pointerdown", event => {
      if (event.pointerType !== "touch") return;
      const { target } = event;
      if (target instanceof Node && stage.contains(target) && target !== this.contour) read(event);
      else this.#showReading();
    });
  }

  /**
   * Return the racer whose head, trail or curve is at a pixel of the layout, and the step there.
   *
   * @param {{x: number, y: number}} pixel
   */
  #racerAt({ x, y }) {
    const { viewer } = this;
    const { picture, run, moment } = viewer;
    let best = null;
    let least = NEAR;
    const consider = (/** @type {number} */ racer, /** @type {number} */ step, /** @type {number} */ px, /** @type {number} */ py, advantage = 1) => {
      const apart = Math.hypot(px - x, py - y) * advantage;
      if (apart < least) [best, least] = [{ racer, step, x: px, y: py }, apart];
    };
    run.racers.forEach((own, racer) => {
      if (!own || !viewer.shown[racer]) return;
      for (const { heads } of [picture.above, picture.beside]) consider(racer, moment.step, heads[2 * racer], heads[2 * racer + 1], 0.5);
      const { contour, scoreboard } = picture;
      if (inBox(viewer.layout.boxes.wireframe, x, y)) {
        const { steps, pixels } = picture.stepsOnSurface(racer);
        for (let index = 0; index < steps.length && steps[index] <= moment.step; index++) {
          consider(racer, steps[index], pixels[2 * index], pixels[2 * index + 1]);
        }
      }
      for (let step = 0; step <= Math.min(moment.step, own.steps); step++) {
        if (own.lost[step] !== IN_VIEW) continue;
        if (inBox(contour.box, x, y)) consider(racer, step, contour.pixelX(own.xy[2 * step]), contour.pixelY(own.xy[2 * step + 1]));
        if (scoreboard.curves && inBox(scoreboard.curves.box, x, y)) {
          const end = scoreboard.curves.endAt(racer, step);
          consider(racer, step, end.x, end.y);
        }
      }
      const area = scoreboard.areas.find(each => each.racer === racer);
      if (area && x >= area.left && x <= area.right && y >= area.top && y <= area.bottom) {
        best = { racer, step: moment.step, x, y: area.bottom };
        least = 0;
      }
    });
    return /** @type {{racer: number, step: number, x: number, y: number} | null} */ (best);
  }

  /** Show the reading of the focused racer beside its head. There is none of a hidden racer. */
  #showReading() {
    const { viewer, focused } = this;
    const { heads } = viewer.picture.above;
    if (focused === null || !viewer.shown[focused]) {
      this.tip.hidden = true;
      return;
    }
    const [x, y] = [heads[2 * focused], heads[2 * focused + 1]];
    const [left, top] = viewer.layout.boxes.wireframe;
    const away = Number.isNaN(x);
    this.#showTip(this.#reading(focused, viewer.moment.step), away ? left : x, away ? top : y);
  }

  /** @param {string} text @param {number} x @param {number} y pixel of the layout beside which it is shown */
  #showTip(text, x, y) {
    const { tip, stage, viewer } = this;
    tip.textContent = text;
    tip.hidden = false;
    const scale = this.#scale;
    const left = viewer.canvas.offsetLeft + x * scale + 14, top = viewer.canvas.offsetTop + y * scale + 14;
    tip.style.left = `${Math.max(4, Math.min(left, stage.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${top + tip.offsetHeight > stage.clientHeight ? top - tip.offsetHeight - 28 : top}px`;
  }

  #showMoment() {
    const { viewer, slider } = this;
    slider.value = String(viewer.step);
    slider.setAttribute("aria-valuetext", this.#position());
    slider.style.setProperty("--done", `${(100 * viewer.moment.step) / Math.max(1, this.payload.last)}%`);
    this.reset.hidden = viewer.angles === null;
    if (this.focused !== null) this.#showReading();
  }

  #showPlaying() {
    const { playing, atEnd } = this.viewer;
    this.playButton.setAttribute("aria-label", playing ? this.words.pause : atEnd ? this.words.replay : this.words.play);
    this.playButton.dataset.playing = String(playing);
  }

  #showStart() {
    const { viewer, payload, words, about } = this;
    const { run } = viewer;
    this.ownStart.hidden = run.start === null;
    this.boxes.forEach((box, racer) => box.closest("label")?.classList.toggle("absent", run.racers[racer] === null));
    const absent = (payload.starts?.absent ?? []).map(({ reason }) => reason);
    if (!run.start) {
      about.textContent = [...(payload.starts?.racers.length ? [words.howToDrop] : []), ...absent].join(" ");
      return;
    }
    const sensitive = payload.racers.filter((_, racer) => viewer.isSensitive(racer)).map(({ name }) => name);
    const sentences = [filled(words.dropped, { point: this.#point(run.start) })];
    if (sensitive.length) sentences.push(filled(words.sensitive, { names: sensitive.join(", ") }));
    about.textContent = [...sentences, ...absent].join(" ");
  }

  /** The theme that the button switches to. */
  #otherTheme() {
    const { viewer, payload } = this;
    const light = payload.theme === "dark" ? "light" : payload.theme;
    return viewer.theme === "dark" ? light : "dark";
  }

  #showTheme() {
    const { viewer, payload, words } = this;
    const colors = payload.themes[viewer.theme];
    const root = document.documentElement;
    root.dataset.theme = viewer.theme;
    root.style.colorScheme = viewer.theme === "dark" ? "dark" : "light";
    for (const name of /** @type {const} */ (["background", "ink", "muted", "rule"])) root.style.setProperty(`--${name}`, colors[name]);
    root.style.setProperty("--accent", colors.texts[0]);
    this.racers.querySelectorAll("svg").forEach((svg, racer) => svg.setAttribute("fill", colors.hues[racer]));
    this.themeButton.textContent = this.#otherTheme() === "dark" ? words.dark : words.light;
  }

  /** Put the areas for focus and pointer over their parts of the picture. */
  #placeAreas() {
    const { viewer, surface, contour, bar } = this;
    bar.style.setProperty("--picture", `${viewer.canvas.clientWidth}px`);
    const { boxes } = viewer.layout;
    const scale = this.#scale;
    for (const [area, box] of /** @type {[HTMLElement, import("./data.js").Box][]} */ ([[surface, boxes.wireframe], [contour, boxes.contour]])) {
      area.style.left = `${viewer.canvas.offsetLeft + box[0] * scale}px`;
      area.style.top = `${viewer.canvas.offsetTop + box[1] * scale}px`;
      area.style.width = `${box[2] * scale}px`;
      area.style.height = `${box[3] * scale}px`;
    }
  }

  /** The parameters of the current state. */
  #query() {
    const { viewer, payload } = this;
    const all = viewer.shown.every(Boolean);
    return writeQuery({
      step: viewer.playing ? null : viewer.step,
      start: viewer.run.start,
      racers: all ? null : payload.racers.filter((_, racer) => viewer.shown[racer]).map(({ name }) => name),
      theme: viewer.theme === payload.theme ? null : viewer.theme,
    });
  }

  /** The address of the page in the current state. */
  #address() {
    return location.href.replace(/[?#].*$/, "") + this.#query();
  }

  /** Keep the state in the address, soon. What was reported about the last state is over. */
  #keep() {
    this.#showStart();
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      try {
        history.replaceState(null, "", this.#query() || location.pathname);
      } catch {
        // A page inside another one may not change its address. The link can be copied.
      }
    }, 300);
  }
}

/** Return whether a key belongs to a shortcut of the browser. @param {KeyboardEvent} event */
function isShortcut({ ctrlKey, metaKey, altKey }) {
  return ctrlKey || metaKey || altKey;
}

/** @param {import("./data.js").Box} box @param {number} x @param {number} y */
function inBox([left, top, width, height], x, y) {
  return x >= left - NEAR && x <= left + width + NEAR && y >= top - NEAR && y <= top + height + NEAR;
}

/** Return a picture of a racer's head. @param {import("./data.js").Racer} racer */
function markerOf({ shape }) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "-0.75 -0.75 1.5 1.5");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  const points = [];
  for (let at = 0; at < shape.data.length; at += 2) points.push(`${shape.data[at].toFixed(4)} ${(-shape.data[at + 1]).toFixed(4)}`);
  path.setAttribute("d", `M${points.join("L")}Z`);
  svg.append(path);
  return svg;
}
