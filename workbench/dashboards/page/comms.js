const RELEASED = Symbol.for("workbench: lets go when it is closed"); // each widget has its own modules
const FORGETTING = Symbol.for("workbench: views that have gone are forgotten");
const GONE = 1000; // ms after a scope has left its page, all around it has

/** The widgets of a page that have come up, from the manager of its widgets. */
export function modelsOf(manager) {
  return valuesOf(manager?._models);
}

/** What promises have come to, by name; what has failed is left out. */
async function valuesOf(promises) {
  const found = await Promise.allSettled(Object.values(promises ?? {}));
  return found.flatMap(({ value }) => value ?? []);
}

/**
 * Have each widget that there is now let go of when the kernel closes it.
 *
 * JupyterLab keeps the comm of every widget for as long as its kernel, the comm keeps the widget, and
 * that the view that was made last, with all around it.
 */
export async function releaseWhenClosed(manager) {
  for (const model of await modelsOf(manager)) {
    if (!model.comm || model[RELEASED]) continue;
    model[RELEASED] = true;
    model.once("destroy", () => {
      model.comm.on_msg(nothing);
      model.comm.on_close(nothing);
    });
  }
}

/**
 * Forget what a page has shown, once for all that leaves it together.
 *
 * For as long as a widget lives, ipywidgets keeps each view of it that listens to messages, each view
 * of its looks, and the view that was made last. A gallery would grow with each dashboard that it opens.
 */
export function forgetViews(manager) {
  if (!manager || manager[FORGETTING]) return;
  manager[FORGETTING] = true;
  setTimeout(async () => {
    manager[FORGETTING] = false;
    for (const model of await modelsOf(manager)) {
      const looks = areLooks(model);
      if (looks) await forgetLooks(model);
      if (looks || /^workbench\./.test(model.get("_anywidget_id"))) forgetListeners(model);
    }
  }, GONE);
}

function areLooks(model) {
  return model.get("_view_module") === "@jupyter-widgets/base"
    && /^(Layout|Style)View$/.test(model.get("_view_name"));
}

/** Looks that several widgets share outlive them: those views whose own widget's view has gone. */
async function forgetLooks(model) {
  for (const view of await valuesOf(model.views)) {
    const of = view.options?.parent;
    if (of && !(await valuesOf(of.model.views)).includes(of)) view.remove();
  }
}

/** Those of ipywidgets, which have no context, wait for a message to take the focus: nobody sends it. */
function forgetListeners(model) {
  model.state_change = model.state_change.then(nothing, nothing);
  for (const { callback, context } of model._events?.["msg:custom"] ?? []) {
    if (!context) model.off("msg:custom", callback);
  }
}

function nothing() {} // a function within another would itself keep the widget
