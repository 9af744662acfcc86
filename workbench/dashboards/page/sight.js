const REST = 200; // ms without a frame after which the kernel draws what is off the screen

/**
 * Which panels are on the screen: while a control moves, the kernel draws no others.
 *
 * A frame that lacks some is completed as soon as they come into sight, or when nothing moves any
 * more and no control is held. A canvas has no parts to watch, so an empty element lies over each panel.
 */
export class Sight {
  places = [];
  hidden = new Set();
  abort = new AbortController();

  /** Calls `changed` when other panels are on the screen, or all of them are wanted. */
  constructor(figure, changed) {
    this.figure = figure;
    this.changed = changed;
    this.watcher = new IntersectionObserver((entries) => this.take(entries));
    const { signal } = this.abort;
    for (const name of ["pointerdown", "pointerup", "pointercancel"]) {
      const hold = ({ buttons }) => this.hold(name === "pointerdown" && buttons === 1);
      window.addEventListener(name, hold, { signal, capture: true });
    }
  }

  /** The mouse's first button, a finger or a pen is held, or it is not any more. */
  hold(held) {
    this.held = held;
    if (!held && this.late) this.expect(true);
  }

  /** Numbers of the panels of which something is on the screen; null stands for all of them. */
  get visible() {
    const shown = this.places.filter((place) => !this.hidden.has(place));
    return this.hidden.size ? shown.map((place) => this.places.indexOf(place)) : null;
  }

  /** Follow the panels to where they are now. */
  follow(panels) {
    while (this.places.length > panels.length) {
      const place = this.places.pop();
      this.watcher.unobserve(place);
      this.hidden.delete(place);
      place.remove();
    }
    panels.forEach(({ box }, i) => {
      const place = this.places[i] ?? this.add();
      const [left, top, width, height] = [box.x, box.y, box.width, box.height].map((n) => `${n}px`);
      const where = `${left} ${top} ${width} ${height}`;
      if (place.dataset.where === where) return;
      place.dataset.where = where; // telling the page what it knows makes it place everything anew
      Object.assign(place.style, { left, top, width, height });
    });
  }

  add() {
    const place = document.createElement("div");
    place.className = "workbench-place";
    this.places.push(place);
    this.figure.append(place);
    this.watcher.observe(place);
    return place;
  }

  take(entries) {
    const before = `${this.visible}`;
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting || !target.isConnected) this.hidden.delete(target);
      else this.hidden.add(target);
    }
    if (`${this.visible}` !== before) this.changed();
  }

  /** A frame has come; a late one has panels that are off the screen as they were before. */
  expect(late) {
    clearTimeout(this.timer);
    this.late = late;
    this.figure.ariaBusy = late ? "true" : null;
    if (late && !this.held) this.timer = setTimeout(this.changed, REST);
  }

  dispose() {
    clearTimeout(this.timer);
    this.abort.abort();
    this.watcher.disconnect();
  }
}
