import { connect, SockjaxError } from "sockjax";

const [b, sum, more] = ["b", "sum", "more"].map((id) => document.getElementById(id)!);
const api = connect("/ws");
let addend = 2;

async function show(): Promise<void> {
  b!.textContent = String(addend);
  try {
    sum!.textContent = String(await api.request<number>({ api: "add", a: 1, b: addend }));
  } catch (error) {
    sum!.textContent = error instanceof SockjaxError ? `${error.code}: ${error.message}` : String(error);
  }
}

more!.addEventListener("click", () => {
  addend++;
  void show();
});
void show();
