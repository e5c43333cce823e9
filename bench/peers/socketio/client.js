// socket.io with an acknowledgement for each event.
import { io } from "socket.io-client";

/** Without transports it begins as the library does by default: with polling, then it upgrades. */
export function connect(url, transports = ["websocket"]) {
  return new Promise((resolve, reject) => {
    const socket = io(url, transports.length === 0 ? {} : { transports });
    socket.on("connect_error", reject);
    socket.on("connect", () => resolve((data, callback) => socket.emit("echo", data, (reply) => callback(reply, null))));
  });
}
