export default { server: { proxy: { "/ws": { target: process.env.BACKEND, ws: true } } } };
