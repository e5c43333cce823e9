import { createServer } from "node:http";
import { Server } from "socket.io";
import { MAX_MESSAGE, serve, tick } from "../serve.mjs";

const http = createServer();
const io = new Server(http, { cors: { origin: "*" }, maxHttpBufferSize: MAX_MESSAGE });
io.on("connection", (socket) => {
  socket.on("echo", (data, reply) => reply(data));
  socket.on("ticks", (id, n, done) => {
    for (let i = 0; i < n; i++) socket.emit("part", id, tick(i));
    done();
  });
});
serve(http);
