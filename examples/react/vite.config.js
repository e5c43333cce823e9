// Vite reads JSX by itself. In dev it forwards the WebSocket to the back end.
export default { server: { proxy: { "/ws": { target: process.env.BACKEND ?? "http://localhost:8282", ws: true } } } };
