import { canInterject, interject } from "./interjections.js";

const LASTING = 500; // ms after which a person wonders whether anything goes on

/** How far the kernel is with what takes long: a bar, the time left, and a button that stops it. */
export class Progress {
  busy = null; // the number of what is computed, and lasts

  /** `stop` asks the kernel to end a job; `rest` gets the focus when the button goes. */
  constructor(scope, root, stop, rest) {
    Object.assign(this, { scope, root, rest });
    this.bar = root.querySelector("[role=progressbar]");
    this.button = root.querySelector("button");
    const click = () => {
      if (this.busy !== null && this.stops) interject(scope.model, this.busy);
      if (this.going) stop();
      this.tell("Stopping", this.fraction, null);
      this.stopping = true;
    };
    this.button.addEventListener("click", click);
    scope.abort.signal.addEventListener("abort", () => {
      this.hide();
    });
  }

  /** Whether the kernel is computing something that lasts, by number: shown and said aloud. */
  setBusy(number, stops = false) {
    const busy = number !== null;
    this.busy = number;
    this.stops = stops && canInterject(this.scope.model);
    this.scope.root.classList.toggle("workbench-computing", busy);
    this.scope.find(".workbench-working").textContent = busy ? "Computing" : "";
    if (!this.going) this.showBusy();
  }

  /** Where no job goes on: one can be stopped that nobody knows the length of. */
  showBusy() {
    if (this.busy === null) return this.hide();
    this.tell("Computing", null, null);
    this.button.hidden = !this.stops;
    this.root.hidden = false;
    return undefined;
  }

  /** Take the kernel's word; what is over within half a second is never shown. */
  receive({ on, fraction, left, text }) {
    if (on && !this.going) this.stopping = false; // that was what has led to it
    this.going = on;
    if (!on) {
      this.hide();
      return this.showBusy();
    }
    this.button.hidden = false;
    if (!this.stopping) this.tell(text, fraction, left);
    if (this.root.hidden) this.timer ??= setTimeout(() => { this.root.hidden = false; }, LASTING);
    return undefined;
  }

  /** Show words and numbers; where nobody knows how far it is, there is no number. */
  tell(text, fraction, left) {
    this.fraction = fraction;
    const known = fraction !== null;
    const percent = known ? Math.floor(100 * fraction) : 0;
    const words = [text, known && `${percent} %`, left !== null && `${duration(left)} left`];
    this.root.querySelector("span").textContent = words.filter(Boolean).join(" · ");
    this.bar.classList.toggle("workbench-unknown", !known);
    this.bar.firstElementChild.style.width = `${percent}%`;
    this.bar.setAttribute("aria-valuetext", words.filter(Boolean).join(", "));
    if (known) this.bar.setAttribute("aria-valuenow", percent);
    else this.bar.removeAttribute("aria-valuenow");
  }

  hide() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.stopping = false;
    if (this.root.contains(document.activeElement)) this.rest.focus();
    this.root.hidden = true;
  }
}

/** Seconds as a person says them: whole ones, from two minutes on minutes. */
function duration(seconds) {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** Dim the spans of a panel that are old, or still to come. */
export function veil(ctx, { meta: { old }, box }, view, theme) {
  ctx.fillStyle = theme.back;
  ctx.globalAlpha = 0.6;
  for (const [first, last] of old ?? []) {
    const x = view.toX(first);
    ctx.fillRect(x, box.y, view.toX(last) - x, box.height);
  }
  ctx.globalAlpha = 1;
}
