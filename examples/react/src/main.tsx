import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useCall } from "./use-call";

function Sum() {
  const [b, setB] = useState(2);
  const { reply, error } = useCall<number>({ api: "add", a: 1, b });
  return (
    <p>
      1 + {b} = <output>{error?.message ?? reply ?? "…"}</output> <button onClick={() => setB(b + 1)}>more</button>
    </p>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Sum />
  </StrictMode>,
);
