import { createServer } from "node:http";
import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { serve } from "../serve.mjs";

const schema = buildSchema("type Echo { n: Int!, pad: String! } type Query { echo(n: Int!, pad: String!): Echo! }");
const http = createServer();
useServer({ schema, roots: { query: { echo: (data) => data } } }, new WebSocketServer({ server: http }));
serve(http);
