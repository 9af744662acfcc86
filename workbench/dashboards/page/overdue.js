import { modelsOf } from "./comms.js";

const SOON = 100, AT_ONCE = 1000; // ms
const MARK = Symbol.for("workbench: what is overdue is given up"); // each widget has its own modules

/** The widgets that wait for an answer to what they have sent. */
export async function waiting(manager) {
  return (await modelsOf(manager)).filter((model) => model._pending_msgs > 0);
}

/**
 * Let controls send again what they are, after a connection that broke.
 *
 * A widget of ipywidgets sends its next value when the kernel has answered the one before, and
 * follows no other page until then. Where that answer is lost it would wait for ever: when the kernel
 * has nothing to do any more, what has not come is taken for given. Once for all views of a page.
 */
export function giveUpWaiting(manager) {
  if (!manager) return undefined;
  manager[MARK] ??= giveUp(manager).finally(() => {
    setTimeout(() => { delete manager[MARK]; }, AT_ONCE);
  });
  return manager[MARK];
}

async function giveUp(manager) {
  while (manager.kernel && manager.kernel.status !== "idle") {
    await new Promise((resolve) => { setTimeout(resolve, SOON); });
    if (manager.kernel?.status === "dead") return;
  }
  const answer = { content: { execution_state: "idle" } };
  for (const model of await waiting(manager)) {
    if (!model.comm_live) continue;
    model._expectedEchoMsgIds?.clear();
    for (let left = model._pending_msgs; left > 0; left--) model._handle_status(answer);
  }
}
