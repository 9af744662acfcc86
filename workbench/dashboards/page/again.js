const MIME = "application/vnd.jupyter.widget-view+json";
const GIVEN_UP = "Error displaying widget: model not found";
const LOOKS = [500, 2500, 6000]; // ms after the models were made

/**
 * Show the outputs of the notebook once more where their widgets are said to be missing.
 *
 * While a page that is loaded again makes the models of all widgets, ipywidgets' two seconds of
 * patience with a view may pass; then it is given up, though its model is there a moment later.
 */
export function showWhatWasGivenUp(manager) {
  for (const later of LOOKS) setTimeout(() => showAgain(manager), later);
}

function showAgain(manager) {
  const shown = [...document.querySelectorAll(".jupyter-widgets")];
  if (!shown.some((node) => node.textContent === GIVEN_UP)) return;
  for (const { outputs } of manager?.context?.model?.cells ?? []) {
    const now = outputs?.toJSON() ?? [];
    if (now.some(({ data }) => manager.has_model(data?.[MIME]?.model_id))) outputs.fromJSON(now);
  }
}
