// The demo page. This file connects the parts; each of the other modules is
// one of them.
//
// What tests may rely on:
//
//   <html data-state>       loading | connecting | open | waiting | closed | failed
//   #calls > tr             one per call, newest first, with
//     data-key              the call's key; of a burst, "first–last"
//     data-kind             the call's `api`, "burst", or "other"
//     data-outcome          pending | ok | the error's code
//     button.abort          while it is pending
//   buttons                 #reconnect #close #connect
//                           #send-echo #send-slow #send-fail #send-timeout #send-abort #send-count #send-burst
//                           #fault-drop #fault-stall #fault-restart (aria-disabled unless open)
//                           #clear-calls #copy-code #theme #problem-close, #calls-more (on phones)
//   host                    #host-page #host-worker #host-shared, #host-used #host-text, #tabs #tabs-detail #another-tab
//   switches                #keep-sending #idempotent #durable
//   filter of the table     #filter-all #filter-running #filter-failed
//   inputs                  #echo-data (with #echo-error) #slow-ms #fail-code #fail-message #timeout-ms
//                           #abort-ms #count-name #stall-seconds #restart-seconds
//   streams                 #chat-prompt #send-chat #chat-answer #chat-state, #upload-mb #send-upload
//                           #upload-progress #upload-text #upload-small, #clock #clock-offset
//   results                 #burst-result #count-value #latest #latency-summary #p50 #p95
//   connection              #state-text #state-detail #state-reason #history > li (data-cause: of the change)
//   counters                #stat-calls #stat-replies #stat-failures #stat-pending #stat-queued #stat-frames-out
//                           #stat-frames-in #stat-calls-per-frame #stat-sent #stat-received #stat-opened #stat-unmatched
//   #problem (#problem-text) shown when something went wrong that no single call is told
import { Actions } from "/demo/actions.js";
import { Calls } from "/demo/calls.js";
import { CallsTable } from "/demo/calls-table.js";
import { Connection } from "/demo/connection.js";
import { ConnectionPanel } from "/demo/connection-panel.js";
import { byId, setText } from "/demo/dom.js";
import { HostSwitch, hostOfAddress } from "/demo/host-switch.js";
import { LatencyChart } from "/demo/latency-chart.js";
import { Streams } from "/demo/streams.js";
import { StatsStrip } from "/demo/stats-strip.js";
import { Tabs } from "/demo/tabs.js";
import { Wire } from "/demo/wire.js";

const statsEvery = 100; // milliseconds

/** @param library the module namespace of sockjax.js */
export function start({ connect }) {
  const connection = new Connection(connect, hostOfAddress());
  new ConnectionPanel(connection, (sentence) => setText(byId("announce"), sentence));
  showProblems(connection);
  const tabs = new Tabs(connection);
  new HostSwitch(connection, tabs);

  const table = new CallsTable();
  const chart = new LatencyChart();
  const calls = new Calls(connection, (record) => {
    table.update(record);
    if (record.outcome === "pending" || record.recovered) return; // what an earlier page began is no round trip
    for (const call of record.burst?.sample ?? [record]) chart.add(call);
  });
  connection.addEventListener("outbox", ({ detail }) => calls.recovered(detail));
  new Actions(connection, calls);
  new Streams(connection);

  const strip = new StatsStrip();
  const wire = new Wire();
  connection.addEventListener("change", ({ detail }) => detail ?? wire.restart());
  const showStats = () => {
    if (document.hidden) return;
    const stats = connection.client.stats();
    strip.update(stats);
    wire.update(stats, tabs.sharing === 0);
  };
  setInterval(showStats, statsEvery);
  showStats();

  copyCode();
}

function showProblems(connection) {
  const box = byId("problem");
  connection.addEventListener("problem", (event) => {
    setText(byId("problem-text"), event.detail?.message ?? String(event.detail));
    box.hidden = false;
  });
  // What was wrong before the connection opened is over now.
  connection.addEventListener("change", () => {
    if (connection.state === "open") box.hidden = true;
  });
  byId("problem-close").addEventListener("click", () => {
    box.hidden = true;
    byId("echo-data").focus();
  });
}

function copyCode() {
  const button = byId("copy-code");
  const label = button.querySelector("span");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(byId("code").textContent.trim());
      setText(label, "Copied");
    } catch {
      // Not allowed on plain http other than localhost: the next best is a selection.
      getSelection().selectAllChildren(byId("code"));
      setText(label, "Selected");
    }
    setTimeout(() => setText(label, "Copy"), 2_000);
  });
}
