// A page without modules, checked as JavaScript: window.sockjax is what the
// module exports.

/** @type {typeof import("sockjax")} */
const sockjax = /** @type {any} */ (window).sockjax;

const api = sockjax.connect("/ws", { preset: "seed" });
api.send({ api: "time" }, (reply, error) => {
  if (error instanceof sockjax.SockjaxError) console.error(error.code, error.fate);
  else console.log(reply.now);
});
// @ts-expect-error: there is no such method
api.emit("time");
// @ts-expect-error: there is no such export
sockjax.open("/ws");
