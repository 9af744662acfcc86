import { ICONS, OVERLAY } from "./markup.js";
import { Sound } from "./sound.js";

/**
 * Play, pause, seek, loop, the choice of the track. Sounds come from the kernel when they are needed.
 *
 * There are two decks, of which one is heard. What is to be heard next, another track, the same one
 * after a change, or a selection, begins on the other before this one ends: there is no gap.
 */
export class Player {
  position = 0;
  sounds = new Map();
  tracks = [];
  track = "";
  matched = true;
  loop = false;
  waiting = ""; // the sound that has been asked for, to be played when it comes
  touched = false;
  loaded = ""; // what the deck that is heard has, where it begins, and how long its part is
  origin = 0;
  lag = 0.03; // seconds from the choice of a place to the sound from there, as last seen

  constructor(scope) {
    this.scope = scope;
    [this.audio, this.spare] = scope.root.querySelectorAll("audio");
    this.button = scope.find(".workbench-play");
    this.label = scope.find(".workbench-position");
    this.choice = scope.find(".workbench-tracks");
    this.match = scope.find(".workbench-match");
    const { signal } = scope.abort;
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal });
    on(this.button, "click", () => this.toggle());
    on(scope.find(".workbench-loop"), "click", ({ currentTarget }) => {
      this.loop = !this.loop;
      this.audio.loop = this.spare.loop = this.loop;
      currentTarget.setAttribute("aria-pressed", this.loop);
      this.follow();
    });
    on(scope.find(".workbench-volume"), "input", ({ target }) => {
      this.audio.volume = this.spare.volume = target.value;
    });
    on(this.choice, "change", ({ target }) => this.choose(target.value));
    on(this.match, "click", () => {
      this.matched = !this.matched;
      this.match.setAttribute("aria-pressed", this.matched);
      this.follow();
    });
    for (const deck of [this.audio, this.spare]) {
      for (const type of ["play", "pause", "ended", "seeked", "durationchange"]) {
        on(deck, type, () => this.refresh());
      }
    }
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  /** Seconds since the start of the sound. */
  get now() {
    const { audio, origin, length } = this;
    if (!audio.readyState) return this.position;
    return origin + (length ? Math.min(audio.currentTime % length, length) : audio.currentTime);
  }

  /** What is to be heard: the name under which its sound is kept, and the part of it. */
  get wanted() {
    return `${this.track} ${this.matched}`;
  }

  get part() {
    const { region } = this.scope.selection;
    const start = this.scope.view.full[0];
    return region && [region.first - start, region.last - start, this.loop];
  }

  get stale() {
    return !this.sounds.has(this.wanted);
  }

  toggle() {
    if (this.playing || this.waiting) {
      this.position = this.now;
      this.waiting = "";
      this.coming = null;
      for (const deck of [this.audio, this.spare]) deck.pause();
    } else if (this.stale) {
      this.ask();
    } else {
      this.change();
    }
    this.refresh();
  }

  /** Ask the kernel for the sound that is wanted, unless that is on its way. */
  ask() {
    const asked = this.waiting === this.wanted;
    this.waiting = this.wanted;
    const { track, matched } = this;
    if (!asked) this.scope.send({ kind: "audio", track, matched });
  }

  /** Ask once more for what may never come. */
  forget() {
    const { waiting } = this;
    this.waiting = "";
    if (waiting) this.ask();
  }

  /** Keep a sound that the kernel has sent, and play it if it is the one that is waited for. */
  load(buffer, { track = this.track, matched = this.matched, name }) {
    const key = `${track} ${matched}`;
    this.sounds.set(key, new Sound(buffer, name));
    if (key !== this.waiting) return;
    this.waiting = "";
    this.change();
  }

  /** There is no such sound, and the kernel has said why: wait no longer. */
  giveUp({ track, matched }) {
    if (this.waiting === `${track} ${matched}`) this.waiting = "";
    this.refresh();
  }

  /** While something plays, or is to play when it comes: go on with what is wanted now. */
  follow() {
    if (!this.playing && !this.waiting) return;
    if (this.stale) return this.ask();
    this.waiting = "";
    if (this.loaded !== this.plan()) this.change();
  }

  /** What tells one content of a deck from another. */
  plan() {
    return `${this.wanted} ${this.part ?? ""}`;
  }

  /** Play what is wanted: on this deck where it is there already, otherwise on the other. */
  async change(goal = this.now + this.playing * this.lag) {
    this.touched = true;
    if (this.loaded === this.plan() && !this.coming) return this.play(this.audio);
    const { audio: before, spare: next, part } = this;
    const sound = this.sounds.get(this.wanted);
    const { file, origin, length } = part ? sound.part(...part) : { file: sound.whole, origin: 0 };
    const moving = this.playing;
    const inside = !length || (goal >= origin && goal < origin + length);
    const coming = this.coming = { loaded: this.plan(), origin, length };
    this.empty(next);
    next.src = URL.createObjectURL(file);
    next.title = sound.name;
    this.position = inside ? goal : origin;
    next.currentTime = this.position - origin;
    if (!moving) this.swap(coming);
    await this.play(next);
    if (coming !== this.coming) return;
    if (moving) {
      const late = before.currentTime + this.origin - next.currentTime - origin;
      if (inside && !this.length && !length) this.lag = Math.min(Math.max(this.lag + late, 0), 0.2);
      this.swap(coming);
    }
    this.coming = null;
  }

  /** Have the other deck heard; this one falls silent and is emptied. */
  swap(coming) {
    Object.assign(this, coming);
    [this.audio, this.spare] = [this.spare, this.audio];
    this.audio.className = "workbench-audio";
    this.spare.className = "";
    this.empty(this.spare);
  }

  /** Start a deck; another start or a pause may come before that has happened. */
  async play(deck) {
    try {
      await deck.play();
    } catch (error) {
      if (error.name !== "AbortError") this.scope.say(`No sound: ${error.message}`);
    }
  }

  empty(deck) {
    deck.pause();
    URL.revokeObjectURL(deck.src);
    deck.removeAttribute("src");
    deck.load();
  }

  /** All sounds are old: fetch the one that plays now, others when they are wanted. */
  invalidate() {
    this.sounds.clear();
    this.loaded = "";
    clearTimeout(this.timer);
    if (this.playing) this.timer = setTimeout(() => this.follow(), 250);
  }

  /** Another signal has come: begin at its start, and fetch its sound at the next Play. */
  rewind() {
    this.position = 0;
    this.sounds.clear();
    this.loaded = "";
    this.touched = this.playing;
    if (this.playing) this.audio.currentTime = 0;
    else this.empty(this.audio);
    this.refresh();
  }

  seek(time) {
    const start = this.scope.view.full[0];
    this.position = Math.max(0, time - start);
    this.touched = true;
    const { audio, origin, length } = this;
    const here = this.position - origin;
    if (audio.readyState && here >= 0 && !(here > length)) {
      audio.currentTime = Math.min(here, audio.duration);
    } else if (this.playing) {
      if (!this.stale) this.change(this.position);
    } else {
      this.empty(audio);
      this.loaded = "";
    }
    this.refresh();
  }

  // ---- tracks

  /** Offer what the kernel can give to hear. */
  offer(tracks) {
    if (`${tracks}` === `${this.tracks}`) return;
    this.tracks = tracks;
    if (!tracks.includes(this.track)) this.track = tracks[0] ?? "";
    this.choice.replaceChildren(...tracks.map((track) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"),
        { type: "radio", name: this.choice.id, value: track, checked: track === this.track });
      label.append(input, track);
      return label;
    }));
    this.choice.hidden = this.match.hidden = tracks.length < 2;
    this.follow();
  }

  choose(track) {
    if (!track || track === this.track) return;
    this.track = track;
    for (const input of this.choice.querySelectorAll("input")) input.checked = input.value === track;
    this.follow();
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
    const active = this.playing || Boolean(this.waiting);
    if (this.active !== active) {
      this.active = active;
      this.button.setAttribute("aria-label", active ? "Pause" : "Play");
      this.button.title = active ? "Pause (Space)" : "Play (Space)";
      this.button.firstElementChild.innerHTML = active ? ICONS.pause : ICONS.play;
    }
    const length = (!this.length && this.audio.duration) || full[1] - full[0];
    const text = `${this.now.toFixed(2)} / ${length.toFixed(2)} s`;
    if (this.label.textContent !== text) this.label.textContent = text;
    this.scope.invalidate(OVERLAY);
  }

  dispose() {
    clearTimeout(this.timer);
    for (const deck of [this.audio, this.spare]) this.empty(deck);
  }
}
