import { shallowRef, toValue, watchEffect, type MaybeRefOrGetter } from "vue";
import { connect, type SockjaxError } from "sockjax";

// One client for the whole page, not one for each component.
export const api = connect("/ws");

/** Makes the call, and makes it anew when its data changes. */
export function useCall<R>(data: MaybeRefOrGetter<unknown>) {
  const reply = shallowRef<R>();
  const error = shallowRef<SockjaxError>();
  watchEffect((onCleanup) => {
    const leaving = new AbortController();
    onCleanup(() => leaving.abort());
    reply.value = error.value = undefined;
    api.request<R>(toValue(data), { signal: leaving.signal }).then(
      (value) => (reply.value = value),
      (reason: SockjaxError) => leaving.signal.aborted || (error.value = reason),
    );
  });
  return { reply, error };
}
