import { ICONS, OVERLAY } from "./markup.js";

/** Play, pause, seek, loop; the sound comes from the kernel at the first Play. */
export class Player {
  position = 0;
  stale = true;
  waiting = false;
  touched = false;

  constructor(scope) {
    this.scope = scope;
    this.audio = scope.find(".workbench-audio");
    this.button = scope.find(".workbench-play");
    this.label = scope.find(".workbench-position");
    const { signal } = scope.abort;
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal });
    on(this.button, "click", () => this.toggle());
    on(scope.find(".workbench-loop"), "click", ({ currentTarget }) => {
      this.audio.loop = !this.audio.loop;
      currentTarget.setAttribute("aria-pressed", this.audio.loop);
    });
    on(scope.find(".workbench-volume"), "input", ({ target }) => {
      this.audio.volume = target.value;
    });
    for (const type of ["play", "pause", "ended", "seeked", "durationchange"]) {
      on(this.audio, type, () => this.refresh());
    }
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  /** Seconds since the start of the sound. */
  get now() {
    return this.audio.readyState ? this.audio.currentTime : this.position;
  }

  toggle() {
    if (this.playing || this.waiting === "play") {
      this.waiting = false;
      this.audio.pause();
    } else if (this.stale) {
      this.ask("play");
    } else {
      this.play();
    }
    this.refresh();
  }

  ask(purpose) {
    const asked = this.waiting;
    this.waiting = purpose;
    if (!asked) this.scope.send({ kind: "audio" });
  }

  play() {
    this.touched = true;
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.scope.say(`No sound: ${error.message}`);
    });
  }

  /** Take new sound at the old position, and go on playing. */
  load(buffer, name) {
    if (!this.waiting) return;
    const resume = this.waiting === "play" || this.playing;
    this.position = this.now;
    this.waiting = false;
    this.stale = false;
    URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(new Blob([buffer], { type: "audio/wav" }));
    this.audio.src = this.url;
    this.audio.title = name;
    this.audio.currentTime = this.position;
    if (resume) this.play();
  }

  /** The sound is old: fetch it again at the next Play, or now while it plays. */
  invalidate() {
    this.stale = true;
    clearTimeout(this.timer);
    if (this.playing) this.timer = setTimeout(() => this.ask("swap"), 250);
  }

  /** Another signal has come: begin at its start, and fetch its sound at the next Play. */
  rewind() {
    this.position = 0;
    this.stale = true;
    this.touched = this.playing;
    if (this.playing) {
      this.audio.currentTime = 0;
    } else {
      this.audio.removeAttribute("src");
      this.audio.load();
    }
    this.refresh();
  }

  seek(time) {
    const start = this.scope.view.full[0];
    this.position = Math.max(0, time - start);
    this.touched = true;
    const { audio } = this;
    if (audio.readyState) audio.currentTime = Math.min(this.position, audio.duration);
    this.refresh();
  }

  /** Once per animation frame while it plays: when the playhead leaves the view, turn the page. */
  advance() {
    const { view } = this.scope;
    const [before, time] = [this.before, view.full[0] + this.now];
    const inside = (t) => t >= view.first && t <= view.last;
    if (inside(before) && !inside(time)) this.scope.look(time, time + view.last - view.first);
    this.before = time;
    this.refresh();
  }

  /** Bring button, numbers and playhead up to date. */
  refresh() {
    const { full } = this.scope.view;
    const active = this.playing || this.waiting === "play";
    if (this.active !== active) {
      this.active = active;
      this.button.setAttribute("aria-label", active ? "Pause" : "Play");
      this.button.title = active ? "Pause (Space)" : "Play (Space)";
      this.button.firstElementChild.innerHTML = active ? ICONS.pause : ICONS.play;
    }
    const length = this.audio.duration || full[1] - full[0];
    const text = `${this.now.toFixed(2)} / ${length.toFixed(2)} s`;
    if (this.label.textContent !== text) this.label.textContent = text;
    this.scope.invalidate(OVERLAY);
  }

  dispose() {
    clearTimeout(this.timer);
    this.audio.pause();
    this.audio.removeAttribute("src");
    URL.revokeObjectURL(this.url);
  }
}
