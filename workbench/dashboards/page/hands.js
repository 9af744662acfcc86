import { OVERLAY } from "./markup.js";
import { clamp } from "./numbers.js";

/** Mouse, touch, wheel and keyboard on the figure. */
export class Hands {
  hover = null;
  drag = null;

  constructor(scope) {
    this.scope = scope;
    const { figure, abort: { signal } } = scope;
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel",
      "pointerleave", "dblclick", "wheel", "keydown"]) {
      figure.addEventListener(type, (event) => this[type](event), { signal, passive: false });
    }
    const click = (name, action) => scope.find(`.workbench-${name}`)
      .addEventListener("click", action, { signal });
    click("in", () => this.zoom(0.5));
    click("out", () => this.zoom(2));
    click("reset", () => this.reset());
    click("lower", () => this.zoomHertz(0.5));
    click("higher", () => this.zoomHertz(2));
  }

  /** Position of an event in the figure. */
  at(event) {
    const box = this.scope.figure.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  zoom(factor, centre = (this.scope.view.first + this.scope.view.last) / 2) {
    const { first, last } = this.scope.view;
    this.scope.look(centre - (centre - first) * factor, centre + (last - centre) * factor);
  }

  /** Move by a fraction of what is shown. */
  pan(fraction) {
    const { first, last } = this.scope.view;
    this.scope.look(first + fraction * (last - first), last + fraction * (last - first));
  }

  /** The panel whose axis in Hz the keys zoom: a picture, where there is one. */
  get tall() {
    const able = this.scope.panels.filter(({ meta }) => meta.reach);
    return able.find((panel) => panel.timed) ?? able[0];
  }

  /** Zoom in frequency; where nothing else is said the lowest one stays. */
  zoomHertz(factor, panel = this.tall, centre = undefined) {
    const { band } = this.scope.view;
    const lowest = () => band.within(panel.meta.reach)[0];
    if (panel) this.scope.listen(...band.scaled(panel, factor, centre ?? lowest()));
  }

  panHertz(fraction, panel = this.tall) {
    if (panel) this.scope.listen(...this.scope.view.band.moved(panel, fraction));
  }

  reset() {
    const { view: { full, band } } = this.scope;
    this.scope.look(...full);
    if (band.full) this.scope.listen(...band.full);
  }

  /** The panel beside whose axis in Hz a point lies. */
  beside({ x, y }) {
    return x < this.scope.view.x - 6 ? this.scope.overHertz(y) : undefined;
  }

  /** The panel along whose axis in Hz a wheel acts at a point, the value there, and its length. */
  hertzAt({ x, y }, alt) {
    const picture = alt ? this.scope.overHertz(y) : this.beside({ x, y });
    if (picture) return { along: picture, value: picture.toValue(y), length: picture.box.height };
    const lines = this.scope.under({ x, y });
    if (lines?.timed !== false || !lines.meta.reach) return {};
    return { along: lines, value: lines.toValue(x), length: lines.box.width };
  }

  wheel(event) {
    const { view } = this.scope;
    const at = this.at(event);
    const unit = event.deltaMode ? 16 : 1;
    const { along, value, length } = this.hertzAt(at, event.altKey);
    if (!this.scope.overTime(at.y) && !along) return;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const factor = Math.exp(clamp(event.deltaY * unit, -120, 120) * 0.0025);
    if (along && (event.altKey || event.ctrlKey || event.metaKey)) {
      this.zoomHertz(factor, along, value);
    } else if (event.ctrlKey || event.metaKey) {
      this.zoom(factor, view.toTime(clamp(at.x, view.x, view.x + view.width)));
    } else if (along && event.shiftKey) {
      this.panHertz((along.timed ? -sideways : sideways) * unit / length, along);
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.pan((sideways * unit) / view.width);
    } else {
      return;
    }
    event.preventDefault();
  }

  pointerdown(event) {
    const { view, figure } = this.scope;
    const { x, y } = this.at(event);
    if (event.button !== 0 || !this.scope.overTime(y)) return;
    figure.setPointerCapture(event.pointerId);
    figure.focus({ preventScroll: true });
    const { selection } = this.scope;
    selection.shown = false;
    const axis = this.beside({ x, y });
    if (axis) {
      const ends = view.band.within(axis.meta.reach);
      this.drag = { axis, from: y, to: y, pan: event.shiftKey, ends };
      return;
    }
    if (selection.on && !event.shiftKey) selection.grab({ x, y }, event.pointerType);
    this.drag = { from: x, to: x, pan: event.shiftKey, first: view.first, last: view.last };
  }

  pointermove(event) {
    const { scope, scope: { view } } = this;
    this.hover = this.at(event);
    const { drag } = this;
    const { selection } = scope;
    selection.shown &&= !event.movementX && !event.movementY;
    if (!drag) scope.figure.style.cursor = this.cursor(event);
    if (drag?.axis) {
      this.dragHertz(drag);
    } else if (selection.hold) {
      selection.drag(this.hover);
    } else if (drag) {
      drag.to = clamp(this.hover.x, view.x, view.x + view.width);
      drag.moved ||= Math.abs(drag.to - drag.from) > 4;
      const shift = ((drag.from - drag.to) / view.width) * (drag.last - drag.first);
      if (drag.pan) scope.look(drag.first + shift, drag.last + shift);
    }
    scope.invalidate(OVERLAY);
  }

  cursor({ pointerType }) {
    if (this.beside(this.hover)) return "ns-resize";
    return this.scope.selection.cursorAt(this.hover, pointerType);
  }

  /** Follow the pointer along an axis in Hz: it marks a range, or with Shift it moves what is shown. */
  dragHertz(drag) {
    const { axis, axis: { box }, ends, pan } = drag;
    drag.to = clamp(this.hover.y, box.y, box.y + box.height);
    drag.moved ||= Math.abs(drag.to - drag.from) > 4;
    const { scope, scope: { view } } = this;
    if (pan) scope.listen(...view.band.moved(axis, (drag.to - drag.from) / box.height, ends));
  }

  pointerup() {
    const { drag } = this;
    const { view, selection } = this.scope;
    this.drag = null;
    if (drag?.axis) {
      const ends = [drag.from, drag.to].sort((p, q) => q - p).map((y) => drag.axis.toValue(y));
      if (drag.moved && !drag.pan) this.scope.listen(...ends);
      this.scope.invalidate(OVERLAY);
      return;
    }
    if (!drag || (selection.hold && selection.drop())) return;
    const [a, b] = [drag.from, drag.to].sort((p, q) => p - q).map((x) => view.toTime(x));
    if (!drag.moved) this.click(clamp(a, view.first, view.last));
    else if (!drag.pan) this.scope.look(a, b);
    this.scope.invalidate(OVERLAY);
  }

  /** A click sets the playhead; away from the selection it takes that away. */
  click(time) {
    const { selection, player } = this.scope;
    const { region } = selection;
    if (region && (time < region.first || time > region.last)) selection.clear();
    player.seek(time);
  }

  /** Undo the drag, or take the selection away. */
  escape() {
    this.drag = null;
    const { selection } = this.scope;
    if (!selection.cancel()) selection.clear();
  }

  pointercancel() {
    this.drag = null;
    this.scope.selection.cancel();
    this.pointerleave();
  }

  pointerleave() {
    this.hover = null;
    this.scope.invalidate(OVERLAY);
  }

  dblclick(event) {
    if (this.scope.overTime(this.at(event).y)) this.reset();
  }

  keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { selection, player } = this.scope;
    const extend = selection.on && event.shiftKey;
    const { band } = this.scope.view;
    const actions = {
      ArrowLeft: () => (extend ? selection.extend(-0.01) : this.pan(-0.1)),
      ArrowRight: () => (extend ? selection.extend(0.01) : this.pan(0.1)),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5),
      "-": () => this.zoom(2), _: () => this.zoom(2),
      f: band.full ? () => this.zoomHertz(event.shiftKey ? 2 : 0.5) : undefined,
      ArrowUp: band.shown ? () => this.panHertz(0.1) : undefined,
      ArrowDown: band.shown ? () => this.panHertz(-0.1) : undefined,
      Home: () => this.reset(), " ": () => player.toggle(),
      a: () => player.choose(player.tracks[0]), b: () => player.choose(player.tracks[1]),
      s: () => selection.toggle(),
      Escape: selection.region ? () => this.escape() : undefined,
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    action();
    event.preventDefault();
    event.stopPropagation();
  }
}
