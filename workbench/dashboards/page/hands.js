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

  reset() {
    this.scope.look(...this.scope.view.full);
  }

  wheel(event) {
    const { view } = this.scope;
    if (!this.scope.overTime(this.at(event).y)) return;
    const unit = event.deltaMode ? 16 : 1;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(clamp(event.deltaY * unit, -120, 120) * 0.0025);
      this.zoom(factor, view.toTime(clamp(this.at(event).x, view.x, view.x + view.width)));
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
    if (selection.on && !event.shiftKey) selection.grab({ x, y }, event.pointerType);
    this.drag = { from: x, to: x, pan: event.shiftKey, first: view.first, last: view.last };
  }

  pointermove(event) {
    const { scope, scope: { view } } = this;
    this.hover = this.at(event);
    const { drag } = this;
    const { selection } = scope;
    selection.shown &&= !event.movementX && !event.movementY;
    if (!drag) scope.figure.style.cursor = selection.cursorAt(this.hover, event.pointerType);
    if (selection.hold) {
      selection.drag(this.hover);
    } else if (drag) {
      drag.to = clamp(this.hover.x, view.x, view.x + view.width);
      drag.moved ||= Math.abs(drag.to - drag.from) > 4;
      const shift = ((drag.from - drag.to) / view.width) * (drag.last - drag.first);
      if (drag.pan) scope.look(drag.first + shift, drag.last + shift);
    }
    scope.invalidate(OVERLAY);
  }

  pointerup() {
    const { drag } = this;
    const { view, selection } = this.scope;
    this.drag = null;
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
    const actions = {
      ArrowLeft: () => (extend ? selection.extend(-0.01) : this.pan(-0.1)),
      ArrowRight: () => (extend ? selection.extend(0.01) : this.pan(0.1)),
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5),
      "-": () => this.zoom(2), _: () => this.zoom(2),
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
