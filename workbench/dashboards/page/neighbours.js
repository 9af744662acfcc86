import { Fields } from "./fields.js";

/** What the scope does for the elements around it. */
export class Neighbours {
  constructor(root) {
    this.observers = [];
    const child = root.closest(".jp-OutputArea-child");
    if (child) this.watch(child.parentElement, () => this.hidePicture(child));
    const dashboard = root.closest(".workbench-dashboard");
    if (!dashboard) return;
    this.fields = new Fields(dashboard);
    this.watch(dashboard, () => this.nameControls(dashboard));
  }

  /**
   * Act now and, 100 ms after the last one, on changes outside scopes: a player's never end.
   *
   * Where they go on, as while something learns, act about once a second.
   */
  watch(node, action) {
    const watch = { timer: 0, since: null };
    const act = () => {
      watch.since = null;
      action();
    };
    watch.observer = new MutationObserver((changes) => {
      if (changes.every(({ target }) => target.closest(".workbench-scope"))) return;
      watch.since ??= performance.now();
      clearTimeout(watch.timer);
      watch.timer = setTimeout(act, performance.now() - watch.since < 1000 ? 100 : 0);
    });
    const attributeFilter = ["aria-valuenow"];
    watch.observer.observe(node, { childList: true, subtree: true, attributeFilter });
    this.observers.push(watch);
    action();
  }

  /** The saved notebook's picture, right after the live scope, is not needed beside it. */
  hidePicture(child) {
    const next = child.nextElementSibling;
    if (!next?.matches(".jp-OutputArea-child") || !next.querySelector(".jp-RenderedImage")) return;
    this.picture = next;
    next.style.display = "none";
  }

  /** Slider handles and inputs take their accessible name from the nearest label. */
  nameControls(dashboard) {
    const nameless = ".noUi-handle, .widget-readout, input, select, textarea";
    for (const element of dashboard.querySelectorAll(nameless)) {
      const labelled = [...element.labels ?? []].some((label) => label.textContent.trim());
      if (element.closest(".workbench-scope") || labelled) continue;
      const text = labelOf(element, dashboard);
      const handles = element.matches(".noUi-handle")
        ? [...element.closest(".noUi-target").querySelectorAll(".noUi-handle")] : [];
      const end = handles.length > 1 ? [", lower", ", upper"][handles.indexOf(element)] : "";
      const name = text && text + end;
      if (name && element.getAttribute("aria-label") !== name) {
        element.setAttribute("aria-label", name);
      }
      const number = element.closest(".workbench-number")?.querySelector("input");
      if (handles.length && number) element.setAttribute("aria-valuetext", number.value);
    }
    this.nameSwitches(dashboard);
    this.nameUpload(dashboard);
    this.fields.mark();
  }

  /** A check box does not say its own words once more in a tooltip; "auto" says of what. */
  nameSwitches(dashboard) {
    const titled = ".widget-checkbox input[title], .widget-checkbox span[title]:has([title])";
    for (const element of dashboard.querySelectorAll(titled)) element.removeAttribute("title");
    for (const element of dashboard.querySelectorAll(".workbench-auto input")) {
      const words = element.parentElement.textContent.trim();
      const of = labelOf(element.closest(".workbench-control"), dashboard);
      element.setAttribute("aria-label", `${words}: ${of}`);
    }
  }

  /** ipywidgets counts the files behind the words, but one is taken at a time. */
  nameUpload(dashboard) {
    for (const element of dashboard.querySelectorAll(".widget-upload:not([aria-label])")) {
      element.setAttribute("aria-label", element.textContent.replace(/\s*\(\d+\)$/, "").trim());
    }
  }

  dispose() {
    this.fields?.dispose();
    for (const { observer, timer } of this.observers) {
      observer.disconnect();
      clearTimeout(timer);
    }
    if (this.picture) this.picture.style.display = "";
  }
}

/** The text of the nearest label around an element of the dashboard. */
export function labelOf(element, dashboard) {
  for (let box = element; box && box !== dashboard; box = box.parentElement) {
    const text = box.querySelector(".widget-label:not(:empty)")?.textContent.trim();
    if (text) return text;
  }
  return "";
}
