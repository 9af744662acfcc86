/**
 * Let controls send again what they are, after a connection that broke.
 *
 * A widget of ipywidgets sends its next value when the kernel has answered the one before. Where that
 * answer is lost it would wait for ever: here it is taken for given.
 */
export async function giveUpWaiting(manager) {
  const answer = { content: { execution_state: "idle" } };
  const models = await Promise.allSettled(Object.values(manager?._models ?? {}));
  for (const { value: model } of models) {
    for (let left = model?._pending_msgs ?? 0; left > 0; left--) model._handle_status(answer);
  }
}
