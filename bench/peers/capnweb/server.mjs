import { createServer } from "node:http";
import { RpcTarget, newWebSocketRpcSession } from "capnweb";
import { WebSocket, WebSocketServer } from "ws";
import { serve, tick } from "../serve.mjs";

globalThis.WebSocket ??= WebSocket; // whose constants it reads, and which Node.js lacks before version 22

class Echo extends RpcTarget {
  echo(data) {
    return data;
  }

  ticks(n) {
    let i = 0;
    return new ReadableStream({
      pull(controller) {
        if (i < n) controller.enqueue(tick(i++));
        else controller.close();
      },
    });
  }
}
const http = createServer();
new WebSocketServer({ server: http }).on("connection", (socket) => newWebSocketRpcSession(socket, new Echo()));
serve(http);
