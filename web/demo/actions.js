// The forms that make calls and break the connection.
import { byId, make, setText } from "/demo/dom.js";
import { formatCount, formatMs } from "/demo/format.js";
import { showBurst } from "/demo/burst.js";

const burstSize = 1_000;
const keepSendingEvery = 200;
const faultTimeout = 3_000; // a fault that waited longer would surprise

const examples = {
  Echo: { api: "echo", text: "Hello!" },
  Time: { api: "time" },
  Counts: { api: "counts" },
  Socket: { api: "socket" },
  Large: { api: "echo", lines: Array.from({ length: 12 }, (_, n) => ({ n, text: "one of many lines", even: n % 2 === 0 })) },
  Unknown: { api: "no such thing" },
};

export class Actions {
  #connection;
  #calls;
  #said = byId("latest");

  constructor(connection, calls) {
    this.#connection = connection;
    this.#calls = calls;
    this.#wireEditor();
    this.#wireKinds();
    this.#wireBurst();
    this.#wireKeepSending();
    this.#wireFaults();
  }

  /** Makes a call and says, for eyes and screen readers alike, how it ended. */
  async #call(data, options) {
    const record = await this.#calls.make(data, options);
    const how = record.error ? `${record.error.code}, ${record.error.fate}` : "answered";
    setText(this.#said, `Call ${record.key}, ${record.kind}: ${how} after ${formatMs(record.ms)}.`);
    return record;
  }

  #wireEditor() {
    const area = byId("echo-data");
    const message = byId("echo-error");
    const validate = () => {
      try {
        JSON.parse(area.value);
        setText(message, "");
        area.removeAttribute("aria-invalid");
        return true;
      } catch (error) {
        setText(message, area.value.trim() ? `Not JSON yet: ${error.message}` : "Not JSON yet: there is nothing here.");
        area.setAttribute("aria-invalid", "true");
        return false;
      }
    };
    const show = (data) => {
      area.value = pretty(data);
      validate();
    };
    for (const [name, data] of Object.entries(examples)) {
      const chip = make("button", { type: "button", className: "chip" }, name);
      chip.addEventListener("click", () => show(data));
      byId("examples").append(chip);
    }
    show(examples.Echo);
    area.addEventListener("input", validate);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("echo-form").requestSubmit();
    });
    onSubmit("echo-form", () => {
      if (validate()) this.#call(JSON.parse(area.value));
      else area.focus();
    });
  }

  #wireKinds() {
    onSubmit("slow-form", () => this.#call({ api: "slow", ms: number("slow-ms") }, { timeout: number("slow-ms") + 10_000 }));
    onSubmit("fail-form", () => this.#call({ api: "fail", code: byId("fail-code").value, message: byId("fail-message").value }));
    onSubmit("timeout-form", () => this.#call({ api: "slow", ms: 3_000 }, { timeout: number("timeout-ms") }));
    onSubmit("abort-form", () => {
      const abortAfter = number("abort-ms");
      this.#call({ api: "slow", ms: 10_000 }, { abortAfter, timeout: 15_000 });
    });
    onSubmit("count-form", async () => {
      const { reply } = await this.#call({ api: "count", name: byId("count-name").value });
      if (reply) setText(byId("count-value"), formatCount(reply.value));
    });
  }

  #wireBurst() {
    const button = byId("send-burst");
    onSubmit("burst-form", async () => {
      if (button.getAttribute("aria-busy") === "true") return;
      button.setAttribute("aria-busy", "true");
      const { burst, ms } = await this.#calls.burst(burstSize);
      button.removeAttribute("aria-busy");
      showBurst(byId("burst-result"), burst, ms);
    });
  }

  #wireKeepSending() {
    const toggle = byId("keep-sending");
    let timer = 0;
    let n = 0;
    const apply = () => {
      clearInterval(timer);
      if (!toggle.checked) return;
      timer = setInterval(() => this.#calls.make({ api: "echo", n: ++n }, { timeout: 20_000 }), keepSendingEvery);
    };
    toggle.addEventListener("change", apply);
    // On a client that was closed for good, every call would only fail.
    this.#connection.addEventListener("change", () => {
      if (this.#connection.state !== "closed" || !toggle.checked) return;
      toggle.checked = false;
      apply();
    });
    for (const option of ["idempotent", "durable"]) {
      const box = byId(option);
      box.addEventListener("change", () => (this.#calls[option] = box.checked));
      // A reloaded page may find its boxes as they were left.
      this.#calls[option] = box.checked;
    }
    apply();
  }

  #wireFaults() {
    const faults = {
      "drop-form": () => ({ api: "drop" }),
      "stall-form": () => ({ api: "stall", ms: number("stall-seconds") * 1000 }),
      "restart-form": () => ({ api: "restart", ms: number("restart-seconds") * 1000 }),
    };
    const buttons = ["fault-drop", "fault-stall", "fault-restart"].map(byId);
    for (const [form, data] of Object.entries(faults)) {
      onSubmit(form, () => {
        if (this.#connection.state === "open") this.#call(data(), { timeout: faultTimeout });
        else setText(this.#said, "There is no open connection to break.");
      });
    }
    const apply = () => {
      const open = this.#connection.state === "open";
      // Not `disabled`, which would take the focus away from the button that was just pressed.
      for (const button of buttons) button.setAttribute("aria-disabled", String(!open));
    };
    this.#connection.addEventListener("change", apply);
    apply();
  }
}

function onSubmit(id, action) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

function number(id) {
  return byId(id).valueAsNumber;
}

/** Small objects on one line, large ones indented. */
function pretty(data) {
  const line = JSON.stringify(data, null, 1).replaceAll(/\n */g, " ");
  return line.length < 80 ? line : JSON.stringify(data, null, 2);
}
