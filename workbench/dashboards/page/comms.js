const RELEASED = Symbol.for("workbench: lets go when it is closed"); // each widget has its own modules

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
 * When a view is taken from the page: let go of it, and of all around it when the kernel closes that.
 *
 * ipywidgets keeps, for as long as a widget lives, each view of it that listens to messages, each view
 * of its looks, and the view that was made last; a view keeps what is around it. JupyterLab keeps the
 * comm of every widget for as long as the kernel, and that its widget. A gallery would grow with each
 * dashboard that is opened.
 */
export async function letGo(manager) {
  for (const model of await modelsOf(manager)) {
    const looks = /^Layout|Style/.test(model.get("_model_name"));
    if (looks) await forgetLooks(model);
    if (looks || /^workbench\./.test(model.get("_anywidget_id"))) forgetViews(model);
    if (!model.comm || model[RELEASED]) continue;
    model[RELEASED] = true;
    model.once("destroy", () => {
      model.comm.on_msg(nothing);
      model.comm.on_close(nothing);
    });
  }
}

/** Those that have gone; those of another cell are newer, and stay. */
function forgetViews(model) {
  model.state_change = model.state_change.then(nothing);
  const listening = (model._events?.["msg:custom"] ?? []).filter(({ context }) => !context);
  const left = Object.keys(model.views ?? {}).length;
  const gone = listening.slice(0, Math.max(0, listening.length - left));
  for (const { callback } of gone) model.off("msg:custom", callback);
}

/** Looks that several widgets share outlive them. */
async function forgetLooks(model) {
  for (const view of await valuesOf(model.views)) {
    const of = view.options?.parent;
    if (of && !of.model.views?.[of.cid]) view.remove();
  }
}

function nothing() {} // a function within another would itself keep the widget
