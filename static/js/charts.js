/*
Draws charts with Chart.js. {% include "_chart_scripts.html" %} in block scripts brings this file.

In the page, for each chart:

  {{ chart|json_script:"nps-chart" }}
  <div class="chart"><canvas data-chart="nps-chart" role="img" aria-label="…"></canvas></div>
  <details class="chart-table"><summary>…</summary>the same figures as a table</details>

The JSON (a dict from the view), everything but `labels` and `series` optional:

  type         "line" (default), "bar", "stacked" (bars on top of each other) or "share" (stacked to 100 %)
  labels       ["Jan 2026", …]      in the reader's language, as shown under the axis
  series       [{
                 name      "NPS"
                 values    [41.2, null, 43]      null is a gap, never a zero
                 low,high  [36, null, 38], [47, null, 49]      the interval, drawn as a band (line)
                 role      "previous" (muted, dashed), "low" | "middle" | "high" (the hues of scores)
               }, …]
  unit         "percent" (values are ratios, 0..1), "money" (with currency: "BRL"), "days", "hours",
               "minutes", or "" for a bare number; digits: how many decimals at most (default 1)
  target       {values: [50, 50, null], label: "Target"}    per label; drawn in steps where it changes
  annotations  [{at: 2.5, label: "1"}, …]      at: place among labels, between them too; label: its
               number in the list beside the chart
  running      true: the last period is not over; its stretch is dashed, its bar pale
  links        ["/metrics/…", …]      per label: where a click on it leads
  min, max     the ends of the axis where the scale has some (NPS: -100, 100)

Numbers are written in the language of <html lang>. Nothing else is read or changed.
*/

const LANGUAGE = document.documentElement.lang || "en";
const PATIENCE = 4000; // ms to wait for the CDN before taking our own copy
const DASH = [5, 4];

/* --- The library -------------------------------------------------------------------- */

function loadScript(src, integrity) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    if (integrity) {
      script.integrity = integrity;
      script.crossOrigin = "anonymous";
      setTimeout(() => reject(new Error("no answer")), PATIENCE);
    }
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

let library;

function chartJs() {
  const { cdn, integrity, local } = document.getElementById("chart-scripts").dataset;
  library ??= loadScript(cdn, integrity)
    .catch(() => loadScript(local))
    .then(() => {
      window.Chart.defaults.font.family = "system-ui, sans-serif";
      return window.Chart;
    });
  return library;
}

/* --- Colours ------------------------------------------------------------------------ */

/** The colour that a CSS expression has here and now, light or dark, as canvas takes it. */
function colour(expression) {
  const probe = document.createElement("span");
  probe.style.color = expression;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const faint = (expression, share) => colour(`color-mix(in srgb, ${expression} ${share}%, transparent)`);

function hue(series, index) {
  if (series.role === "previous") return "var(--v-line-strong)";
  if (series.role) return `var(--v-${series.role})`;
  return index === 0 ? "var(--v-accent)" : `var(--v-chart-${((index - 1) % 5) + 1})`;
}

/* --- Numbers ------------------------------------------------------------------------ */

function writer({ unit, currency, digits = 1 }) {
  const options = { maximumFractionDigits: digits };
  if (unit === "percent") options.style = "percent";
  if (unit === "money") Object.assign(options, { style: "currency", currency, minimumFractionDigits: 0 });
  if (["days", "hours", "minutes"].includes(unit)) {
    Object.assign(options, { style: "unit", unit: unit.slice(0, -1), unitDisplay: "short" });
  }
  const format = new Intl.NumberFormat(LANGUAGE, options);
  return (value) => format.format(value);
}

/* --- What is drawn over the chart --------------------------------------------------- */

function overlay(data) {
  return {
    id: "vinculo",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      ctx.save();
      ctx.font = "12px system-ui, sans-serif";
      if (data.target) drawTarget(ctx, area, scales, data.target);
      for (const note of data.annotations ?? []) drawNote(ctx, area, scales.x, note);
      if (isLine(data) && data.series.length > 1) drawNames(ctx, area, chart, data);
      ctx.restore();
    },
  };
}

