// A frame for each request, as hand-written clients do it, and the script that
// sockjax grew out of. Our server in plain mode.
import { open } from "../socket.js";

export async function connect(url) {
  const socket = await open(new WebSocket(url));
  const callbacks = new Map();
  let key = 0;
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    const callback = callbacks.get(message.key);
    callbacks.delete(message.key);
    callback(message.data, null);
  };
  return (data, callback) => {
    callbacks.set(++key, callback);
    socket.send(JSON.stringify({ key, data }));
  };
}
