/**
 * What Go takes: flat and finite. There 0 stands for the default, and a negative
 * number for what is 0 here. See OPTIONS in abi.js.
 */
export function forGo(options) {
  const most = 2 ** 31 - 1;
  const number = (value) => (value === 0 ? -1 : Math.min(value, most));
  return {
    plain: options.protocol === "plain",
    token: options.token !== undefined,
    heartbeatAfter: number(options.heartbeat.after || Infinity),
    heartbeatTimeout: number(options.heartbeat.timeout),
    reconnectMin: number(options.reconnect.min || 1),
    reconnectMax: number(options.reconnect.max || 1),
    reconnectAttempts: number(options.reconnect.attempts),
    queueCalls: options.queue.bytesBound ? 0 : number(options.queue.calls),
    queueBytes: number(options.queue.bytes),
  };
}
