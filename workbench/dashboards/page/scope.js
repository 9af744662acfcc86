/**
 * The page's half of the scope: draws panels from raw bytes, zooms those over time, plays.
 *
 * What travels, and which way, is in `receive` and in `scope.py`. Only the newest frame per animation
 * frame is drawn; the acknowledgement covers the rest.
 * Frames that a running cell pushes are paced by the kernel and not acknowledged.
 */

import { Actions } from "./actions.js";
import { showWhatWasGivenUp } from "./again.js";
import { readTheme } from "./colours.js";
import { ExportPanel } from "./export.js";
import { Hands } from "./hands.js";
import { ImagePanel } from "./image.js";
import { Inquiry } from "./inquiry.js";
import { arrange, rightMargin } from "./layout.js";
import { LinesPanel } from "./lines.js";
import { ALL, AXES, DATA, markup, OVERLAY } from "./markup.js";
import { Neighbours } from "./neighbours.js";
import { DISCONNECTED, Lifeline } from "./lifeline.js";
import { Overlay } from "./overlay.js";
import { MARGIN } from "./panel.js";
import { Player } from "./player.js";
import { Progress, veil } from "./progress.js";
import { Selection } from "./selection.js";
import { Sight } from "./sight.js";
import { View } from "./view.js";
import { WavePanel } from "./wave.js";
import { ZPlanePanel } from "./zplane.js";

const KINDS = { wave: WavePanel, image: ImagePanel, lines: LinesPanel, zplane: ZPlanePanel };

/** Wires everything: takes frames, keeps canvases in shape, draws what has changed. */
class Scope {
  panels = [];
  dirty = 0;
  abort = new AbortController();
  view = new View();

  constructor(model, parent) {
    this.model = model;
    this.root = document.createElement("div");
    this.root.className = "workbench-scope";
    this.root.dataset.lmSuppressShortcuts = "true";
    this.root.innerHTML = markup(`workbench-help-${crypto.getRandomValues(new Uint32Array(1))[0]}`);
    parent.append(this.root);
    this.figure = this.find(".workbench-figure");
    this.canvases = [...this.figure.querySelectorAll("canvas")];
    this.contexts = this.canvases.map((canvas) => canvas.getContext("2d"));
    this.selection = new Selection(this);
    this.player = new Player(this);
    this.hands = new Hands(this);
    this.overlay = new Overlay(this);
    this.actions = new Actions(this);
    this.lifeline = new Lifeline(this);
    this.inquiry = new Inquiry(this);
    this.sight = new Sight(this.figure, () => this.inquiry.ask());
    const stop = () => this.send({ kind: "stop" });
    this.progress = new Progress(this, this.find(".workbench-job"), stop, this.figure);
    this.exports = new ExportPanel(this);
    this.tick = this.tick.bind(this);
    this.receive = this.receive.bind(this);
    model.on("msg:custom", this.receive);
    this.watchTheme();
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.root);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  send(content, buffers = []) {
    if (!this.root.closest(DISCONNECTED)) this.model.send(content, undefined, buffers);
  }

  /** Status line, read out politely. */
  say(text) {
    this.find(".workbench-status").textContent = text;
  }

  /** Take the kernel's message. */
  receive(message, buffers) {
    const { player, selection, progress } = this;
    const known = {
      frame: () => {
        this.pending = { message, buffers, follow: this.inquiry.follows(message.for) };
        this.invalidate(DATA);
      },
      viewed: () => this.inquiry.answered(message),
      select: () => selection.hear(message.selection),
      selected: () => selection.question.answered(message.id),
      audio: () => player.load(buffers[0], message),
      silence: () => player.giveUp(message),
      stale: () => player.invalidate(),
      busy: () => progress.setBusy(message.number, message.stops),
      progress: () => progress.receive(message),
      status: () => this.say(message.text),
      export: () => this.exports.receive(message),
      look: () => this.wish(message.first, message.last),
    }[message.kind];
    if (known) known();
    else [this.lifeline, this.actions].forEach((each) => each.receive(message, buffers));
  }

  /** The shortest step between single samples on the page; undefined where there are none. */
  get finest() {
    const single = this.panels.filter(({ meta }) => meta.kind === "wave" && !meta.envelope);
    return single.length ? Math.min(...single.map(({ meta }) => meta.step)) : undefined;
  }

