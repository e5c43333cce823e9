import { createServer } from "node:http";
import { Server } from "socket.io";
import { MAX_MESSAGE, serve } from "../serve.mjs";

const http = createServer();
const io = new Server(http, { cors: { origin: "*" }, maxHttpBufferSize: MAX_MESSAGE });
io.on("connection", (socket) => socket.on("echo", (data, reply) => reply(data)));
serve(http);
