// graphql-ws, a query for each request.
import { createClient } from "graphql-ws";

const query = "query Echo($n: Int!, $pad: String!) { echo(n: $n, pad: $pad) { n pad } }";

export function connect(url) {
  return new Promise((resolve, reject) => {
    const client = createClient({ url, lazy: false, retryAttempts: 0, onNonLazyError: reject });
    client.on("connected", () => resolve((variables, callback) => {
      let reply;
      let failure = null;
      client.subscribe({ query, variables }, {
        next: ({ data, errors }) => {
          if (errors) failure = new Error(errors[0].message);
          else reply = data.echo;
        },
        error: (error) => callback(undefined, error),
        complete: () => callback(reply, failure),
      });
    }));
  });
}