  /** Look at a range of time, with the data there are, and ask for the exact ones. */
  look(first, last) {
    if (!this.size || !this.panels.some((panel) => panel.timed)) return;
    this.turn(() => this.view.set(first, last, this.finest));
  }

  /** The same with a range of frequencies. */
  listen(low, high) {
    const { band } = this.view;
    if (!this.size || !band.full) return;
    this.turn(() => band.set(low, high));
  }

  /** Change what is in view; where it has changed, show it and ask for it. */
  turn(change) {
    const before = this.view.place;
    change();
    if (this.view.place === before) return;
    for (const panel of this.panels) panel.focus(this.view.band);
    this.invalidate(ALL);
    this.inquiry.report();
  }

  /** Look at a range of time as soon as there is one to look at. */
  wish(...range) {
    this.wished = this.panels.length ? this.look(...range) : range;
  }

  // ---- layout and theme

  /** Redraw when JupyterLab or the system changes colours or the pixel ratio. */
  watchTheme() {
    this.themes = new MutationObserver(() => this.readTheme());
    this.themes.observe(document.body, { attributes: true });
    const { signal } = this.abort;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.readTheme(), { signal });
    const follow = () => {
      const ratio = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
      const change = () => {
        follow();
        this.resize();
      };
      ratio.addEventListener("change", change, { signal, once: true });
    };
    follow();
  }

  readTheme() {
    const theme = readTheme(this.root, this.contexts[0]);
    if (theme.key === this.theme?.key) return;
    this.theme = theme;
    this.invalidate(ALL);
  }

  /** Place the panels, give the canvases their size, and tell the kernel what changed. */
  resize() {
    const width = this.root.clientWidth || this.size?.width;
    if (!width) return;
    this.readTheme();
    this.place(width);
  }

  /** The same in a width and with a theme that are known: asking the page for them takes long. */
  place(width) {
    const { view, panels, theme } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    view.put(MARGIN.left, Math.max(width - MARGIN.left - rightMargin(panels), 1), ratio);
    const height = arrange(panels, this.contexts[0], theme, view) || 160;
    if (height !== this.size?.height) this.figure.style.height = `${height}px`;
    this.sight.follow(panels);
    for (const canvas of this.canvases) {
      const size = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== size[0]) canvas.width = size[0];
      if (canvas.height !== size[1]) canvas.height = size[1];
    }
    this.size = { width, height };
    if (!this.neighbours) this.neighbours = new Neighbours(this.root);
    this.invalidate(ALL);
    this.inquiry.report();
  }

  // ---- drawing

  invalidate(layers) {
    this.dirty |= layers;
    if (!this.ticking) this.scheduled ||= requestAnimationFrame(this.tick);
  }

  /** Once per animation frame: take the newest frame, draw the layers that changed. */
  tick() {
    this.scheduled = 0;
    const started = performance.now();
    const frame = this.pending;
    this.pending = null;
    try {
      this.ticking = true; // what changes now is drawn at once
      if (frame) this.accept(frame);
    } finally {
      this.ticking = false;
    }
    const { dirty } = this;
    this.dirty = 0;
    if (this.size && this.theme) {
      if (dirty & AXES) this.drawAxes(this.clear(0));
      if (dirty & DATA) this.drawData(this.clear(1));
      if (dirty & OVERLAY) this.overlay.draw(this.clear(2));
    }
    if (frame) this.acknowledge(frame.message, performance.now() - started);
    this.selection.tell();
    if (this.player.playing) this.player.advance();
  }

  /** Tell the kernel, and whoever listens on the page, that a frame has been drawn. */
  acknowledge({ id, values, paced }, cost) {
    if (!paced) this.send({ kind: "drawn", id });
    const detail = { id, values, cost, time: performance.now() };
    this.root.dispatchEvent(new CustomEvent("workbench:drawn", { bubbles: true, detail }));
  }

  /** Take a frame's panels, and its axes where they differ from those on the page. */
  accept({ message, buffers, follow }) {
    let used = 0;
    this.panels = message.panels.map((meta, i) => {
      const Kind = KINDS[meta.kind];
      const panel = this.panels[i] instanceof Kind ? this.panels[i] : new Kind();
      panel.update(meta, buffers.slice(used, used + meta.buffers));
      used += meta.buffers;
      return panel;
    });
    this.figure.setAttribute("aria-label", message.summary);
    const { view } = this;
    const before = view.place;
    if (`${view.full}` !== `${message.time}`) {
      view.extend(message.time);
      this.player.rewind();
    }
    if (!this.layout || follow) this.inquiry.follow(message.shown, message.band);
    view.band.extend(this.panels);
    for (const panel of this.panels) panel.focus(view.band);
    const moved = before !== view.place;
    const layout = JSON.stringify(this.panels.map(({ names, meta }) => [
      meta.kind, meta.height, meta.title, names, meta.planes?.length, meta.half, Boolean(meta.reach)]));
    if (layout !== this.layout) {
      this.layout = layout;
      const still = !this.panels.some((panel) => panel.timed);
      for (const name of ["in", "out", "reset"]) this.find(`.workbench-${name}`).disabled = still;
      for (const name of ["lower", "higher"]) {
        this.find(`.workbench-${name}`).hidden = !view.band.full;
      }
      if (this.size) this.place(this.size.width);
      else this.resize();
    }
    const labels = message.panels.map(({ start, step, shape, old, ...rest }) => [rest, shape?.[0]]);
    const ends = this.panels.map(({ values, whole }) => values && [values[0], values.at(-1), whole]);
    const axes = JSON.stringify([labels, ends, message.time]);
    if (moved || axes !== this.axes) this.invalidate(ALL);
    this.axes = axes;
    this.inquiry.report();
    if (moved) this.player.refresh();
    this.sight.expect(message.late);
    this.player.offer(message.tracks ?? []);
    if (message.selection) this.selection.take(message.selection);
    this.selection.fit();
    if (view.zoomed && view.last - view.first < 3.9 * this.finest) this.look(view.first, view.last);
    if (this.hands.hover) this.invalidate(OVERLAY);
    if (this.wished) this.wish(...this.wished);
  }

  /** An empty layer with CSS pixels as its unit. */
  clear(index) {
    const ctx = this.contexts[index];
    ctx.setTransform(this.view.ratio, 0, 0, this.view.ratio, 0, 0);
    ctx.clearRect(0, 0, this.size.width, this.size.height);
    ctx.lineWidth = 1;
    return ctx;
  }

  drawAxes(ctx) {
    const { theme, view, panels } = this;
    if (!panels.length) return;
    ctx.font = `11px ${theme.font}`;
    ctx.textBaseline = "middle";
    view.measure(ctx);
    for (const panel of panels) {
      panel.drawAxes(ctx, theme, view);
      panel.drawSide(ctx, theme);
      if (panel.bearsTime) panel.drawAcross(ctx, theme, view);
    }
  }

  drawData(ctx) {
    for (const panel of this.panels) {
      const { x, y, width, height } = panel.box;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x, y, width, height);
      ctx.clip();
      panel.draw(ctx, this.view, this.theme);
      veil(ctx, panel, this.view, this.theme);
      panel.drawMoments(ctx, this.view, this.theme);
      ctx.restore();
    }
  }

  /** The panel over time to which a height belongs, with its title and its axis, if it is one. */
  overTime(y) {
    const panel = this.panels.findLast((each, i) => i === 0 || each.start <= y);
    return panel?.timed ? panel : undefined;
  }

  /** The panel with a vertical axis in Hz to which a height belongs, if it is one. */
  overHertz(y) {
    const panel = this.overTime(y);
    return panel?.meta.reach ? panel : undefined;
  }

  /** The panel under a point of the figure. */
  under(point) {
    return point && this.panels.find((panel) => panel.holds(point));
  }

  dispose() {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = -1;
    this.inquiry.dispose();
    this.sight.dispose();
    this.selection.dispose();
    this.model.off("msg:custom", this.receive);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.abort.abort();
    this.neighbours?.dispose();
    this.player.dispose();
    this.root.remove();
  }
}

export default {
  initialize({ model }) {
    showWhatWasGivenUp(model.widget_manager);
  },
  render({ model, el }) {
    const scope = new Scope(model, el);
    return () => scope.dispose();
  },
};
