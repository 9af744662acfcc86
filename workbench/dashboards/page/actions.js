import { ICONS } from "./markup.js";

const MOST_BYTES = 2 ** 20; // of a design; the kernel checks as well

/** What the buttons ask the kernel for: undo, redo, reset, code, designs and files. */
export class Actions {
  self = String(crypto.getRandomValues(new Uint32Array(1))[0]);
  enabled = [];

  constructor(scope) {
    this.scope = scope;
    this.group = scope.find(".workbench-actions");
    this.menu = scope.find(".workbench-menu");
    this.opener = scope.find(".workbench-download");
    this.file = scope.find(".workbench-file");
    const { signal } = scope.abort;
    const on = (target, type, listener, options) =>
      target.addEventListener(type, listener, { signal, ...options });
    on(this.group, "click", (event) => this.clicked(event.target.closest("button")));
    on(this.group, "keydown", (event) => this.steer(event));
    on(this.group, "focusout", ({ relatedTarget }) => {
      if (!this.group.contains(relatedTarget)) this.fold();
    });
    on(this.file, "change", () => this.load());
    on(window, "pointerdown", ({ target }) => {
      if (!this.group.contains(target)) this.fold();
    });
    on(window, "keydown", (event) => this.shortcut(event), { capture: true });
  }

  /** Take the kernel's answer; what another page has asked for is not for this one. */
  receive(message, buffers) {
    if (message.kind === "actions") this.enable(message.enabled);
    else if (message.to && message.to !== this.self) return;
    else if (message.kind === "file") this.save(message, buffers[0]);
    else if (message.kind === "copy") this.copy(message.text);
  }

  enable(names) {
    this.enabled = names;
    this.group.hidden = false;
    for (const button of this.group.querySelectorAll("[data-action]")) {
      // a disabled button would lose the focus, and with it the keyboard's place
      button.setAttribute("aria-disabled", !names.includes(button.dataset.action));
    }
  }

  ask(name, more, buffers) {
    if (!this.enabled.includes(name)) return;
    this.scope.say("");
    this.tell(name, more, buffers);
  }

  tell(name, more = {}, buffers = []) {
    this.scope.send({ kind: "action", name, from: this.self, ...more }, buffers);
  }

  clicked(button) {
    const { action, form } = button?.dataset ?? {};
    if (form) {
      this.ask("download", { form });
      this.fold(true);
    } else if (action === "load") {
      this.file.click();
    } else if (action === "download") {
      if (this.menu.hidden) this.unfold();
      else this.fold(true);
    } else if (action === "export") {
      this.scope.exports.toggle();
    } else if (action) {
      this.ask(action);
    }
  }

  /** Undo and redo, where the focus is on the dashboard but not in a text. */
  shortcut(event) {
    const { key, target } = event;
    if (!(event.ctrlKey || event.metaKey) || event.altKey || key.toLowerCase() !== "z") return;
    const home = this.scope.root.closest(".workbench-dashboard") ?? this.scope.root;
    const typed = "textarea, [contenteditable=true], input:not([type=range], [type=checkbox])";
    if (this.group.hidden || !home.contains(target) || target.closest(typed)) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // JupyterLab would undo in the notebook
    this.tell(event.shiftKey ? "redo" : "undo"); // the kernel may yet be busy with what it undoes
  }

  // ---- the menu of files

  get items() {
    return [...this.menu.querySelectorAll("[role=menuitem]")];
  }

  unfold() {
    this.menu.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.items[0].focus();
  }

  fold(back = false) {
    if (this.menu.hidden) return;
    this.menu.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
    if (back) this.opener.focus();
  }

  steer(event) {
    const { items } = this;
    const at = items.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (at < 0 && event.target === this.opener && /^Arrow(Up|Down)$/.test(event.key)) this.unfold();
    else if (at >= 0 && to !== undefined) items.at(to % items.length).focus();
    else if (at >= 0 && event.key === "Escape") this.fold(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- files and the clipboard

  save({ name, type, action }, buffer) {
    const url = URL.createObjectURL(new Blob([buffer], { type }));
    const link = document.createElement("a");
    Object.assign(link, { href: url, download: name });
    this.scope.root.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
    this.done(action, `Saved ${name}`);
  }

  async load() {
    const [file] = this.file.files;
    this.file.value = ""; // so that the same file can be chosen again
    if (!file) return;
    if (file.size > MOST_BYTES) this.scope.say(`${file.name} is too large for a design.`);
    else {
      try {
        this.ask("load", { file: file.name }, [await file.arrayBuffer()]);
      } catch (error) {
        this.scope.say(`${file.name} cannot be read: ${error.message}`);
      }
    }
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.done("copy", "Code copied");
    } catch {
      this.offer(text); // no clipboard without leave, or without a safe connection
    }
  }

  /** Show a text, selected, for a person to copy. */
  offer(text) {
    const dialog = document.createElement("dialog");
    dialog.className = "workbench-offer";
    dialog.setAttribute("aria-label", "Copy this code");
    dialog.innerHTML = `<p>The browser keeps the clipboard closed. Copy with Ctrl+C (⌘C):</p>
      <textarea readonly rows="12" aria-label="Code"></textarea>
      <form method="dialog"><button>Close</button></form>`;
    const area = dialog.querySelector("textarea");
    area.value = text;
    dialog.addEventListener("close", () => dialog.remove());
    this.scope.root.append(dialog);
    dialog.showModal();
    area.focus();
    area.select();
  }

  /** Say what has been done, and show it on the button for a moment. */
  done(name, text) {
    this.rest();
    this.button = this.group.querySelector(`[data-action=${name}]`);
    this.button.firstElementChild.innerHTML = ICONS.done;
    this.scope.find(".workbench-done").textContent = text;
    this.timer = setTimeout(() => this.rest(), 2000);
  }

  /** The button that shows what has been done looks as before. */
  rest() {
    clearTimeout(this.timer);
    if (this.button) this.button.firstElementChild.innerHTML = ICONS[this.button.dataset.icon];
    this.scope.find(".workbench-done").textContent = "";
  }
}
