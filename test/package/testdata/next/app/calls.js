"use client";

import { useEffect } from "react";
import { connect } from "sockjax"; // on the server too, which renders this
import { tell, use, useInWorkers } from "../call.js";

export function Calls() {
  useEffect(() => {
    globalThis.called = () => tell(use(connect, "/ws"));
    globalThis.hosted = () => tell(useInWorkers(connect, "/ws"));
  }, []);
  return <p>{typeof connect}</p>;
}
