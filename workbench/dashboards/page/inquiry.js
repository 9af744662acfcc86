import { Question } from "./question.js";

/**
 * What the page asks the kernel to show: a range of time and of frequencies, pixels, panels.
 *
 * The kernel answers when it is done; where it shows another range than was asked for, it says which.
 * Of several pages, those that have nothing open follow the one that has asked last.
 */
export class Inquiry {
  returned = false; // from a connection that broke

  constructor(scope) {
    this.scope = scope;
    this.question = new Question((id) => this.send(id));
  }

  /** Ask for what the page shows, unless that was the last that the kernel has been told. */
  report() {
    if (this.scope.size && this.told !== this.scope.view.told) this.ask();
  }

  /** Ask, also where only the panels on the screen are others. */
  ask() {
    this.question.ask();
  }

  /** The first question says that the page has come up. */
  send(id) {
    const { view, pending, sight, actions } = this.scope;
    const kind = this.told ? { kind: "view" } : { kind: "hello", returned: this.returned };
    this.told = this.asked = view.told;
    if (pending) pending.follow = false; // this page has asked since
    this.scope.send({ ...kind, id, from: actions.self, visible: sight.visible, ...view.asked });
  }

  /** Ask for everything: what has been told, or was on its way here, may be lost. */
  return() {
    if (!this.told) return; // the page has yet to come up
    this.returned = true;
    this.told = undefined;
    this.question.begin();
  }

  /** Take the kernel's answer to the last question, also one that has been waited for too long. */
  answered({ id, instead }) {
    const { question, scope } = this;
    if (id !== question.number) return;
    this.told = this.asked; // whatever the page has followed meanwhile
    if (instead && scope.layout && !question.again) this.take(instead);
    if (this.returned) scope.lifeline.settled();
    this.returned = false;
    question.answered(id);
    this.report();
  }

  /** Show another range than was asked for: that of the frame before the answer, if it is to come. */
  take({ first, last, band }) {
    const { scope } = this;
    if (scope.pending) scope.pending.follow = true;
    else scope.turn(() => this.follow(first === null ? scope.view.full : [first, last], band));
  }

  /** Whether a frame's range, which a page has asked for, is to be this one's as well. */
  follows(page) {
    return Boolean(page) && page !== this.scope.actions.self && !this.question.open;
  }

  /** Show the range that the kernel shows. */
  follow(shown, band) {
    const { view } = this.scope;
    view.set(...shown);
    view.band.shown = band;
    if (this.told) this.told = view.told;
  }

  dispose() {
    this.question.dispose();
  }
}
