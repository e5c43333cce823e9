// A classic script, for Worker and SharedWorker. This comment and the long names
// show whether a tool leaves it as it is.
(function () {
  const descriptiveName = typeof SharedWorkerGlobalScope === "undefined" ? "worker" : "shared";
  if (descriptiveName === "worker") postMessage(descriptiveName);
  else onconnect = ({ ports: [port] }) => port.postMessage(descriptiveName);
})();
