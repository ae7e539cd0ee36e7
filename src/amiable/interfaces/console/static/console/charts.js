/* Draws the charts of a page from the JSON beside each canvas. Numbers come written out. */
"use strict";

(function () {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const AGES = ["#8fb8b2", "#f0c987", "#e79f5b", "#d5694d", "#9c2f2a"];

  function common() {
    Chart.defaults.font.family = "Inter, system-ui, sans-serif";
    Chart.defaults.font.size = 12;
    Chart.defaults.color = css("--am-soft");
    Chart.defaults.animation = false;
    Chart.defaults.plugins.tooltip.backgroundColor = "#17282a";
    Chart.defaults.plugins.tooltip.padding = 10;
    Chart.defaults.plugins.tooltip.cornerRadius = 8;
    Chart.defaults.plugins.tooltip.boxPadding = 4;
  }

  function aging(canvas, data) {
    const last = data.parts.reduce((found, part, index) => (part.value > 0 ? index : found), 0);
    const first = data.parts.findIndex((part) => part.value > 0);
    const corner = (index) => ({
      topLeft: index === first ? 9 : 0, bottomLeft: index === first ? 9 : 0,
      topRight: index === last ? 9 : 0, bottomRight: index === last ? 9 : 0,
    });
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: [""],
        datasets: data.parts.map((part, index) => ({
          label: part.label, data: [part.value], backgroundColor: AGES[index],
          borderRadius: corner(index), borderSkipped: false, barThickness: 40,
          borderColor: css("--am-surface"), borderWidth: { right: index === last ? 0 : 2 },
        })),
      },
      options: {
        indexAxis: "y", maintainAspectRatio: false, responsive: true,
        scales: { x: { stacked: true, display: false, max: data.parts.reduce((sum, part) => sum + Math.max(part.value, 0), 0) }, y: { stacked: true, display: false } },
        plugins: {
          legend: { display: false },
          tooltip: { callbacks: { title: () => "", label: (item) => `${data.parts[item.datasetIndex].label} : ${data.parts[item.datasetIndex].text}` } },
        },
        onClick: (event, hits) => {
          if (hits.length && canvas.dataset.href) window.location = canvas.dataset.href + data.parts[hits[0].datasetIndex].code;
        },
      },
    });
  }

  function lines(canvas, data) {
    const colors = [css("--am-brand-ink"), css("--am-warn-fill") || "#e0a030"];
    return new Chart(canvas, {
      type: "line",
      data: {
        labels: data.labels,
        datasets: data.series.map((series, index) => ({
          label: series.label, data: series.values, borderColor: colors[index],
          backgroundColor: index === 0 ? colors[0] + "18" : "transparent", fill: index === 0,
          borderWidth: 2.25, borderDash: index === 0 ? [] : [5, 4], cubicInterpolationMode: "monotone", pointRadius: 0, pointHoverRadius: 5, pointHitRadius: 14, spanGaps: true,
        })),
      },
      options: {
        maintainAspectRatio: false, responsive: true, interaction: { mode: "index", intersect: false },
        scales: {
          x: { grid: { display: false }, border: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
          y: { beginAtZero: true, border: { display: false }, grid: { color: css("--am-line") }, ticks: { maxTicksLimit: 5, precision: 0 } },
        },
        plugins: {
          legend: { position: "top", align: "end", labels: { boxWidth: 18, boxHeight: 2, usePointStyle: false } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label} : ${item.formattedValue} ${data.unit}` } },
        },
      },
    });
  }

  function band(canvas, data) {
    const ink = css("--am-brand-ink");
    const edge = (values, fill) => ({ label: data.names[1], data: values, borderColor: ink + "66", borderWidth: 1, backgroundColor: ink + "1f", fill, pointRadius: 0, pointHitRadius: 14 });
    return new Chart(canvas, {
      type: "line",
      data: {
        labels: data.labels,
        datasets: [
          edge(data.high, false), edge(data.low, "-1"),
          { label: data.names[0], data: data.values, borderColor: ink, borderWidth: 2.25, pointRadius: data.values.length > 1 ? 0 : 4, pointHitRadius: 14 },
        ],
      },
      options: {
        maintainAspectRatio: false, responsive: true, interaction: { mode: "index", intersect: false },
        scales: {
          x: { grid: { display: false }, border: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
          y: { border: { display: false }, grid: { color: (line) => (line.tick.value === 0 ? css("--am-soft") : css("--am-line")), lineWidth: (line) => (line.tick.value === 0 ? 1.5 : 1) }, ticks: { maxTicksLimit: 7 }, suggestedMin: -1, suggestedMax: 1 },
        },
        plugins: {
          legend: { position: "top", align: "end", labels: { boxWidth: 18, boxHeight: 2, filter: (item) => item.datasetIndex > 0 } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label} : ${item.formattedValue} ${data.unit}` } },
        },
      },
    });
  }

  /* One bar a day, its parts stacked. */
  function bars(canvas, data) {
    const COLORS = { email: "#3f8f86", sms: "#4685c4", letter: "#d99a3d", registered_letter: "#b8432f", phone: "#7a5ea8", task: "#8b979a", open: "#d99a3d", rejected: "#b8432f", credit_note: "#3f8f86", goodwill: "#7a5ea8", corrected: "#4685c4", withdrawn: "#8b979a", other: "#5a6b70", payers: "#3f8f86" };
    // Long words stand beside their bars, in lines; days and weeks below them.
    const lines = (label) => label.match(/.{1,26}(\s|$)|\S+/g).map((line) => line.trim());
    const names = { stacked: true, grid: { display: false }, border: { display: false }, ticks: { maxRotation: 0, autoSkip: !data.across, autoSkipPadding: 16 } };
    const counts = { stacked: true, beginAtZero: true, border: { display: false }, grid: { color: css("--am-line") }, ticks: { maxTicksLimit: 5, precision: 0 } };
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.across ? data.labels.map(lines) : data.labels,
        datasets: data.series.map((series) => ({
          label: series.label, data: series.values, backgroundColor: COLORS[series.code], maxBarThickness: 34,
          borderColor: css("--am-surface"), borderWidth: data.across ? { right: 1 } : { top: 1 }, borderSkipped: false,
        })),
      },
      options: {
        maintainAspectRatio: false, responsive: true, indexAxis: data.across ? "y" : "x",
        interaction: { mode: "index", axis: data.across ? "y" : "x", intersect: false },
        scales: data.across ? { x: counts, y: names } : { x: names, y: counts },
        plugins: {
          legend: { position: "top", align: "end", labels: { boxWidth: 12, boxHeight: 12 } },
          tooltip: { filter: (item) => item.raw > 0, callbacks: { title: (items) => items.length ? [].concat(data.labels[items[0].dataIndex]) : "", label: (item) => `${item.dataset.label} : ${item.formattedValue}` } },
        },
      },
    });
  }

  const KINDS = { bars, aging, lines, band };

  common();
  document.querySelectorAll("canvas[data-chart]").forEach((canvas) => {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    KINDS[data.kind](canvas, data);
  });
})();
