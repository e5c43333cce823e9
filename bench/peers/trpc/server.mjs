import { createServer } from "node:http";
import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { serve } from "../serve.mjs";

const t = initTRPC.create();
const router = t.router({
  echo: t.procedure.input((data) => data).query(({ input }) => input),
});
const http = createServer();
applyWSSHandler({ wss: new WebSocketServer({ server: http }), router });
serve(http);
