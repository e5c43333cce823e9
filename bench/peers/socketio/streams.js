// A stream as socket.io has it: an event for each part, and an acknowledgement at the end.
import { io } from "socket.io-client";

export function connect(url) {
  return new Promise((resolve, reject) => {
    const socket = io(url, { transports: ["websocket"] });
    const streams = new Map();
    let last = 0;
    socket.on("part", (id, part) => streams.get(id)(part));
    socket.on("connect_error", reject);
    socket.on("connect", () => {
      const send = (data, callback) => socket.emit("echo", data, (reply) => callback(reply, null));
      const parts = (n, seen) => new Promise((done) => {
        const id = ++last;
        streams.set(id, seen);
        socket.emit("ticks", id, n, () => {
          streams.delete(id);
          done();
        });
      });
      resolve(Object.assign(send, { parts }));
    });
  });
}
