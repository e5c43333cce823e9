import { createServer } from "node:http";
import { Server } from "rpc-websockets";
import { serve } from "../serve.mjs";

const http = createServer();
const rpc = new Server({ server: http });
rpc.register("echo", ([data]) => data);
serve(http);
