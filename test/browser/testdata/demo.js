// Uses the demo page as a visitor does, by what web/demo/demo.js says that
// tests may rely on. Each step waits for what it says, within its time.
globalThis.demo = (() => {
  const uncaught = [];
  addEventListener("error", ({ message }) => uncaught.push(message));
  addEventListener("unhandledrejection", ({ reason }) => uncaught.push(String(reason)));

  const $ = (id) => document.getElementById(id);
  const until = async (cond, what) => {
    for (const end = performance.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
      const result = cond();
      if (result) return result;
      if (performance.now() > end) throw new Error(`it never happened: ${what}`);
    }
  };
  const equal = (got, want, what) => {
    if (got !== want) throw new Error(`${what}: got ${got}, want ${want}`);
  };
  const told = (cause) => document.querySelector(`#history > li[data-cause=${cause}]`) !== null;
  /** Whether the history tells of a break since the entry was the newest. Of a server's 1012, WebKitGTK tells 1006. */
  const brokeSince = (entry) => {
    const entries = [...document.querySelectorAll("#history > li")];
    return entries.slice(0, entries.indexOf(entry) >>> 0).some(({ dataset }) => ["server", "network"].includes(dataset.cause));
  };
  const state = (wanted) => until(() => document.documentElement.dataset.state === wanted, `state ${wanted}`);
  const change = (id, value) => {
    $(id).value = value;
    $(id).dispatchEvent(new Event("input"));
  };
  const rows = () => [...document.querySelectorAll("#calls > tr")];
  const shown = () => rows().filter((row) => row.checkVisibility()).length;

  /** Clicks a button and returns the row of the call that it has made. */
  const make = async (button) => {
    const before = rows()[0];
    $(button).click();
    return until(() => rows()[0] !== before && rows()[0], `a row after ${button}`);
  };
  const ends = async (row, outcome, text = "") => {
    await until(() => row.dataset.outcome !== "pending", `an outcome of ${row.dataset.kind}`);
    equal(row.dataset.outcome, outcome, row.dataset.kind);
    if (!row.textContent.includes(text)) throw new Error(`no ${text} in ${row.textContent}`);
  };

  const steps = {
    async calls(counter = "demo") {
      await state("open");
      change("echo-data", '{ "api": "echo", "text": "h\\u00e9" }');
      await ends(await make("send-echo"), "ok", '"text":"hé"');
      change("slow-ms", 2000);
      const slow = await make("send-slow");
      await ends(await make("send-echo"), "ok"); // overtakes
      equal(slow.dataset.outcome, "pending", "the slow call");
      await ends(slow, "ok");
      await ends(await make("send-fail"), "rejected", "out_of_tea");
      change("timeout-ms", 100);
      await ends(await make("send-timeout"), "timeout", "unknown");
      change("abort-ms", 50);
      await ends(await make("send-abort"), "aborted");
      change("abort-ms", 9000); // later than the button
      const aborted = await make("send-abort");
      aborted.querySelector("button.abort").click();
      await ends(aborted, "aborted");
      change("count-name", counter);
      for (const value of ["1", "2"]) {
        await make("send-count");
        await until(() => $("count-value").textContent === value, `the counter at ${value}`);
      }
      change("echo-data", '{ "api": "no such thing" }');
      await ends(await make("send-echo"), "invalid");
      await until(() => $("stat-failures").textContent === "5" && $("stat-pending").textContent === "0", "5 failures, and no call pending");
    },

    async burst() {
      $("clear-calls").click();
      await until(() => rows().length === 0, "an empty table");
      const row = await make("send-burst");
      await ends(row, "ok", "1,000 replies");
      if (!/^\d+–\d+$/.test(row.dataset.key)) throw new Error(`the key ${row.dataset.key}`);
      await until(() => !$("burst-result").hidden, "the result");
      const figures = Object.fromEntries([...$("burst-result").children].map((div) => [div.children[0].textContent, div.children[1].textContent]));
      equal(figures["In their own callback"], "1,000", "in their own callback");
      const [out] = (figures["Frames out, in"] ?? figures["Frames of all tabs"]).split(", ");
      if (!(Number(out) < 20)) throw new Error(`${out} frames for 1,000 calls`);
      if (!/^The last \d+ calls/.test($("latency-summary").textContent)) throw new Error($("latency-summary").textContent);
    },

    async "what is no JSON"() {
      const before = rows().length;
      change("echo-data", '{ "api": ');
      $("send-echo").click();
      if (!$("echo-error").textContent.startsWith("Not JSON yet")) throw new Error(`said: ${$("echo-error").textContent}`);
      equal(document.activeElement, $("echo-data"), "the focus");
      equal(rows().length, before, "rows");
      change("echo-data", '{ "api": "echo" }');
      equal($("echo-error").textContent, "", "the error");
    },

    async filters() {
      await ends(await make("send-fail"), "rejected");
      $("filter-failed").click();
      equal(shown(), 1, "failed");
      $("filter-running").click();
      equal(shown(), 0, "running");
      equal($("calls-empty").hidden, false, "what is said of an empty table");
      $("filter-all").click();
      equal(shown(), rows().length, "all");
    },

    async drop() {
      const opened = Number($("stat-opened").textContent);
      change("slow-ms", 1000);
      const slow = await make("send-slow");
      $("fault-drop").click();
      await until(() => Number($("stat-opened").textContent) > opened, "another connection");
      await state("open");
      await ends(slow, "ok"); // its session was resumed
      equal(told("network"), true, "why, in the history");
    },

    async "a stream and an upload through a drop"() {
      await state("open");
      const opened = Number($("stat-opened").textContent);
      $("send-chat").click();
      await until(() => /^([5-9]|[1-9]\d) words$/.test($("chat-state").textContent), "words");
      change("upload-mb", 3);
      $("send-upload").click();
      $("fault-drop").click();
      await until(() => Number($("stat-opened").textContent) > opened, "another connection");
      const [, words] = await until(() => /^(\d+) words, each of them once/.exec($("chat-state").textContent), "the whole answer");
      equal($("chat-answer").textContent.trim().split(/\s+/).length, Number(words), "words on the page");
      await until(() => $("upload-text").textContent.startsWith("3.0 MB in"), "the whole upload");
    },

    async "the clock ticks"() {
      const { textContent } = $("clock-offset");
      await until(() => /^message \d+$/.test($("clock-offset").textContent) && $("clock-offset").textContent !== textContent, "another message");
    },

    async stall() {
      change("stall-seconds", 0.5);
      $("fault-stall").click();
      await ends(await make("send-echo"), "ok");
    },

    async restart() {
      change("restart-seconds", 0.5);
      change("slow-ms", 20_000);
      const slow = await make("send-slow");
      const before = document.querySelector("#history > li");
      $("fault-restart").click();
      await until(() => document.documentElement.dataset.state !== "open", "the end of the connection");
      equal($("fault-drop").getAttribute("aria-disabled"), "true", "the fault's button");
      await state("open");
      await ends(slow, "lost", "unknown");
      equal(brokeSince(before), true, "why, in the history");
    },

    async "close and connect"() {
      $("close").click();
      await state("closed");
      equal($("connect").hidden, false, "the button to connect");
      equal([told("close"), $("state-detail").textContent].join(), "true,Until you connect", "why, and what to do");
      $("connect").click();
      await state("open");
      $("reconnect").click(); // which an open connection needs not
      await ends(await make("send-echo"), "ok");
      if ($("history").childElementCount < 5) throw new Error(`a history of ${$("history").childElementCount}`);
    },
  };

  /** Chooses a host, and says which one it has become. */
  const choose = async (host) => {
    $(`host-${host}`).click();
    await state("open");
    equal(new URLSearchParams(location.search).get("host") ?? "page", host, "the host in the address");
    return $("host-used").textContent.replace(/^stats\(\)\.host is "(.*)"$/, "$1");
  };

  const inPage = Object.entries(steps);
  for (const host of ["worker", "shared"]) {
    steps[`${host}: choose`] = async () => equal(await choose(host), host, "the host");
    for (const [name, step] of inPage) steps[`${host}: ${name}`] = () => step(host);
  }

  steps["where nothing can be shared"] = async () => {
    await choose("page");
    const Real = globalThis.SharedWorker;
    globalThis.SharedWorker = undefined;
    try {
      equal(await choose("shared"), "worker", "the host");
      if (!$("host-text").textContent.includes("no SharedWorker")) throw new Error($("host-text").textContent);
      await ends(await make("send-echo"), "ok");
    } finally {
      globalThis.SharedWorker = Real;
    }
    equal(await choose("page"), "page", "the host");
  };

  /** What went wrong in act. */
  const wrong = async (act) => {
    try {
      await act();
    } catch (error) {
      return `${error.message}\nlatest: ${$("latest").textContent}\nstate: ${$("state-text").textContent} ${$("state-reason").textContent}\nhistory: ${$("history").textContent}\ntabs: ${$("tabs").textContent} ${$("tabs-detail").textContent}`;
    }
    if (!$("problem").hidden) return `the page tells of a problem: ${$("problem-text").textContent}`;
    return uncaught.join("\n");
  };

  return {
    steps: Object.keys(steps),
    /** Takes a step, and returns what went wrong. */
    take: (name) => wrong(steps[name]),
    choose: (host) => wrong(() => choose(host)),

    /** Wants these tabs and sockets, by what the page says and by what the server counts. */
    counts: (tabs, sockets) => wrong(async () => {
      const plural = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
      await until(() => $("tabs").textContent === `${plural(tabs, "tab")} · ${plural(sockets, "socket")}`, `${tabs} tabs and ${sockets} sockets`);
      change("echo-data", '{ "api": "socket" }');
      // One that was closed may not have ended yet.
      for (const end = performance.now() + 30_000; ;) {
        const row = await make("send-echo");
        await until(() => row.dataset.outcome !== "pending", "the server's count");
        if (row.textContent.includes(`"open":${sockets}}`)) return;
        if (performance.now() > end) throw new Error(`the server says ${row.textContent}`);
      }
    }),

    /** What reaches out of the page's width. */
    wide() {
      const { scrollWidth, clientWidth } = document.scrollingElement; // innerWidth grows with what reaches out, on a phone
      if (scrollWidth <= clientWidth) return [];
      return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > clientWidth + 1).map((e) => e.id || e.className || e.tagName);
    },
  };
})();
