// fetch, as pages use it, to the origin that they come from.
export async function connect(url) {
  return (data, callback) => {
    call(url, data).then((reply) => callback(reply, null), (error) => callback(undefined, error));
  };
}

async function call(url, data) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
  return response.json();
}
