import { forgetViews, releaseWhenClosed } from "./comms.js";
import { giveUpWaiting, waiting } from "./overdue.js";

const QUEUED = 1000; // ms until what has waited for a connection is on its way
export const DISCONNECTED = ".jupyter-widgets-disconnected"; // what has lost its kernel

/**
 * What a page does when its kernel goes: it says so, and offers the settings to the next one.
 *
 * A connection that breaks takes with it what is on its way. When there is one again, the page says
 * so, and the kernel tells it once more what all controls and the picture are.
 * The tab's storage keeps the last settings of each dashboard, told apart by the notebook and by
 * the settings with which it opens. A dashboard that has just been made, and that had others before,
 * shows a button which restores them.
 */
export class Lifeline {
  constructor(scope) {
    this.scope = scope;
    const check = () => setTimeout(() => this.check()); // when all around the view know as well
    scope.model.on("comm_live_update", check);
    const follow = (_, status) => this.follow(status);
    const { widget_manager: manager } = scope.model; // some front ends tell nothing of it
    const { kernel } = manager ?? {};
    releaseWhenClosed(manager);
    kernel?.connectionStatusChanged?.connect(follow);
    scope.abort.signal.addEventListener("abort", () => {
      kernel?.connectionStatusChanged?.disconnect(follow);
      clearTimeout(this.settling);
      scope.model.off("comm_live_update", check);
      this.take(false);
      releaseWhenClosed(manager);
      forgetViews(manager);
    });
    const click = () => this.restore();
    scope.find(".workbench-restore").addEventListener("click", click);
  }

  /** Whether the front end has lost the kernel that made this view. */
  check() {
    const lost = this.scope.root.closest(DISCONNECTED) !== null;
    if (lost === Boolean(this.lost)) return;
    this.take(lost);
    this.scope.progress.setBusy(null);
    if (document.getElementById("workbench-ending")) return; // this page says so itself
    const again = document.body.dataset.voila ? "load the page again" : "run the cell again";
    this.scope.say(lost ? `The kernel has ended: ${again}.` : "");
  }

  /** Follow the connection: a while after one that broke is back, make good what was lost. */
  follow(status) {
    const back = status === "connected" && this.broken;
    this.broken = status !== "connected";
    clearTimeout(this.settling);
    if (back) this.settleSoon();
  }

  /** First the controls say what they are, then the kernel tells what it has made of it. */
  async settle() {
    const { scope } = this;
    await giveUpWaiting(scope.model.widget_manager);
    if (scope.abort.signal.aborted || this.broken) return;
    scope.player.forget();
    scope.inquiry.return();
  }

  /** The kernel has told it; where a control has moved meanwhile, that is not the last word. */
  async settled() {
    const moving = await waiting(this.scope.model.widget_manager);
    if (moving.length && !this.scope.abort.signal.aborted && !this.broken) this.settleSoon();
  }

  settleSoon() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), QUEUED);
  }

  /** Take the controls away, since nobody listens to them, or give them back. */
  take(lost) {
    this.lost = lost;
    const home = this.scope.root.closest(".workbench-dashboard") ?? this.scope.root;
    const parts = ".workbench-controls, .workbench-figure, .workbench-bar, "
      + ".workbench-export-panel";
    for (const part of home.querySelectorAll(parts)) part.inert = lost;
    if (!lost) return;
    this.scope.player.audio.pause();
    this.scope.progress.hide();
    this.scope.exports.progress.hide();
  }

  /** Keep the settings of now; at first, where there were others, offer those instead. */
  receive({ kind, design, opened }) {
    if (kind !== "settings") return;
    const now = JSON.stringify(design), fresh = JSON.stringify(opened);
    if (now === this.now) return;
    const first = this.now === undefined;
    this.now = now;
    this.key = `workbench ${location.pathname} ${fresh}`;
    this.before = first && now === fresh ? read(this.key) : null;
    const offers = Boolean(this.before) && this.before !== now;
    this.scope.find(".workbench-restore").hidden = !offers;
    if (!offers) write(this.key, now);
  }

  restore() {
    this.scope.actions.ask("load", {}, [new TextEncoder().encode(this.before)]);
  }
}

// A page may be forbidden to store anything: then nothing is offered.

function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, text) {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // as above
  }
}