/** A thin line in steps: a target holds from half a step before its first period's point. */
function drawTarget(ctx, area, scales, target) {
  ctx.strokeStyle = ctx.fillStyle = colour("var(--v-muted)");
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  const { values } = target;
  const edge = (at) => Math.min(Math.max(scales.x.getPixelForValue(at), area.left), area.right);
  let first = null;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) continue;
    const y = scales.y.getPixelForValue(values[i]);
    const before = values[i - 1] ?? null;
    if (before !== null) line(ctx, edge(i - 0.5), scales.y.getPixelForValue(before), edge(i - 0.5), y);
    line(ctx, edge(i - 0.5), y, edge(i + 0.5), y);
    first ??= { x: edge(i - 0.5), y };
  }
  if (!first) return;
  ctx.textAlign = "left";
  drawWord(ctx, target.label ?? "", first.x + 4, first.y - 5 < area.top + 10 ? first.y + 14 : first.y - 5);
}

/** Text that stays readable over lines and bands. */
function drawWord(ctx, text, x, y) {
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  ctx.strokeStyle = colour("var(--v-surface)");
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
  ctx.restore();
}

/** A flag with its number; the list beside the chart says what happened. */
function drawNote(ctx, area, scale, note) {
  const x = Math.min(Math.max(scale.getPixelForValue(note.at), area.left), area.right);
  ctx.strokeStyle = ctx.fillStyle = colour("var(--v-muted)");
  ctx.lineWidth = 1;
  ctx.setLineDash([]);
  line(ctx, x, area.top, x, area.bottom);
  const width = Math.max(ctx.measureText(note.label).width + 8, 16);
  const left = Math.min(Math.max(x - width / 2, area.left), area.right - width);
  ctx.fillRect(left, area.top - 12, width, 16);
  ctx.fillStyle = colour("var(--v-surface)");
  ctx.textAlign = "center";
  ctx.fillText(note.label, left + width / 2, area.top);
}

/** Each line's name at its end, moved apart where ends meet. */
function drawNames(ctx, area, chart, data) {
  const ends = chart.data.datasets
    .map((set, index) => ({ set, points: chart.getDatasetMeta(index).data }))
    .filter(({ set }) => set.vinculo !== undefined)
    .map(({ set, points }) => {
      const last = set.data.findLastIndex((value) => value !== null);
      return last < 0 ? null : { name: set.label, colour: set.borderColor, y: points[last].y };
    })
    .filter(Boolean)
    .sort((one, other) => one.y - other.y);
  let lowest = area.top - 8;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const end of ends) {
    lowest = Math.max(end.y, lowest + 14);
    ctx.fillStyle = end.colour;
    ctx.fillText(end.name, area.right + 8, lowest, NAME_WIDTH - 10);
  }
}

