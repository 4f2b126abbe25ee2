import { element, fact, ms, count, bytes, time, uptime, mean, quantile } from "./format.js";
import { Charts } from "./charts.js";
import { Graph } from "./graph.js";
import { Batches } from "./batches.js";

const remembered = 1000;
const $ = id => document.getElementById(id);
const state = { job: null, batches: [], warnings: [], process: null, intervalMs: 1000 };
const batches = new Batches(document.querySelector("#batch-table tbody"), $("batch-panel"), $("only-failed"), $("hold"));
const charts = new Charts($("charts"), timeMs => batches.choose(timeMs));
const graph = new Graph($("dag"), $("stream-panel"));
let source;

async function begin() {
  const jobs = await (await fetch("api/jobs", { cache: "no-store" })).json();
  if (!Array.isArray(jobs) || jobs.length === 0) {
    $("state").textContent = jobs.error ?? "no job yet";
    setTimeout(begin, 2000);
    return;
  }
  const chosen = jobs.find(job => job.name === decodeURIComponent(location.hash.slice(1).split("/")[1] ?? "")) ?? jobs[0];
  $("jobs").hidden = jobs.length < 2;
  $("jobs").replaceChildren(...jobs.map(job => element("option", { value: job.name, selected: job === chosen }, job.name)));
  $("jobs").onchange = () => connect($("jobs").value);
  connect(chosen.name);
}

function connect(name) {
  source?.close();
  state.name = name;
  source = new EventSource(`api/jobs/${encodeURIComponent(name)}/stream`);
  source.addEventListener("snapshot", event => {
    Object.assign(state, { batches: [], warnings: [], lastProcess: null });
    const update = JSON.parse(event.data);
    graph.describe(update.graph);
    batches.describe(update.graph);
    take(update);
  });
  source.addEventListener("update", event => take(JSON.parse(event.data)));
  source.onerror = () => badge("state", "connection lost, trying again", "bad");
}

function take(update) {
  state.intervalMs = update.job.intervalMs;
  for (const batch of update.batches) batch.rate = 1000 * Math.max(0, batch.records) / state.intervalMs;
  state.batches = [...state.batches, ...update.batches].slice(-remembered);
  state.warnings = [...state.warnings, ...update.warnings].slice(-100);
  showHeader(update);
  showSources(update);
  showProcess(update.process);
  if (update.warnings.length) showWarnings();
  if (update.batches.length || !state.drawn) {
    state.drawn = true;
    charts.show(state.batches, state.intervalMs);
    graph.show(state.batches, state.intervalMs);
    batches.show(state.batches, state.intervalMs);
    $("span").textContent = state.batches.length ? `${state.batches.length} batches since ${time(state.batches[0].timeMs)} UTC` : "";
  }
}

function badge(id, text, kind) {
  $(id).hidden = false;
  $(id).textContent = text;
  $(id).className = `badge ${kind}`;
}

function showHeader({ job, totals, process }) {
  $("job-name").textContent = job.name;
  document.title = `${job.name} · FastStream`;
  badge("state", job.failure ? "failed" : job.state.toLowerCase(), job.failure ? "bad" : job.state === "Active" ? "good" : "");
  $("failure").hidden = !job.failure;
  $("failure").textContent = job.failure ?? "";
  const recent = state.batches.slice(-50);
  const processing = quantile(recent.map(batch => batch.processingMs ?? 0).sort((a, b) => a - b), .95);
  if (recent.length) {
    const late = totals.waitingBatches > 2 || processing > job.intervalMs;
    badge("verdict", late ? `behind: p95 ${ms(processing)} of ${ms(job.intervalMs)}, ${totals.waitingBatches} waiting` : `keeps up: p95 ${ms(processing)} of ${ms(job.intervalMs)}`, late ? "late" : "good");
  }
  $("facts").replaceChildren(fact("interval", ms(job.intervalMs)), fact("partitions", job.partitions), fact("up", job.zeroTimeMs == null ? "–" : uptime(process.atMs - job.zeroTimeMs)),
    fact("batches", count(totals.batches)), fact("failed", count(totals.failedBatches), totals.failedBatches ? "bad" : ""), fact("records", count(totals.records)),
    ...[totals.failedRecords + totals.droppedRecords + totals.invalidRecords ? fact("left out", count(totals.failedRecords + totals.droppedRecords + totals.invalidRecords), "late") : null,
    totals.skippedTicks ? fact("skipped ticks", count(totals.skippedTicks), "late") : null].filter(each => each), fact("blocks held", bytes(totals.poolBytes)));
  $("stop").hidden = !job.mayControl || job.state !== "Active";
}

