import vue from "@vitejs/plugin-vue";

export default {
  plugins: [vue()],
  server: { proxy: { "/ws": { target: process.env.BACKEND ?? "http://localhost:8282", ws: true } } },
};