function line(ctx, x1, y1, x2, y2) {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

const NAME_WIDTH = 96;
const isLine = (data) => (data.type ?? "line") === "line";
const isCount = (data) => data.digits === 0 && data.type !== "share";

/* --- Datasets ----------------------------------------------------------------------- */

function lineSets(data, series, index) {
  const own = hue(series, index);
  // Only what is measured now can be unfinished.
  const running = data.running && series.role !== "previous" ? data.labels.length - 1 : -1;
  const sets = [];
  if (series.low && series.high) {
    const edge = { borderWidth: 0, pointRadius: 0, pointHitRadius: 0, spanGaps: false };
    sets.push({ ...edge, data: series.low });
    sets.push({ ...edge, data: series.high, fill: "-1", backgroundColor: faint(own, 14) });
  }
  sets.push({
    vinculo: index,
    label: series.name,
    data: series.values,
    borderColor: colour(own),
    borderWidth: series.role === "previous" ? 1.5 : 2,
    borderDash: series.role === "previous" ? DASH : [],
    backgroundColor: colour(own),
    // A value between two gaps has no line to stand on: show it as a point.
    pointRadius: ({ dataIndex: i }) => (i === running || isAlone(series.values, i) ? 3 : 0),
    pointBackgroundColor: ({ dataIndex: i }) => colour(i === running ? "var(--v-surface)" : own),
    pointHoverRadius: 4,
    pointHitRadius: 12,
    spanGaps: false,
    tension: 0,
    segment: { borderDash: ({ p1DataIndex }) => (p1DataIndex === running ? DASH : undefined) },
  });
  return sets;
}

const isAlone = (values, i) =>
  values[i] !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;

function barSets(data, series, index) {
  const own = hue(series, index);
  const last = data.labels.length - 1;
  const pale = data.running ? faint(own, 45) : colour(own);
  return [
    {
      vinculo: index,
      label: series.name,
      data: data.type === "share" ? shares(data, series) : series.values,
      backgroundColor: data.labels.map((_, i) => (i === last ? pale : colour(own))),
      borderRadius: 2,
      maxBarThickness: 40,
    },
  ];
}

function shares(data, series) {
  return series.values.map((value, i) => {
    const total = data.series.reduce((sum, other) => sum + (other.values[i] ?? 0), 0);
    return value === null || !total ? null : value / total;
  });
}

/* --- One chart ---------------------------------------------------------------------- */

function options(data, write) {
  const muted = colour("var(--v-muted)");
  const stacked = ["stacked", "share"].includes(data.type);
  const named = isLine(data) && data.series.length > 1;
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    layout: { padding: { top: isLine(data) ? 14 : 0, right: named ? NAME_WIDTH : 8 } },
    onClick(_event, hits) {
      const link = hits.length && data.links?.[hits[0].index];
      if (link) window.location.assign(link);
    },
    onHover(event, hits) {
      event.native.target.style.cursor = hits.length && data.links?.[hits[0].index] ? "pointer" : "";
    },
    scales: {
      x: {
        stacked,
        grid: { display: false },
        border: { color: colour("var(--v-line)") },
        ticks: { color: muted, maxRotation: 0, autoSkipPadding: 16 },
      },
      y: {
        stacked,
        min: data.min,
        max: data.type === "share" ? 1 : data.max,
        beginAtZero: !isLine(data),
        // Room for a target that lies outside of what was reached.
        ...reach(data.target),
        grid: { color: colour("var(--v-line)") },
        border: { display: false },
        // Counts have no halves, which would be written as the same number twice.
        ticks: { color: muted, maxTicksLimit: 6, precision: isCount(data) ? 0 : undefined, callback: write },
      },
    },
    plugins: {
      legend: {
        display: !isLine(data) && data.series.length > 1,
        align: "start",
        labels: { color: colour("var(--v-ink)"), boxWidth: 12, boxHeight: 12 },
      },
      tooltip: {
        filter: (item) => item.dataset.vinculo !== undefined,
        callbacks: { label: (item) => ` ${spoken(data, item, write)}` },
      },
    },
  };
}

function reach(target) {
  const known = (target?.values ?? []).filter((value) => value !== null);
  return known.length ? { suggestedMin: Math.min(...known), suggestedMax: Math.max(...known) } : {};
}

/** "NPS 43 (38 – 49)": a point in words. */
function spoken(data, { dataset, dataIndex: i, parsed }, write) {
  const series = data.series[dataset.vinculo];
  const interval =
    series.low?.[i] != null && series.high?.[i] != null
      ? ` (${write(series.low[i])} – ${write(series.high[i])})`
      : "";
  return `${series.name} ${write(parsed.y)}${interval}`;
}

async function draw(canvas) {
  const block = document.getElementById(canvas.dataset.chart);
  if (!block) return;
  const data = JSON.parse(block.textContent);
  // Bare axes say less than the table, which has the reason why there is no value.
  if (data.series.every(({ values }) => values.every((value) => value === null))) throw new Error("nothing to draw");
  const Chart = await chartJs();
  Chart.getChart(canvas)?.destroy();
  const write = writer(data.type === "share" ? { unit: "percent", digits: 0 } : data);
  const sets = isLine(data) ? lineSets : barSets;
  new Chart(canvas, {
    type: isLine(data) ? "line" : "bar",
    data: { labels: data.labels, datasets: data.series.flatMap((one, i) => sets(data, one, i)) },
    options: options(data, write),
    plugins: [overlay(data)],
  });
}

function drawAll() {
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    // The same figures stand in the table beneath; it opens when nothing can be drawn.
    draw(canvas).catch(() => {
      const table = canvas.closest(".chart")?.parentElement.querySelector(".chart-table");
      canvas.parentElement.hidden = true;
      if (table) table.open = true;
    });
  }
}

drawAll();
document.addEventListener("htmx:afterSwap", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
// On paper the screen's dark colours would be unreadable.
window.addEventListener("beforeprint", drawAll);
