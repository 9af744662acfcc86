import { Progress } from "./progress.js";

/** The panel that exports: a choice of files, how far it is, the report, or why there is no file. */
export class ExportPanel {
  constructor(scope) {
    this.scope = scope;
    this.root = scope.find(".workbench-export-panel");
    this.opener = scope.find("[data-action=export]");
    this.choice = this.find("select");
    this.button = this.find("[type=submit]");
    const stop = () => scope.actions.ask("stop_export");
    this.progress = new Progress(scope, this.find(".workbench-exporting"), stop, this.button);
    this.find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.going) scope.actions.ask("export", { form: this.choice.value });
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.toggle(false);
    });
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  /** Open the panel, or close it. */
  toggle(open = this.root.hidden) {
    this.root.hidden = !open;
    this.opener.setAttribute("aria-expanded", open);
    (open ? this.choice : this.opener).focus();
  }

  /** Take the kernel's word: what there is to choose, what goes on, and what came of it. */
  receive({ targets, going, title, rows, problem, old }) {
    this.going = going !== null;
    if (!this.choice.length) {
      this.choice.append(...targets.map(([format, label, purpose]) =>
        new Option(`${label}: ${purpose}`, format)));
    }
    this.button.setAttribute("aria-disabled", this.going);
    this.progress.receive({ on: this.going, fraction: null, left: null, text: going });
    this.find(".workbench-problem").textContent = problem;
    this.find(".workbench-old").textContent = old ? "Something has changed since." : "";
    this.find("table").hidden = !rows.length;
    this.find("caption").textContent = title;
    this.find("tbody").replaceChildren(...rows.map(([name, text]) => row(name, text)));
  }
}

function row(name, text) {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const cell = document.createElement("td");
  cell.textContent = text;
  made.append(head, cell);
  return made;
}
