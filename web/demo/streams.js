// What is more than one reply: an answer that comes word by word, an upload
// beside small calls, and a topic that the server publishes to.
import { byId, setText } from "/demo/dom.js";
import { formatMs } from "/demo/format.js";

const noProgress = 30_000; // milliseconds: a stall is a show here, not an end
const beatEvery = 100; // milliseconds between small calls beside an upload
const clockTopic = "demo/clock";

export class Streams {
  #connection;
  #chat = null; // the stream that is being read
  #upload = null; // its AbortController
  #offClock = () => {};

  constructor(connection) {
    this.#connection = connection;
    byId("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#chat ? this.#chat.return() : this.#ask(byId("chat-prompt").value);
    });
    byId("upload-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#upload ? this.#upload.abort() : this.#send(byId("upload-mb").valueAsNumber);
    });
    connection.addEventListener("change", ({ detail }) => {
      if (detail === null) this.#subscribe(); // another client
      if (this.#chat && connection.state !== "open") setText(byId("chat-state"), "The connection is gone. The answer waits, and goes on where it was.");
    });
    this.#subscribe();
  }

  async #ask(prompt) {
    const answer = byId("chat-answer");
    const state = byId("chat-state");
    const button = byId("send-chat");
    answer.textContent = "";
    answer.hidden = false;
    setText(button, "Stop");
    setText(state, "");
    const stream = (this.#chat = this.#connection.client.stream({ api: "chat", prompt }, { timeout: noProgress }));
    let words = 0;
    try {
      for await (const word of stream) {
        answer.append(word);
        setText(state, `${++words} words`);
      }
      setText(state, `${words} words, each of them once.`);
    } catch (error) {
      setText(state, `${error.code}, ${error.fate}: ${error.message}`);
    }
    this.#chat = null;
    setText(button, "Ask");
  }

  async #send(megabytes) {
    const bar = byId("upload-progress");
    const text = byId("upload-text");
    const button = byId("send-upload");
    const body = new Blob([new Uint8Array(megabytes * 1e6)]);
    const controller = (this.#upload = new AbortController());
    bar.max = body.size;
    bar.value = 0;
    bar.hidden = false;
    setText(button, "Stop");
    const beats = this.#beat();
    const started = performance.now();
    try {
      const { bytes, sha256 } = await this.#connection.client.request({ api: "upload" }, {
        body,
        timeout: noProgress,
        signal: controller.signal,
        onprogress: ({ loaded, total }) => {
          bar.value = loaded;
          setText(text, `${mega(loaded)} of ${mega(total)}`);
        },
      });
      const seconds = (performance.now() - started) / 1000;
      setText(text, `${mega(bytes)} in ${seconds.toFixed(1)} s, SHA-256 ${sha256.slice(0, 8)}…`);
    } catch (error) {
      setText(text, `${error.code}, ${error.fate}`);
    }
    this.#upload = null;
    beats.stop();
    setText(button, "Upload");
  }

  /** Makes small calls meanwhile, and shows how long they take. */
  #beat() {
    const took = [];
    const timer = setInterval(() => {
      const started = performance.now();
      this.#connection.client.send({ api: "echo" }, (_, error) => {
        if (error) return;
        took.push(performance.now() - started);
        took.sort((a, b) => a - b);
        setText(byId("upload-small"), `${took.length} small calls beside it: half of them within ${formatMs(took[took.length >> 1])}, the slowest ${formatMs(took.at(-1))}`);
      });
    }, beatEvery);
    return { stop: () => clearInterval(timer) };
  }

  #subscribe() {
    this.#offClock();
    this.#offClock = this.#connection.client.on(clockTopic, ({ now }, { offset }) => {
      setText(byId("clock"), new Date(now).toLocaleTimeString());
      setText(byId("clock-offset"), `message ${offset}`);
    });
  }
}

function mega(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