function showSources({ sources }) {
  const recent = state.batches.slice(-20);
  const inputs = new Map();
  for (const batch of recent) for (const input of batch.inputs) inputs.set(input.id, input);
  const rate = (id, of) => 1000 * mean(recent.map(batch => Math.max(0, of(batch.inputs.find(input => input.id === id) ?? { records: 0, bytes: 0 })))) / state.intervalMs;
  document.querySelector("#source-table tbody").replaceChildren(...[...inputs.values()].map(input => {
    const status = sources.find(each => each.id === input.id);
    return element("tr", {}, element("td", {}, input.name), element("td", { class: status ? status.isActive ? "good" : "bad" : "" }, status ? status.isActive ? "up" : "down" : "–"),
      element("td", { class: "n" }, count(rate(input.id, each => each.records))), element("td", { class: "n" }, bytes(rate(input.id, each => each.bytes))), element("td", {}, status?.lastError ?? ""));
  }));
  const outputs = new Map();
  for (const batch of recent) for (const output of batch.outputs) outputs.set(output.index, [...(outputs.get(output.index) ?? []), output]);
  document.querySelector("#output-table tbody").replaceChildren(...[...outputs.values()].map(runs => {
    const failed = runs.filter(run => run.failure).length;
    return element("tr", {}, element("td", {}, runs[0].name), element("td", { class: "n" }, ms(mean(runs.map(run => run.durationMs)))), element("td", { class: "n" }, ms(Math.max(...runs.map(run => run.durationMs)))), element("td", { class: `n ${failed ? "bad" : ""}` }, String(failed)));
  }));
}

function showProcess(process) {
  const last = state.lastProcess;
  if (last && process.atMs - last.atMs < 900) return;
  state.lastProcess = process;
  const seconds = last ? (process.atMs - last.atMs) / 1000 : 0;
  const perSecond = of => last && seconds > 0 ? (of(process) - of(last)) / seconds : null;
  $("process-facts").replaceChildren(fact("CPU", last ? `${(perSecond(each => each.cpuMs) / 10).toFixed(0)} %` : "–"), fact("working set", bytes(process.workingSetBytes)), fact("managed heap", bytes(process.heapBytes)),
    fact("allocated", last ? `${bytes(perSecond(each => each.allocatedBytes))}/s` : "–"), fact("GC pauses", last ? `${ms(perSecond(each => each.gcPauseMs))} a second` : "–"),
    fact("pool threads", process.threads), fact("work items waiting", process.threadPoolQueue));
}

function showWarnings() {
  $("warning-count").textContent = `${state.warnings.length} newest`;
  $("warning-list").replaceChildren(...state.warnings.toReversed().map(warning => element("li", {}, `${time(warning.atMs)} ${warning.message}`,
    warning.error ? element("details", {}, element("summary", {}, "error"), element("pre", {}, warning.error)) : null)));
}

$("stop").addEventListener("click", async () => {
  if (!confirm(`Stop ${state.name}? What was received is still processed.`)) return;
  const answer = await fetch(`api/jobs/${encodeURIComponent(state.name)}/stop`, { method: "POST", headers: { "X-FastStream": "1" } });
  if (!answer.ok) alert((await answer.json()).error);
});

begin();
