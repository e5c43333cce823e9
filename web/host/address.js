import { socketURL } from "../shared/url.js";

/** Where a client connects and as whom, which the page may answer late, or differently each time. */
export class Address {
  #url;
  #token;
  #asked = { url: 0, token: 0 };

  /** url and token are as the page gave them: token is undefined if there is none. */
  constructor(url, token) {
    this.#url = url;
    this.#token = token;
  }

  /** Asks for the URL. answer(url, null) or answer("", problem) is called later; null takes the question back. */
  askURL(answer) {
    this.#ask("url", answer, () => this.url());
  }

  /** Asks for a token in the same way. */
  askToken(answer) {
    this.#ask("token", answer, () => this.token());
  }

  /** Whoever has asked is gone. */
  forget() {
    this.askURL(null);
    this.askToken(null);
  }

  #ask(what, answer, question) {
    const asked = ++this.#asked[what];
    if (answer === null) return;
    const reply = (value, problem) => {
      if (asked === this.#asked[what]) answer(value, problem);
    };
    Promise.resolve()
      .then(question)
      .then((value) => reply(value, null))
      .catch((error) => reply("", String(error?.message || error)));
  }

  async url() {
    return socketURL(await call(this.#url));
  }

  /** "" if there is none. */
  async token() {
    if (this.#token === undefined) return "";
    const token = await call(this.#token);
    if (typeof token !== "string" || token === "") throw new Error("the token function must return a string that is not empty");
    return token;
  }
}

/** What a page may give as it is, or as a function that is asked each time. */
function call(given) {
  return typeof given === "function" ? given() : given;
}
