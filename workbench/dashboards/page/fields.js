/** What the fields of a dashboard say where something else than a number is typed. */

const FIELD = ".workbench-number input[type=number]";
const PASTED = /^\s*[-+.\deE]*\s*$/;

/** A field takes the number from before; below it stands what it wants, until it gets that. */
export class Fields {
  constructor(dashboard) {
    this.dashboard = dashboard;
    this.typed = null;
    this.refused = ""; // of what is typed now, what the browser has left out
    this.leave = new AbortController();
    const on = (name, react) => dashboard.addEventListener(name, (event) => {
      if (event.target.matches?.(FIELD)) react(event.target, event);
    }, { capture: true, signal: this.leave.signal }); // before the widget reads the field
    on("beforeinput", (field, event) => this.type(field, event));
    on("input", (field) => {
      if (this.typed && (field.value !== "" || field.validity.badInput)) this.typed.taken = true;
    });
    on("keydown", (field, { key }) => {
      this.judge();
      if (key === "Enter" && !this.refused && field.value) this.settle(field); // maybe no change
      else if (key.length > 1 && key !== "Enter" && key !== "Shift") this.refused = "";
    });
    on("focusin", () => { this.refused = ""; });
    on("change", (field) => this.settle(field));
  }

  /** A browser leaves out letters without a word: 2,5 would be 25, pasted too. */
  type(field, event) {
    this.judge();
    const text = event.data;
    if (!text) return;
    if (text.length > 1 && !PASTED.test(text)) event.preventDefault();
    this.typed = { text, taken: false };
    setTimeout(() => {
      this.judge();
      if (this.refused) this.complain(field);
    });
  }

  /** Whether the browser has taken what was typed last: nothing tells where it hasn't. */
  judge() {
    if (this.typed && !this.typed.taken) this.refused += this.typed.text;
    this.typed = null;
  }

  /** What was typed is to be taken: where it is no number, the widget puts the old one back. */
  settle(field) {
    this.judge();
    if (this.refused) field.value = "";
    if (field.value === "") this.complain(field);
    else this.messageOf(field)?.remove();
    this.refused = "";
    this.mark();
  }

  complain(field) {
    const row = field.closest(".workbench-number");
    let said = this.messageOf(field);
    if (!said) {
      said = document.createElement("div");
      said.className = "workbench-error";
      said.dataset.field = field.id;
      row.closest(".workbench-control").append(said);
    }
    const got = this.refused ? `; got ${this.refused}` : "";
    const name = field.getAttribute("aria-label") || "this";
    const text = `${name} must be a number, such as 2.5${got}. It stays as it was.`;
    if (said.textContent !== text) {
      said.innerHTML = "<span role=alert></span>";
      said.firstChild.textContent = text;
    }
    said.dataset.place = this.placeOf(row);
    this.mark();
  }

  messageOf(field) {
    return this.dashboard.querySelector(`.workbench-error[data-field="${field.id}"]`);
  }

  placeOf(row) {
    return row.querySelector(".noUi-handle")?.getAttribute("aria-valuenow") ?? "";
  }

  /** What wants another value says so; what was moved since its complaint has got one. */
  mark() {
    for (const said of this.dashboard.querySelectorAll(".workbench-error[data-field]")) {
      const row = document.getElementById(said.dataset.field)?.closest(".workbench-number");
      if (!row || this.placeOf(row) !== said.dataset.place) said.remove();
    }
    for (const control of this.dashboard.querySelectorAll(".workbench-control")) {
      const alerts = [...control.querySelectorAll("[role=alert]")];
      for (const element of control.querySelectorAll("input[type=number], select")) {
        const wrong = alerts.some((alert) => {
          const field = alert.parentElement.dataset.field;
          return !field || field === element.id;
        });
        if (wrong) element.setAttribute("aria-invalid", "true");
        else element.removeAttribute("aria-invalid");
      }
    }
  }

  dispose() {
    this.leave.abort();
  }
}
