import { svg, element, fact, ms, count, mean } from "./format.js";

const nodeWidth = 168, nodeHeight = 40, gapX = 46, gapY = 14, margin = 26;

/** Draws the streams: columns by distance from the inputs, a box around each stage, thick arrows where records cross between partitions. */
export class Graph {
  constructor(place, panel) {
    this.place = place;
    this.panel = panel;
  }

  describe(graph) {
    this.graph = graph;
    const depth = new Map();
    for (const stream of graph.streams) depth.set(stream.id, 1 + Math.max(-1, ...stream.parents.map(id => depth.get(id))));
    this.nodes = [
      ...graph.streams.map(stream => ({ id: `s${stream.id}`, column: depth.get(stream.id), name: stream.name, stage: stream.stage, kind: stream.parents.length ? "" : "input", stream, from: stream.parents.map(id => `s${id}`), exchange: stream.isExchange })),
      ...graph.outputs.map(output => ({ id: `o${output.index}`, column: depth.get(output.stream) + 1, name: output.operator, kind: "output", output, from: [`s${output.stream}`] })),
    ];
    this.place_nodes();
    this.draw();
  }

  // Orders each column by the mean of its parents' rows, so that few arrows cross.
  place_nodes() {
    const at = new Map();
    const columns = Math.max(0, ...this.nodes.map(node => node.column)) + 1;
    let rows = 1;
    for (let column = 0; column < columns; column++) {
      const nodes = this.nodes.filter(node => node.column === column);
      for (const node of nodes) node.wish = node.from.length ? mean(node.from.map(id => at.get(id).row)) : nodes.indexOf(node);
      nodes.sort((a, b) => a.wish - b.wish);
      let row = 0;
      for (const node of nodes) {
        node.row = Math.max(row, Math.round(node.wish));
        row = node.row + 1;
        at.set(node.id, node);
      }
      rows = Math.max(rows, row);
    }
    for (const node of this.nodes) {
      node.x = margin + node.column * (nodeWidth + gapX);
      node.y = margin + node.row * (nodeHeight + gapY + 14);
    }
    this.at = at;
    this.width = 2 * margin + columns * (nodeWidth + gapX);
    this.height = 2 * margin + rows * (nodeHeight + gapY + 14);
  }

