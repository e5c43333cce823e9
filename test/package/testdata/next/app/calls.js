"use client";

import { useEffect } from "react";
import { connect } from "sockjax"; // on the server too, which renders this
import { besideURL } from "beside";
import { start, tell, use } from "../call.js";

export function Calls() {
  useEffect(() => {
    globalThis.called = () => tell(use(connect, "/ws"));
    globalThis.started = (original) => tell(start(besideURL(), original));
  }, []);
  return <p>{typeof connect}</p>;
}
