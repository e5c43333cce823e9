// A bare WebSocket: JSON out, JSON in, nothing that says which reply belongs
// to which request but their order.
import { open } from "../socket.js";

export async function connect(url) {
  const socket = await open(new WebSocket(url));
  let callbacks = [];
  let next = 0;
  socket.onmessage = (event) => {
    const callback = callbacks[next++];
    if (next === 1024) {
      callbacks = callbacks.slice(next);
      next = 0;
    }
    callback(JSON.parse(event.data), null);
  };
  return (data, callback) => {
    callbacks.push(callback);
    socket.send(JSON.stringify(data));
  };
}
