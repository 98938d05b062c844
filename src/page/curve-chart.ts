import type uPlot from 'uplot';
import { shown } from './dom.js';
import { loadScript } from './script-tag.js';
import { number } from './text.js';
import type { Curve } from './wire.js';

declare global {
  interface Window {
    readonly uPlot: typeof uPlot;
  }
}

const colours = ['#0b72c8', '#c2410c', '#1b8a4b', '#8b3fc7', '#b8860b', '#5c6b7a'] as const;
const height = 300;

/** Draws the lines of a learning curve. If the lines are the same as before, only their data are updated. */
export function curveChart(element: HTMLElement): {
  draw: (curve: Curve) => Promise<void>;
  leave: () => void;
} {
  let chart: uPlot | null = null;
  let drawn = '';
  const watch = new ResizeObserver(() =>
    chart?.setSize({ width: Math.max(240, element.clientWidth), height }),
  );
  watch.observe(element);
  return {
    draw: async (curve) => {
      await loadScript('assets/uplot.js');
      const data: uPlot.AlignedData = [[...curve.epochs], ...curve.lines.map(({ values }) => [...values])];
      element.setAttribute('role', 'img');
      element.setAttribute('aria-label', shown(curveText(curve)));
      const names = JSON.stringify([curve.job, curve.lines.map(({ name }) => name)]);
      if (chart && names === drawn) return chart.setData(data);
      chart?.destroy();
      drawn = names;
      chart = new window.uPlot(optionsOf(curve, Math.max(240, element.clientWidth)), data, element);
    },
    leave: () => {
      watch.disconnect();
      chart?.destroy();
    },
  };
}

function optionsOf({ lines }: Curve, width: number): uPlot.Options {
  const ink = (): string => getComputedStyle(document.documentElement).getPropertyValue('--ink');
  const grid = (): string => getComputedStyle(document.documentElement).getPropertyValue('--line');
  const axis: uPlot.Axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
  return {
    ...{ width, height },
    scales: { x: { time: false } },
    // The marks of the first axis are whole numbers, because epochs are.
    axes: [
      {
        ...axis,
        label: 'Epoch',
        incrs: [1, 2, 5]
          .flatMap((step) => [1, 10, 100, 1e3, 1e4, 1e5].map((size) => step * size))
          .sort((a, b) => a - b),
      },
      axis,
    ],
    series: [
      { label: 'Epoch' },
      ...lines.map(({ name }, at) => ({
        label: shown(name),
        stroke: colours[at % colours.length] ?? colours[0],
        width: 2,
        spanGaps: true,
        value: (_: uPlot, value: number | null) => number(value),
      })),
    ],
  };
}

/** The curve in words, for readers who cannot see it. */
function curveText({ job, epochs, lines }: Curve): string {
  const told = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    const last = known.at(-1);
    if (last === undefined) return `${name} has no value`;
    return `${name} ${number(known[0] ?? null)} at first, ${number(last)} at last, between ${number(Math.min(...known))} and ${number(Math.max(...known))}`;
  });
  return `Learning curve of ${job}, ${epochs.length} epochs: ${told.join('; ')}.`;
}
