import { element, svg, ms, count, quantile } from "./format.js";

const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A row of the page: a timeline, and beside it a histogram of its values.
const rows = [
  { title: "Input rate, records/s", format: value => `${count(value)}/s`, series: [{ label: "records/s", color: "--blue", value: batch => batch.rate }] },
  { title: "Scheduling delay", format: ms, series: [{ label: "delay", color: "--blue", value: batch => batch.schedulingMs }] },
  { title: "Processing time, and the batch interval", format: ms, limit: true, series: [{ label: "processing", color: "--blue", value: batch => batch.processingMs }] },
  { title: "Total delay", format: ms, series: [{ label: "total", color: "--blue", value: batch => batch.totalMs }, { label: "garbage collection", color: "--red", value: batch => batch.profile?.gcMs ?? null }] },
];

/** The four timelines. They share the cursor and the time axis; a click chooses the batch under the cursor. */
export class Charts {
  constructor(place, choose) {
    this.place = place;
    this.choose = choose;
    this.build(0);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build(this.intervalMs));
    new ResizeObserver(() => this.resize()).observe(place);
  }

  build(intervalMs) {
    this.intervalMs = intervalMs;
    this.place.replaceChildren();
    const sync = uPlot.sync("batches");
    this.plots = rows.map(row => {
      const chart = element("div");
      const side = element("div", { class: "side" });
      this.place.append(element("div", { class: "row" }, element("h3", {}, row.title), chart, side));
      const series = row.limit ? [...row.series, { label: "interval", color: "--orange", value: () => this.intervalMs, dash: [6, 4] }] : row.series;
      const plot = new uPlot({
        width: this.width(), height: 120, cursor: { sync: { key: sync.key }, drag: { x: false, y: false } }, legend: { live: true },
        scales: { x: { time: true }, y: { range: (u, min, max) => [0, Math.max(1e-3, max * 1.1)] } },
        axes: [axis(), { ...axis(), size: 70, values: (u, ticks) => ticks.map(row.format) }],
        series: [{ value: (u, value) => value == null ? "–" : new Date(value * 1000).toISOString().slice(11, 23) },
          ...series.map(each => ({ label: each.label, stroke: color(each.color), width: 1.5, dash: each.dash, points: { show: false }, spanGaps: true, value: (u, value) => value == null ? "–" : row.format(value) }))],
      }, [[], ...series.map(() => [])], chart);
      plot.over.addEventListener("click", () => {
        if (plot.cursor.idx != null && this.batches?.[plot.cursor.idx]) this.choose(this.batches[plot.cursor.idx].timeMs);
      });
      return { plot, side, row, series };
    });
    if (this.batches) this.show(this.batches, intervalMs);
  }

  show(batches, intervalMs) {
    this.batches = batches;
    this.intervalMs = intervalMs;
    const x = batches.map(batch => batch.timeMs / 1000);
    for (const { plot, side, row, series } of this.plots) {
      plot.setData([x, ...series.map(each => batches.map(batch => each.value(batch) ?? null))]);
      side.replaceChildren(histogram(batches.map(batch => row.series[0].value(batch)).filter(value => value != null), row.format));
    }
  }

  width() {
    const narrow = matchMedia("(max-width: 40rem)").matches;
    return Math.max(200, this.place.clientWidth - (narrow ? 0 : 190));
  }

  resize() {
    for (const { plot } of this.plots) plot.setSize({ width: this.width(), height: 120 });
  }
}

function axis() {
  return { stroke: color("--faint"), grid: { stroke: color("--grid"), width: 1 }, ticks: { stroke: color("--grid"), width: 1 }, font: "11px system-ui" };
}

function histogram(values, format) {
  const sorted = values.toSorted((a, b) => a - b);
  const most = quantile(sorted, .995) || 1e-3;
  const bins = new Array(20).fill(0);
  for (const value of sorted) bins[Math.min(19, Math.floor(20 * value / most))]++;
  const highest = Math.max(1, ...bins);
  return svg("svg", { viewBox: "0 0 176 120", width: 176, height: 120, role: "img", "aria-label": `median ${format(quantile(sorted, .5))}, 99 of 100 below ${format(quantile(sorted, .99))}` },
    bins.map((n, i) => svg("rect", { class: "histogram", x: 4 + 8.4 * i, y: 84 - 76 * n / highest, width: 7.4, height: 76 * n / highest })),
    svg("text", { x: 4, y: 100, class: "faint" }, `p50 ${format(quantile(sorted, .5))}`),
    svg("text", { x: 4, y: 114, class: "faint" }, `p99 ${format(quantile(sorted, .99))}`));
}
