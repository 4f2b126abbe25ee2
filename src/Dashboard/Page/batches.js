import { element, svg, fact, ms, count, bytes, time } from "./format.js";

const shown = 50;

/** The newest batches as a table, and one of them as a waterfall. */
export class Batches {
  constructor(body, panel, onlyFailed, hold) {
    this.body = body;
    this.panel = panel;
    this.onlyFailed = onlyFailed;
    this.hold = hold;
    onlyFailed.addEventListener("change", () => this.render());
    hold.addEventListener("change", () => this.render());
  }

  describe(graph) {
    this.graph = graph;
  }

  show(batches, intervalMs) {
    this.intervalMs = intervalMs;
    if (!this.hold.checked) this.batches = batches;
    this.all = batches;
    this.render();
  }

  choose(timeMs) {
    this.chosen = timeMs;
    this.render();
    this.panel.scrollIntoView({ block: "nearest" });
  }

  render() {
    const batches = (this.batches ?? []).filter(batch => !this.onlyFailed.checked || batch.failure).slice(-shown).reverse();
    const rows = batches.map(batch => element("tr", { tabindex: 0, class: batch.timeMs === this.chosen ? "chosen" : null, "data-time": batch.timeMs,
      onclick: () => this.choose(batch.timeMs), onkeydown: event => { if (event.key === "Enter") this.choose(batch.timeMs); } },
    element("td", {}, time(batch.timeMs)), element("td", { class: "n" }, count(batch.records)), element("td", { class: "n" }, ms(batch.schedulingMs)),
    element("td", { class: `n ${batch.processingMs > this.intervalMs ? "late" : ""}` }, ms(batch.processingMs)), element("td", { class: "n" }, ms(batch.totalMs)),
    element("td", { class: batch.failure ? "bad" : "good" }, batch.failure ? `failed in ${batch.failure.operator ?? "?"}` : batch.failedRecords > 0 ? `done, ${count(batch.failedRecords)} bad records` : "done")));
    const focused = document.activeElement?.closest?.("tr")?.dataset.time;
    this.body.replaceChildren(...rows);
    if (focused) this.body.querySelector(`tr[data-time="${focused}"]`)?.focus();
    this.renderPanel();
  }

  renderPanel() {
    const batch = this.all?.find(each => each.timeMs === this.chosen);
    if (!batch || batch === this.inPanel) return;
    this.inPanel = batch;
    this.panel.hidden = false;
    this.panel.replaceChildren(...[
      element("h3", {}, `Batch ${time(batch.timeMs)} (${batch.timeMs} ms)`),
      element("dl", { class: "facts" }, fact("records", count(batch.records)), fact("bytes", bytes(batch.bytes)), fact("scheduling delay", ms(batch.schedulingMs)), fact("processing", ms(batch.processingMs)), fact("total delay", ms(batch.totalMs)),
        batch.profile ? fact("garbage collection", ms(batch.profile.gcMs)) : null),
      batch.failure ? element("div", { class: "bad" }, element("p", {}, batch.failure.message), batch.failure.stack ? element("pre", {}, batch.failure.stack) : null) : null,
      element("h3", {}, "Where the time went"), this.waterfall(batch),
      element("h3", {}, "Inputs"), element("table", {}, element("tbody", {}, batch.inputs.map(input => element("tr", {}, element("td", {}, input.name), element("td", { class: "n" }, `${count(input.records)} records`), element("td", { class: "n" }, bytes(input.bytes)), element("td", {}, input.description ?? ""))))),
    ].filter(part => part));
  }

  // One bar for each stage and partition, from its first message to its last; the filled part shows how much of that
  // time it worked. Then the outputs, in turn.
  waterfall(batch) {
    const scheduling = batch.schedulingMs ?? 0;
    const lines = [{ label: "queued", start: 0, end: scheduling, kind: "wait" }];
    for (const run of batch.profile?.stages ?? []) lines.push({ label: `stage ${run.stage} · partition ${run.partition}`, title: this.namesOf(run.stage), start: scheduling + run.startMs, end: scheduling + run.endMs, busy: run.busyMs, kind: "bar" });
    for (const output of batch.outputs) lines.push({ label: output.name, start: scheduling + output.startMs, end: scheduling + output.startMs + output.durationMs, kind: output.failure ? "failed" : "out" });
    const all = Math.max(1e-6, batch.totalMs ?? 0, ...lines.map(line => line.end));
    const [left, width, height] = [210, 560, 20];
    const x = value => left + width * value / all;
    const picture = svg("svg", { class: "waterfall", width: left + width + 90, height: height * lines.length + 26, role: "img", "aria-label": "Stages and outputs over time" },
      [0, .25, .5, .75, 1].map(part => svg("g", {}, svg("line", { class: "tick", x1: x(part * all), x2: x(part * all), y1: 0, y2: height * lines.length }), svg("text", { class: "faint", x: x(part * all) - 12, y: height * lines.length + 16 }, ms(part * all)))),
      this.intervalMs < all ? svg("line", { class: "limit", x1: x(this.intervalMs), x2: x(this.intervalMs), y1: 0, y2: height * lines.length }) : null,
      lines.map((line, i) => {
        const length = Math.max(1.5, x(line.end) - x(line.start));
        const label = line.label.length > 32 ? `${line.label.slice(0, 31)}…` : line.label;
        return svg("g", {}, svg("title", {}, `${line.title ?? line.label}: ${ms(line.end - line.start)}${line.busy == null ? "" : `, ${ms(line.busy)} of it at work`}`),
          svg("text", { class: "faint", x: 0, y: height * i + 14 }, label),
          line.busy == null ? null : svg("rect", { class: "wait", x: x(line.start), y: height * i + 4, width: length, height: 12 }),
          svg("rect", { class: line.kind, x: x(line.start), y: height * i + 4, width: line.busy == null ? length : Math.max(1.5, Math.min(length, width * line.busy / all)), height: 12 }),
          svg("text", { class: "faint", x: Math.max(x(line.start) + length, left) + 5, y: height * i + 14 }, ms(line.busy ?? line.end - line.start)));
      }));
    return element("div", { class: "scroll" }, batch.profile ? null : element("p", { class: "late" }, "The batch ran while nobody looked: its stages were not measured."), picture);
  }

  namesOf(stage) {
    return this.graph?.streams.filter(stream => stream.stage === stage).map(stream => stream.name).join(" → ");
  }
}
