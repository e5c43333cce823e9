import { useEffect, useState } from "react";
import { connect, type SockjaxError } from "sockjax";

// One client for the whole page, not one for each component: StrictMode and
// navigation mount components again, and the connection stays.
export const api = connect("/ws");

export type Outcome<R> = { reply?: R; error?: SockjaxError };

/** Makes the call, and makes it anew when its data changes. */
export function useCall<R>(data: unknown): Outcome<R> {
  const [outcome, setOutcome] = useState<Outcome<R>>({});
  const text = JSON.stringify(data);
  useEffect(() => {
    const leaving = new AbortController();
    setOutcome({});
    api.request<R>(JSON.parse(text), { signal: leaving.signal }).then(
      (reply) => setOutcome({ reply }),
      (error: SockjaxError) => leaving.signal.aborted || setOutcome({ error }),
    );
    return () => leaving.abort();
  }, [text]);
  return outcome;
}