  draw() {
    this.labels = new Map();
    const edges = this.nodes.flatMap(node => node.from.map(id => {
      const from = this.at.get(id);
      const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + nodeHeight / 2, node.x, node.y + nodeHeight / 2];
      return svg("path", { class: node.exchange ? "edge exchange" : "edge", "stroke-width": node.exchange ? 3 : 1.3, d: `M${x1},${y1} C${x1 + gapX / 2},${y1} ${x2 - gapX / 2},${y2} ${x2},${y2}` });
    }));
    const stages = [...new Set(this.graph.streams.map(stream => stream.stage))].map(stage => {
      const own = this.nodes.filter(node => node.stage === stage);
      const [x1, y1] = [Math.min(...own.map(node => node.x)) - 10, Math.min(...own.map(node => node.y)) - 16];
      const [x2, y2] = [Math.max(...own.map(node => node.x)) + nodeWidth + 10, Math.max(...own.map(node => node.y)) + nodeHeight + 10];
      const label = svg("text", { class: "faint", x: x1 + 6, y: y1 + 12 }, `stage ${stage}`);
      this.labels.set(`stage${stage}`, label);
      return svg("g", {}, svg("rect", { class: "stage", x: x1, y: y1, width: x2 - x1, height: y2 - y1, rx: 8 }), label);
    });
    const nodes = this.nodes.map(node => {
      const label = svg("text", { class: "faint", x: node.x + 8, y: node.y + 32 });
      this.labels.set(node.id, label);
      const name = node.name.length > 24 ? `${node.name.slice(0, 23)}…` : node.name;
      const choose = () => { this.chosen = node; this.showPanel(); };
      return svg("g", { class: `node ${node.kind}`, tabindex: 0, role: "button", onclick: choose, onkeydown: event => { if (event.key === "Enter") choose(); } },
        svg("title", {}, node.name), svg("rect", { x: node.x, y: node.y, width: nodeWidth, height: nodeHeight, rx: 5 }), svg("text", { x: node.x + 8, y: node.y + 16 }, name), label);
    });
    this.place.replaceChildren(svg("svg", { width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}`, role: "group", "aria-label": "Streams and outputs" }, stages, edges, nodes));
  }

  /** Shows means over the measured batches. */
  show(batches, intervalMs) {
    const measured = batches.filter(batch => batch.profile).slice(-20);
    this.measured = measured;
    this.intervalMs = intervalMs;
    if (measured.length === 0 || !this.graph) return;
    const busy = Math.max(1e-9, mean(measured.map(batch => batch.profile.stages.reduce((sum, run) => sum + run.busyMs, 0))));
    for (const stage of new Set(this.graph.streams.map(stream => stream.stage))) {
      const own = mean(measured.map(batch => batch.profile.stages.filter(run => run.stage === stage).reduce((sum, run) => sum + run.busyMs, 0)));
      this.labels.get(`stage${stage}`).textContent = `stage ${stage} · ${ms(own)} a batch · ${Math.round(100 * own / busy)} % of the work`;
    }
    for (const node of this.nodes) {
      const label = this.labels.get(node.id);
      if (node.stream) label.textContent = `${count(1000 * mean(measured.map(batch => total(batch, node.stream.id))) / intervalMs)} records/s`;
      else label.textContent = `${ms(mean(measured.flatMap(batch => batch.outputs.filter(output => output.index === node.output.index).map(output => output.durationMs))))} a batch`;
    }
    if (this.chosen) this.showPanel();
  }

  showPanel() {
    const node = this.chosen;
    const measured = this.measured ?? [];
    this.panel.hidden = false;
    if (node.output) {
      const runs = measured.flatMap(batch => batch.outputs.filter(output => output.index === node.output.index));
      this.panel.replaceChildren(element("h3", {}, node.output.name), element("dl", { class: "facts" },
        fact("mean", ms(mean(runs.map(run => run.durationMs)))), fact("longest", ms(Math.max(0, ...runs.map(run => run.durationMs)))), fact("failed", runs.filter(run => run.failure).length)));
      return;
    }
    const parts = Array.from({ length: node.stream.partitions }, (_, i) => mean(measured.map(batch => batch.profile.streams.find(each => each.stream === node.stream.id)?.partitions[i] ?? 0)));
    const most = Math.max(1e-9, ...parts);
    const skew = mean(parts) > 0 ? most / mean(parts) : 1;
    this.panel.replaceChildren(element("h3", {}, node.stream.name), element("dl", { class: "facts" },
      fact("operator", node.stream.operator), fact("stage", node.stream.stage), fact("partitions", node.stream.partitions), fact("a batch every", ms(node.stream.slideMs)),
      fact("largest partition", `${skew.toFixed(2)} × the mean`, skew > 2 ? "late" : "")),
    element("h3", {}, "Records a batch, by partition"),
    svg("svg", { width: 420, height: 6 + 18 * parts.length, role: "img", "aria-label": "Records by partition" }, parts.map((value, i) => svg("g", {},
      svg("text", { class: "faint", x: 0, y: 14 + 18 * i }, `${i}`), svg("rect", { class: "bar", x: 30, y: 4 + 18 * i, width: 280 * value / most, height: 12 }), svg("text", { class: "faint", x: 36 + 280 * value / most, y: 14 + 18 * i }, count(value))))));
  }
}

const total = (batch, stream) => (batch.profile.streams.find(each => each.stream === stream)?.partitions ?? []).reduce((a, b) => a + b, 0);
