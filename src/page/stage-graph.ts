import { el, fill, setAttribute, setText } from './dom.js';
import { layoutOf } from './stage-layout.js';
import { counted } from './text.js';
import type { ShownJobState, StageRow } from './wire.js';

/**
 * Widths of boxes and gaps between boxes, in pixels. Boxes shrink down to the minimum width. If the columns still do
 * not fit, the graph has no arrows.
 */
const [leastWidth, mostWidth, gapX, gapY] = [118, 176, 22, 14];
const states = ['waiting', 'queued', 'running', 'done', 'cached', 'failed', 'skipped'] as const;
const svgName = 'http://www.w3.org/2000/svg';

/** The stages of the run as boxes with counts. Arrows lead from a stage to the stages that read its results. */
export function stageGraph(): { element: HTMLElement; update: (stages: readonly StageRow[]) => void } {
  const lines = document.createElementNS(svgName, 'svg');
  lines.setAttribute('aria-hidden', 'true');
  const list = el('ol', { 'aria-label': 'Stages in data-flow order' });
  const element = el('div', { class: 'graph', tabindex: 0, role: 'region', 'aria-label': 'Stage graph' });
  element.append(lines, list);
  let drawn = '';
  let rows: readonly StageRow[] = [];

  const place = (): void => {
    const room = element.clientWidth;
    const shape = JSON.stringify([room, ...rows.map(({ stage, reads }) => [stage, reads])]);
    if (shape === drawn || room === 0) return;
    drawn = shape;
    const { places, arrows } = layoutOf(rows, Math.max(1, Math.floor((room + gapX) / (leastWidth + gapX))));
    const taken = [...places.values()];
    const columns = 1 + Math.max(0, ...taken.map(([column]) => column));
    const lineCount = 1 + Math.max(0, ...taken.map(([, line]) => line));
    const fitting = Math.floor((room + gapX) / columns) - gapX;
    const boxWidth = Math.min(mostWidth, Math.max(leastWidth, fitting));
    // Room for the counts of all states: two lines in a wide box, four lines in a narrow box.
    const boxHeight = boxWidth >= 150 ? 106 : 124;
    const at = (stage: string): readonly [number, number] => {
      const [column, line] = places.get(stage) ?? [0, 0];
      return [column * (boxWidth + gapX), line * (boxHeight + gapY)];
    };
    for (const box of [lines, list]) {
      box.style.width = `${columns * (boxWidth + gapX) - gapX}px`;
      box.style.height = `${lineCount * (boxHeight + gapY)}px`;
    }
    for (const item of list.children as HTMLCollectionOf<HTMLElement>) {
      const [x, y] = at(item.dataset.stage ?? '');
      item.style.left = `${x}px`;
      item.style.top = `${y}px`;
      item.style.width = `${boxWidth}px`;
      item.style.height = `${boxHeight}px`;
    }
    lines.replaceChildren(
      ...arrows.map(([from, to]) => {
        const [[fromX, fromY], [x, y]] = [at(from), at(to)];
        const [x1, y1, y2] = [fromX + boxWidth, fromY + boxHeight / 2, y + boxHeight / 2];
        const path = document.createElementNS(svgName, 'path');
        path.setAttribute('d', `M${x1},${y1} C${x1 + gapX},${y1} ${x - gapX},${y2} ${x},${y2}`);
        return path;
      }),
    );
  };
  new ResizeObserver(place).observe(element);

  return {
    element,
    update: (stages) => {
      rows = stages;
      fill(list, stages, ({ stage }) => stage, makeBox, updateBox);
      place();
    },
  };
}

function makeBox({ stage, about }: StageRow): HTMLLIElement {
  const bar = el('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.append(el('span', { class: 'ok' }), el('span', { class: 'now' }), el('span', { class: 'lost' }));
  return el(
    'li',
    { class: 'stage', 'data-stage': stage, title: `${stage} ${about}` },
    el('strong', {}, stage),
    bar,
    el('span', { class: 'counts' }),
    el('span', { class: 'counts soft' }),
  );
}

function updateBox(box: HTMLLIElement, row: StageRow): void {
  const { jobs, running, done, cached, failed, skipped, perMinute } = row;
  const [, bar, counts, more] = box.children;
  const shares = [done + cached, running, failed + skipped];
  shares.forEach((part, at) => {
    const piece = bar?.children[at];
    if (piece instanceof HTMLElement) piece.style.width = `${(100 * part) / Math.max(1, jobs)}%`;
  });
  const told = (state: ShownJobState): string => (row[state] > 0 ? `${row[state]}\u00a0${state}` : '');
  const all = states.map(told).filter(Boolean);
  if (counts) setText(counts, all.join(', '));
  const rate = perMinute > 0 ? `, ${perMinute}/min` : '';
  if (more) setText(more, `of ${counted(jobs, 'job')}${rate}`);
  box.classList.toggle('busy', running > 0);
  box.classList.toggle('bad', failed > 0);
  setAttribute(box, 'data-done', done + cached);
}
