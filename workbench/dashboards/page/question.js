const PATIENCE = 2000; // ms after which an answer is taken for lost

/** A question to the kernel: one at a time, and after the answer the newest. */
export class Question {
  number = crypto.getRandomValues(new Uint32Array(1))[0]; // another page asks with others
  open = false;
  again = false;

  /** `send` sends the question of now under a number, which the answer bears too. */
  constructor(send) {
    this.send = send;
  }

  ask() {
    if (this.open) this.again = true;
    else this.begin();
  }

  /** Ask at once, whatever is open. */
  begin() {
    this.again = false;
    this.open = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), PATIENCE);
    this.send(++this.number);
  }

  answered(number) {
    if (number === this.number) this.release();
  }

  release() {
    clearTimeout(this.timer);
    this.open = false;
    if (this.again) this.begin();
  }

  dispose() {
    clearTimeout(this.timer);
  }
}
